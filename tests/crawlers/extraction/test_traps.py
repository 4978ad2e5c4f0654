"""The traps that people met when they labelled real notices; each is a small invented notice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from crawlers.extraction import extract
from opportunity.notice import SHANGHAI as CN
from opportunity.notice import NoticeType


def first(body: str, name: str, title: str = "栎舟中学课桌椅采购项目招标公告") -> Any:
    values = extract(title, body).get(name)
    return values[0].value if values else None


class TestAmounts:
    @pytest.mark.parametrize("body", [
        "预算金额：见各包\n采购包1\n预算金额：20万元\n采购包2\n预算金额：30万元",
        "预算金额：标段一：20万元；标段二：30万元",
        "包号\t预算金额(万元)\nA\t20\nB\t30",
        "包号\n预算金额(万元)\n最高限价(万元)\nA\n20.00\n20.00\nB\n25.00\n25.00",
    ])
    def test_budgets_of_lots_are_never_summed_nor_one_taken(self, body: str) -> None:
        assert first(body, "budget") is None

    @pytest.mark.parametrize("body", [
        "预算金额：50万元，其中采购包1：20万元；采购包2：30万元",
        "采购预算：50万元\n采购包1\n预算金额：20万元\n采购包2\n预算金额：30万元",
        "包号\t预算金额(万元)\nA\t20\nB\t30\n合计\t50",
    ])
    def test_the_stated_whole_of_lots_is_the_budget(self, body: str) -> None:
        assert first(body, "budget") == 500000

    @pytest.mark.parametrize("body", [
        "项目总投资：3000万元", "专项债券额度为2亿元", "保险金额：500万元", "注册资本：1000万元", "代理服务费：1.3万元",
        "近三年承担过单项合同金额不少于800万元的项目", "售价：500元", "履约保证金：5万元", "单价最高限价：500元/套",
    ])
    def test_other_large_numbers_are_no_amount_of_ours(self, body: str) -> None:
        fields = extract("栎舟中学课桌椅采购项目招标公告", body)
        assert not {"budget", "ceiling_price", "deposit", "award_amount"} & set(fields)

    def test_bids_of_candidates_are_no_award(self) -> None:
        body = "第一中标候选人：甲建设有限公司，投标报价：300万元\n第二中标候选人：乙建设有限公司，投标报价：310万元\n中标价：300万元"
        fields = extract("栎舟中学新建工程中标候选人公示", body)
        assert "award_amount" not in fields and fields["type"][0].value is NoticeType.CANDIDATE

    def test_a_second_price_column_is_not_the_award(self) -> None:
        body = "序号\t中标供应商名称\t中标（成交）金额（元）\t经评审的投标价（元）\n1\t甲科技有限公司\t998000\t901000"
        assert first(body, "award_amount", "课桌椅采购项目中标公告") == 998000

    @pytest.mark.parametrize(("body", "yuan"), [
        ("预算金额（万元）：375", "3750000"),
        ("预算金额\n（万元）\n：\n375", "3750000"),
        ("预算金额：375\n万元", "3750000"),
        ("单位：万元\n序号\t名称\t预算金额\n1\t课桌\t37.5", "375000"),
        ("名称\t中标金额\t单位\n", None),
        ("预算金额：叁佰柒拾伍万元整", "3750000"),
        ("预算金额：约300万元", "3000000"),
        ("采购预算为人民币300万元", "3000000"),
        ("预算金额：3750000", "3750000"),
    ])
    def test_the_unit_may_stand_in_many_places(self, body: str, yuan: str | None) -> None:
        assert first(body, "budget") == (None if yuan is None else Decimal(yuan))

    @pytest.mark.parametrize("body", [
        "预算金额（元）：96万元",
        "名称\t预算金额（元）\n课桌\t96万元",
        "名称\t预算金额（万元）\n课桌\t24959500.00", "预算金额（万元）：500000", "预算金额（元）：375.000000", "预算金额（元）：96.5",
        "预算金额：贰万元整（19000.00元）",
        "预算金额：0元", "预算金额（元）：1", "预算金额：375", "预算金额：详见采购文件", "预算金额：16万元/年", "预算金额（元/年）：160000",
        "最高限价：下浮率20.50%", "预算金额：5万美元",
    ])
    def test_contradictions_rates_and_placeholders_give_none(self, body: str) -> None:
        fields = extract("栎舟中学课桌椅采购项目招标公告", body)
        assert "budget" not in fields and "ceiling_price" not in fields

    def test_with_and_without_tax_are_two_numbers(self) -> None:
        body = "招标控制价（含9%增值税）：1193587元\n招标控制价（不含9%增值税）：1095033.94元"
        assert first(body, "ceiling_price") == 1193587

    def test_the_one_lot_that_a_value_names_is_the_whole(self) -> None:
        assert first("最高限价（元）：包1-1800000.00元", "ceiling_price") == 1800000
        assert first("最高限价（元）：包1-1800000.00元；包2-90000元", "ceiling_price") is None

    def test_a_joint_label_gives_both(self) -> None:
        fields = extract("公告", "预算金额（最高限价）：50万元")
        assert fields["budget"][0].value == fields["ceiling_price"][0].value == 500000


class TestMoments:
    def test_a_range_with_a_daily_window_ends_with_the_window(self) -> None:
        body = "三、获取招标文件\n时间：2026年3月17日至2026年3月23日，每天上午8:30至11:30，下午2:00至5:00"
        assert first(body, "registration_end") == dt.datetime(2026, 3, 23, 17, 0, tzinfo=CN)

    def test_a_submission_may_have_a_start(self) -> None:
        body = "投标文件递交时间：2026年3月23日8:30至9:30"
        assert first(body, "deadline") == dt.datetime(2026, 3, 23, 9, 30, tzinfo=CN)

    def test_other_cut_offs_beside_the_deadline(self) -> None:
        body = ("提问截止时间：2026年3月10日17:00\n答疑发布时间：2026年3月12日\n投标保证金到账截止时间：2026年3月19日16:00\n"
                "投标截止时间：2026年3月20日9:00\n解密截止时间：2026年3月20日10:00")
        fields = extract("公告", body)
        assert {name: fields[name][0].value.isoformat() for name in ("question_end", "deposit_due", "deadline")} == {  # type: ignore[union-attr]
            "question_end": "2026-03-10T17:00:00+08:00", "deposit_due": "2026-03-19T16:00:00+08:00",
            "deadline": "2026-03-20T09:00:00+08:00",
        }

    def test_the_same_as_the_deadline(self) -> None:
        body = "投标截止时间：2026年3月20日9:00\n开标时间：同投标截止时间"
        fields = extract("公告", body)
        assert fields["opening_time"][0].value == fields["deadline"][0].value
        assert extract("公告", body, wanted={"opening_time"}) == {"opening_time": fields["opening_time"]}

    def test_a_heading_may_promise_a_time_that_is_not_there(self) -> None:
        body = "四、提交投标文件截止时间、开标时间和地点\n详见招标文件。\n五、公告期限\n自2026年3月1日起5个工作日"
        fields = extract("公告", body)
        assert "deadline" not in fields and "opening_time" not in fields

    @pytest.mark.parametrize("body", [
        "投标截止时间：20260313 - 09:30:00", "投标截止时间：2026\n年3月\n13日 9\n:30", "投标截止时间：March 13, 2026 9:30 am",
        "投标截止时间（北京时间）：2026-03-13 09:30",
    ])
    def test_odd_forms(self, body: str) -> None:
        assert first(body, "deadline") == dt.datetime(2026, 3, 13, 9, 30, tzinfo=CN)

    def test_statements_that_differ_leave_it_unknown(self) -> None:
        assert first("投标截止时间：2026年3月20日9:00\n其他\n投标截止时间：2026年3月22日9:00", "deadline") is None

    def test_a_day_without_hour_stays_a_day(self) -> None:
        value = first("报名截止时间：2026年3月20日", "registration_end")
        assert value == dt.date(2026, 3, 20) and not isinstance(value, dt.datetime)

    def test_an_award_has_no_entry_gates(self) -> None:
        fields = extract("课桌椅采购项目中标公告", "投标截止时间：2026年3月20日9:00\n中标人：甲科技有限公司")
        assert "deadline" not in fields


    def test_a_period_may_not_state_its_start(self) -> None:
        body = "三、获取招标文件\n时间：/至2026年04月19日 ，每天上午00:00至12:00 ，下午12:00至23:59（北京时间）"
        assert first(body, "registration_end") == dt.datetime(2026, 4, 19, 23, 59, tzinfo=CN)

    @pytest.mark.parametrize(("body", "name", "moment"), [
        ("投标保证金2万元，须于2026年1月5日16时前到账。", "deposit_due", dt.datetime(2026, 1, 5, 16, tzinfo=CN)),
        ("投标文件须于2026年1月6日9:00前密封送达某处。", "deadline", dt.datetime(2026, 1, 6, 9, tzinfo=CN)),
        ("本次招标将于2026年1月6日9:00（北京时间）在某中心公开开标。", "opening_time", dt.datetime(2026, 1, 6, 9, tzinfo=CN)),
        ("请于2026年1月1日至2026年1月5日每日9:00-17:00到某处购买文件。", "registration_end", dt.datetime(2026, 1, 5, 17, tzinfo=CN)),
    ])
    def test_moments_told_in_a_sentence(self, body: str, name: str, moment: dt.datetime) -> None:
        assert first(body, name) == moment

    def test_other_days_before_which_something_must_happen(self) -> None:
        fields = extract("公告", "合同于2026年1月6日前签订。质保金应于2026年1月5日前缴纳。2026年1月4日前完成供货。")
        assert not set(fields) & {"deadline", "deposit_due", "opening_time", "registration_end", "published"}


class TestType:
    @pytest.mark.parametrize(("title", "body", "kind"), [
        ("课桌椅采购项目结果公告", "废标理由：有效供应商不足三家", "termination"),
        ("课桌椅采购项目招标公告", "采购方式：竞争性磋商", "consultation"),
        ("课桌椅采购项目招标结果公示", "第一中标候选人：甲公司\n第二中标候选人：乙公司", "candidate"),
        ("课桌椅采购项目中标结果更正公告", "中标人：甲科技有限公司\n中标金额：20万元", "correction"),
        ("变更电站改造工程施工招标公告", "", "tender"),
        ("水土保持验收报告编制项目招标公告", "", "tender"),
        ("合同管理系统采购项目竞争性谈判公告", "", "negotiation"),
        ("课桌椅采购项目终止招标公告", "", "termination"),
        ("课桌椅采购项目的结果公告（废标）", "", "termination"),
        ("课桌椅采购项目竞争性磋商更正公告（二）", "", "correction"),
        ("2026年5月政府采购意向公告", "", "intention"),
        ("道路工程资格预审公告", "", "prequalification"),
        ("课桌椅采购项目履约验收公告", "", "acceptance"),
        ("投诉处理结果公告", "", "other"),
        ("课桌椅采购项目中标公告", "本次采购曾采用竞争性谈判、询价等方式\n中标人：甲科技有限公司", "award"),
        ("", "课桌椅采购项目竞争性谈判公告\n一、项目编号：A-22", "negotiation"),
    ])
    def test_title_and_body_together(self, title: str, body: str, kind: str) -> None:
        assert first(body, "type", title) == kind

    def test_nothing_says_it(self) -> None:
        assert first("联系人：甲先生", "type", "关于天气的说明") is None


class TestRegion:
    def test_never_the_venue_or_the_agency(self) -> None:
        body = ("采购人：枫泾渡文化馆\n地址：浙江省嘉善县某路1号\n采购代理机构：砥石咨询有限公司\n地址：上海市静安区某路2号\n"
                "开标地点：江苏省苏州市某大厦")
        found = first(body, "region", "布展服务采购公告")
        assert found is not None and found.name == "浙江省嘉兴市嘉善县"

    def test_the_site_before_the_buyers_seat(self) -> None:
        body = "建设地点：贵州省仁怀市\n采购人：北京市某研究院"
        found = first(body, "region", "配电工程招标公告")
        assert found is not None and found.name == "贵州省遵义市仁怀市"

    def test_a_university_is_not_its_name(self) -> None:
        found = first("采购人：北京师范大学珠海校区", "region", "设备采购公告")
        assert found is not None and found.name == "广东省珠海市"

    def test_an_ambiguous_site_is_settled_by_the_buyers_city(self) -> None:
        body = "建设地点：位于江北区某街道\n采购人：某置业有限公司\n地址：宁波市鄞州区某路1号"
        found = first(body, "region", "智能化工程采购公告")
        assert found is not None and found.name == "浙江省宁波市江北区"

    def test_an_ambiguous_county_stays_unknown(self) -> None:
        assert first("采购人：朝阳区第三小学", "region", "课桌采购公告") is None


class TestNumbersAndBodies:
    def test_numbers_beside_the_project_number_are_not_it(self) -> None:
        body = "采购计划编号：JH-1111\n备案编号：BA-2222\n执行编号：ZX-3333\n项目编号：LZ-4444\n包号：01"
        assert first(body, "project_number") == "LZ-4444"
        assert first("备案号：BA-2222\n采购计划编号：JH-1111", "project_number") is None

    def test_a_number_in_the_title_keeps_its_own_brackets_only(self) -> None:
        assert first("", "project_number", "课桌采购（项目编号：LZ-2026（3）-1）更正公告") == "LZ-2026（3）-1"

    def test_the_buyer_may_be_a_contractor(self) -> None:
        body = "招标人：某物业管理有限公司\n项目概况：栎舟中学食堂改造"
        assert first(body, "buyer", "栎舟中学食堂改造采购公告") == "某物业管理有限公司"

    def test_losers_are_no_suppliers(self) -> None:
        body = "中标人：甲科技有限公司\n未中标人：乙科技有限公司\n投标人：丙科技有限公司"
        values = extract("课桌椅采购项目中标公告", body)["suppliers"]
        assert [value.value for value in values] == ["甲科技有限公司"]

    def test_a_consortium_is_all_its_members(self) -> None:
        body = "中标人：甲建设集团有限公司（牵头人）、乙设计研究院有限公司"
        values = extract("新建工程中标公告", body)["suppliers"]
        assert [value.value for value in values] == ["甲建设集团有限公司", "乙设计研究院有限公司"]

    def test_a_mark_inside_brackets_belongs_to_the_name(self) -> None:
        name = "栎舟市工人文化宫（栎舟市工匠学院、栎舟市培训中心）"
        assert first(f"招标人：{name}\n招标代理机构：某咨询有限公司", "buyer") == name

    def test_a_city_name_may_begin_like_a_refusal(self) -> None:
        assert first("采购人：无锡市某学校", "buyer") == "无锡市某学校"
        assert first("采购人：本溪市某局", "buyer") == "本溪市某局"

    @pytest.mark.parametrize("body", ["采购人：详见公告", "招标人：（盖章）", "采购人：/", "采购人：联系电话0000-0000"])
    def test_what_is_no_body_gives_none(self, body: str) -> None:
        assert first(body, "buyer") is None
