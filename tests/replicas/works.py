"""Notices of works (工程建设): 招标公告, 中标候选人公示, 中标结果公示, 答疑（更正）, in the words of 发改委10号令."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from opportunity.notice import SHANGHAI
from tests.replicas import boilerplate, wording
from tests.replicas.draft import Draft
from tests.replicas.procurement import PLATFORM
from tests.replicas.vocabulary import PEOPLE, PHONE, ROADS


def people(draft: Draft, heading: str) -> None:
    project, rng = draft.project, draft.rng
    draft.heading(heading)
    draft.pair("招标人", project.buyer, fact="buyer")
    draft.pair("地址", f"{project.place.short}{rng.choice(ROADS)}{rng.randrange(1, 300)}号")
    draft.pair("联系人", rng.choice(PEOPLE))
    draft.pair("电话", PHONE)
    if project.agency:
        draft.pair(rng.choice(("招标代理机构", "招标代理")), project.agency, fact="agency")
        draft.pair("地址", f"{project.place.short}{rng.choice(ROADS)}{rng.randrange(1, 300)}号")
        draft.pair("联系人", rng.choice(PEOPLE))
        draft.pair("电话", PHONE)


def section_number(draft: Draft, label: str = "招标编号") -> None:
    if draft.project.number:
        draft.pair(label, draft.project.number, fact="project_number")


def tender(draft: Draft) -> None:
    project, rng = draft.project, draft.rng
    section_number(draft, rng.choice(("招标编号", "标段编码", "招标项目编号")))
    draft.heading("1.招标条件")
    draft.line(
        f"本招标项目{project.name}已批准建设，项目业主为{project.buyer}，招标人为{project.buyer}，建设资金来自财政资金，"
        "项目出资比例为100%。项目已具备招标条件，现对该项目的施工进行公开招标。",
        f"{project.name}已由主管部门立项审批，招标人为{project.buyer}，资金来自招标人自筹。现对该项目进行公开招标。",
    )
    draft.heading("2.项目概况与招标范围")
    draft.pair("2.1建设地点", project.place.full)
    if draft.chance(0.4):
        draft.pair("2.2总投资", f"约{wording.ten_thousands((project.budget * 3).quantize(Decimal(10000)))}万元")
    draft.pair("2.3建设规模", f"{project.kind.name}{project.quantity}{project.kind.unit}，具体详见图纸及工程量清单")
    if project.ceiling is not None:
        draft.amount(f"2.4{rng.choice(('招标控制价', '最高投标限价'))}", project.ceiling, "ceiling_price")
    draft.pair("2.5计划工期", f"{rng.randrange(30, 400)}日历天")
    draft.pair("2.6标段划分", f"{len(project.lots)}个标段")
    draft.filler(boilerplate.DUTIES, 1, 3)
    draft.heading("3.投标人资格要求")
    draft.line(
        "3.1投标人须具备市政公用工程施工总承包叁级及以上资质，具有有效的安全生产许可证。",
        "3.1投标人须具备建筑工程施工总承包二级及以上资质，并在人员、设备、资金等方面具有相应的施工能力。",
    )
    draft.line(f"3.2投标人近五年承担过单项合同金额不少于{rng.randrange(100, 900)}万元的类似工程业绩。", "3.2业绩要求：无。")
    draft.line("3.3本次招标不接受联合体投标。", "3.3本次招标接受联合体投标，联合体成员不超过2家。")
    draft.filler(boilerplate.REQUIREMENTS, 2, 4, mark="3.4.{}")
    getting_papers(draft)
    handing_in(draft)
    people(draft, "8.联系方式")


def getting_papers(draft: Draft) -> None:
    """Where and until when the papers can be had, questions, and the deposit."""
    project, rng = draft.project, draft.rng
    draft.heading("4.招标文件的获取")
    text, until = wording.window(rng, draft.today(), project.documents_until)
    draft.line(f"4.1凡有意参加投标者，请于{text}，登录{PLATFORM}下载招标文件。")
    draft.facts["registration_end"] = until
    if draft.chance(0.4):
        asked = dt.datetime.combine(project.documents_until - dt.timedelta(days=1), dt.time(17, 0), SHANGHAI)
        draft.moment("4.2招标文件提问截止时间", asked, "question_end", after="前（北京时间）")
    draft.line("4.3招标文件费用0元，系统使用费100元。", "4.3招标文件免费下载。")
    if project.deposit is not None:
        draft.heading("5.投标保证金")
        draft.amount("5.1金额", project.deposit, "deposit")
        due = dt.datetime.combine(project.deadline.date() - dt.timedelta(days=1), dt.time(15, 0), SHANGHAI)
        draft.moment("5.2投标保证金的到账截止时间", due, "deposit_due")


def handing_in(draft: Draft) -> None:
    project = draft.project
    draft.heading("6.投标文件的递交")
    if draft.chance(0.5):
        draft.moment("6.1投标文件递交的截止时间（即开标时间和投标截止时间，下同）", project.deadline, "deadline", "opening_time")
    else:
        draft.moment("6.1递交投标文件的截止时间", project.deadline, "deadline")
        if draft.chance(0.6):
            draft.moment("6.2开标时间", project.deadline, "opening_time")
        else:
            draft.unclear.add("opening_time")
    draft.line("6.3逾期递交（上传）或递交不成功的，其投标无效。")
    draft.filler(boilerplate.PROCEDURES, 2, 5, mark="6.4.{}")
    draft.heading("7.发布公告的媒介")
    draft.line("本次招标公告同时在演示平台及招标人网站上发布。")


def candidate(draft: Draft) -> None:
    project, rng = draft.project, draft.rng
    section_number(draft, rng.choice(("标段（包）编号", "招标编号")))
    draft.heading("一、招标概况")
    opened = dt.datetime.combine(draft.today() - dt.timedelta(days=1), dt.time(9, 0), SHANGHAI)
    draft.line(
        f"{project.name}于{draft.written(project.begun.date())}发布招标公告，{draft.written(opened)}开标、评标，"
        "根据评标委员会提交的评标报告，现将中标候选人公示如下："
    )
    draft.unclear.update(("opening_time", "suppliers"))
    draft.heading("二、评标结果")
    winner = project.lots[0]
    others = [winner.supplier.replace("有限公司", f"第{word}分部有限公司") for word in ("二", "三")]
    bids = [winner.award, (winner.award * Decimal("1.0132")).quantize(Decimal("0.01")),
            (winner.award * Decimal("1.0209")).quantize(Decimal("0.01"))]
    names = (winner.supplier, *others)
    if draft.chance(0.5):
        draft.table(("中标候选人名称", *names), ("投标报价（元）", *(f"{bid:.2f}" for bid in bids)),
                    ("工期（日历天）", "120", "120", "118"), ("排名", "第一名", "第二名", "第三名"))
    else:
        draft.table(("排序", "中标候选人", "投标报价（万元）", "工期"),
                    *((word, name, wording.ten_thousands(bid), "120日历天")
                      for word, name, bid in zip(("第一中标候选人", "第二中标候选人", "第三中标候选人"), names, bids, strict=True)))
    draft.heading("三、公示时间")
    end = dt.datetime.combine(draft.today() + dt.timedelta(days=3), dt.time(17, 0), SHANGHAI)
    draft.line(f"公示期为{draft.written(draft.today())}至{draft.written(end)}")
    draft.line("投标人对公示结果有异议的，请在公示期内以书面形式提出。")
    people(draft, "四、联系方式")


def result(draft: Draft) -> None:
    project, lot = draft.project, draft.project.lots[0]
    draft.pair("招标人", project.buyer, fact="buyer")
    draft.pair("建设地点", project.place.full)
    if project.agency:
        draft.pair("招标代理机构", project.agency, fact="agency")
    section_number(draft, "标段（包）编号")
    draft.pair("标段（包）名称", project.name)
    draft.pair("中标人", lot.supplier, fact="suppliers", truth=(lot.supplier,))
    draft.amount(draft.rng.choice(("中标价", "中标金额")), lot.award, "award_amount")
    draft.pair("履约期限（天）", f"{draft.rng.randrange(30, 300)}日历天")
    draft.pair("质量目标", "达到国家现行施工验收规范合格标准")
    draft.pair("项目负责人", draft.rng.choice(PEOPLE))
    draft.pair("公告发布日期", draft.written(draft.today()))


def clarification(draft: Draft) -> None:
    project = draft.project
    section_number(draft)
    draft.pair("工程名称", project.name)
    draft.heading("招标文件澄清（答疑）内容如下：")
    before = project.deadline
    if draft.chance(0.6):
        project.deadline = before + dt.timedelta(days=5)
        draft.line(f"一、投标截止时间由{draft.written(before)}变更为{draft.written(project.deadline)}。")
        draft.facts["deadline"] = project.deadline
        draft.unclear.add("opening_time")
    else:
        draft.line("一、工程量清单第17项按随本答疑发布的清单执行。")
    draft.line("二、本澄清为招标文件的组成部分，与招标文件具有同等效力。")
    people(draft, "三、联系方式")


def termination(draft: Draft) -> None:
    section_number(draft)
    draft.pair("项目名称", draft.project.name)
    draft.heading("终止原因")
    draft.line("递交投标文件的投标人不足三家，本次招标失败，将重新招标。", "因规划调整，招标人决定终止本次招标。")
    people(draft, "联系方式")
