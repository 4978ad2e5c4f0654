"""The forms of 政府采购 that plan, change or close: 意向, 单一来源, 更正, 终止, 中标（成交）, 合同, 验收, 投诉处理."""

from __future__ import annotations

import datetime as dt

from opportunity.notice import SHANGHAI, NoticeType
from tests.replicas import wording
from tests.replicas.draft import Draft
from tests.replicas.procurement import contacts, number
from tests.replicas.vocabulary import BRANDS, PEOPLE


def deal_word(draft: Draft) -> str:
    return "中标" if draft.project.method in (NoticeType.TENDER, NoticeType.PREQUALIFICATION) else "成交"


def intention(draft: Draft) -> None:
    project, rng = draft.project, draft.rng
    draft.line(
        f"为便于供应商及时了解政府采购信息，现将{project.buyer}采购意向公开如下：",
        f"根据政府采购意向公开的有关规定，{project.buyer}近期采购意向如下：",
    )
    draft.facts["buyer"] = project.buyer
    month = f"{project.deadline.year}年{project.deadline.month}月"
    draft.table(
        ("序号", "采购项目名称", "采购需求概况", "预算金额（万元）", "预计采购时间", "备注"),
        ("1", project.name, f"{project.kind.name}{project.quantity}{project.kind.unit}", wording.ten_thousands(project.budget),
         month, rng.choice(("", "无", "专门面向中小企业"))),
    )
    draft.facts["budget"] = project.budget
    draft.line("本次公开的采购意向是初步安排，具体采购项目情况以相关采购公告和采购文件为准。")
    draft.pair("采购单位", project.buyer)
    draft.pair("日期", draft.written(draft.today()))


def single_source(draft: Draft) -> None:
    project, lot = draft.project, draft.project.lots[0]
    draft.heading("一、项目信息")
    draft.pair("采购人", project.buyer, fact="buyer")
    number(draft)
    draft.pair("项目名称", project.name)
    draft.pair("拟采购的货物或服务的说明", f"{project.kind.name}{project.quantity}{project.kind.unit}")
    draft.amount("拟采购的货物或服务的预算金额", project.budget, "budget")
    draft.pair(
        "采用单一来源采购方式的原因及说明",
        draft.rng.choice(("只能从唯一供应商处采购。", "须保证原有系统的一致性和服务配套要求，添购金额不超过原合同百分之十。")),
    )
    draft.heading("二、拟定供应商信息")
    draft.pair("名称", lot.supplier)
    draft.unclear.add("suppliers")
    draft.pair("地址", f"{project.place.full}演示园区")
    draft.heading("三、公示期限")
    end = draft.today() + dt.timedelta(days=7)
    draft.line(f"{draft.written(draft.today())}至{draft.written(end)}（公示期限不得少于5个工作日）")
    contacts(draft, "四、联系方式")


def correction(draft: Draft) -> None:
    """A new deadline, a new budget, or a change of the papers; the project moves with it."""
    project, rng = draft.project, draft.rng
    draft.heading("一、项目基本情况")
    number(draft, "原公告的采购项目编号")
    draft.pair("原公告的采购项目名称", project.name)
    draft.pair("首次公告日期", draft.written(project.begun.date()))
    draft.heading("二、更正信息")
    draft.pair("更正事项", rng.choice(("采购公告", "采购文件", "√采购公告 □采购文件 □采购结果")))
    if draft.chance(0.7):
        before = project.deadline
        project.deadline = before + dt.timedelta(days=rng.choice((3, 5, 7)), hours=rng.choice((0, 0, 1)))
        old, new = draft.written(before), draft.written(project.deadline)
        if draft.chance(0.5):
            draft.pair("更正内容", f"原提交文件截止时间、开标时间：{old}，现更正为：{new}。")
        else:
            draft.pair("更正内容", "见下表")
            draft.table(("序号", "更正项", "更正前内容", "更正后内容"), ("1", "提交投标文件截止时间和开标时间", old, new))
        draft.facts["deadline"] = draft.facts["opening_time"] = project.deadline
    else:
        draft.pair("更正内容", rng.choice(("工程量清单有误，请重新下载附件。", "技术参数第3条“不少于24口”更正为“不少于48口”。")))
    draft.pair("更正日期", draft.written(draft.today()))
    draft.heading("三、其他补充事宜")
    draft.line("其他内容不变。", "无")
    contacts(draft, "四、凡对本次公告内容提出询问，请按以下方式联系")


def termination(draft: Draft) -> None:
    project = draft.project
    draft.heading("一、项目基本情况")
    number(draft, draft.rng.choice(("项目编号", "采购项目编号")))
    draft.pair("项目名称", project.name)
    draft.heading("二、项目终止的原因")
    draft.line(
        "有效供应商不足三家，本项目废标。", "因采购任务取消，本次采购终止。",
        "实质性响应采购文件要求的供应商不足三家，本次采购活动终止。", "因重大变故，采购人决定终止本次采购活动。",
    )
    draft.heading("三、其他补充事宜")
    draft.line("无", "本项目将另行组织采购，请关注后续公告。")
    contacts(draft, "四、凡对本次公告内容提出询问，请按以下方式联系")


def award(draft: Draft) -> None:
    """中标（成交）结果公告: pairs for one lot, a table for several; a rate instead of a sum now and then."""
    project, word = draft.project, deal_word(draft)
    draft.heading("一、项目编号" if project.number else "一、项目基本情况")
    number(draft)
    draft.heading("二、项目名称")
    draft.line(project.name)
    draft.heading(f"三、{word}信息")
    if project.many:
        rows = [(lot.name, lot.supplier, f"{project.place.full}演示路{index}号", wording.bare(lot.award))
                for index, lot in enumerate(project.lots, 1)]
        draft.table(("包号", "供应商名称", "供应商地址", f"{word}金额（元）"), *rows)
        draft.unclear.add("award_amount")
    else:
        lot = project.lots[0]
        draft.pair("供应商名称", lot.supplier)
        draft.pair("供应商地址", f"{project.place.full}演示路{draft.rng.randrange(1, 200)}号")
        if draft.chance(0.1):
            draft.pair(f"{word}金额", f"下浮率{draft.rng.randrange(5, 30)}.{draft.rng.randrange(10, 99)}%")
        else:
            draft.amount(f"{word}金额", lot.award, "award_amount")
    draft.facts["suppliers"] = tuple(lot.supplier for lot in project.lots)
    draft.heading("四、主要标的信息")
    unit = wording.bare((project.lots[0].award / project.quantity).quantize(project.lots[0].award.__class__("0.01")))
    draft.table(
        ("名称", "品牌", "规格型号", "数量", "单价（元）"),
        (project.kind.name, draft.rng.choice(BRANDS), f"YS-{draft.rng.randrange(100, 999)}",
         f"{project.quantity}{project.kind.unit}", unit),
    )
    draft.heading("五、评审专家名单")
    draft.line("、".join(draft.rng.sample(PEOPLE, 3)))
    draft.heading("六、代理服务收费标准及金额")
    draft.line("按招标文件约定收取，金额：12600元", "收费标准：差额定率累进法；收费金额：0.86万元", "本项目不收取代理服务费。")
    draft.heading("七、公告期限")
    draft.line("自本公告发布之日起1个工作日。")
    draft.heading("八、其他补充事宜")
    draft.line("无")
    contacts(draft, "九、凡对本次公告内容提出询问，请按以下方式联系")


def contract(draft: Draft) -> None:
    project, lot = draft.project, draft.project.lots[0]
    draft.heading("一、合同信息")
    draft.pair("合同编号", f"HT-{project.begun.year}-{draft.rng.randrange(10**5):05}")
    draft.pair("合同名称", f"{project.name}采购合同")
    number(draft)
    draft.pair("项目名称", project.name)
    draft.heading("二、合同主体")
    draft.pair(draft.rng.choice(("采购人（甲方）", "采购人(甲方)")), project.buyer, fact="buyer")
    draft.pair(draft.rng.choice(("供应商（乙方）", "供应商(乙方)")), lot.supplier, fact="suppliers", truth=(lot.supplier,))
    draft.heading("三、合同主要信息")
    draft.pair("主要标的名称", project.kind.name)
    draft.pair("主要标的数量", f"{project.quantity}{project.kind.unit}")
    draft.amount("合同金额", lot.award, "award_amount")
    draft.pair("履约期限", "自合同签订之日起一年")
    draft.pair("合同签订日期", draft.written(draft.today() - dt.timedelta(days=2)))
    draft.pair("合同公告日期", draft.written(draft.today()))
    if project.agency and draft.chance(0.5):
        draft.pair("代理机构", project.agency, fact="agency")


def acceptance(draft: Draft) -> None:
    project, lot = draft.project, draft.project.lots[0]
    draft.heading("一、合同信息")
    number(draft)
    draft.pair("项目名称", project.name)
    draft.pair("采购人", project.buyer, fact="buyer")
    draft.pair("供应商", lot.supplier, fact="suppliers", truth=(lot.supplier,))
    draft.unclear.add("award_amount")
    draft.amount("合同金额", lot.award)
    draft.heading("二、验收结果")
    draft.pair("验收日期", draft.written(draft.today() - dt.timedelta(days=1)))
    draft.pair("验收结论", draft.rng.choice(("合格", "通过验收")))


def complaint(draft: Draft) -> None:
    """投诉处理结果公告: neither buyer nor supplier is at its usual place."""
    project = draft.project
    draft.heading("一、项目编号")
    number(draft)
    draft.heading("二、项目名称")
    draft.line(project.name)
    draft.heading("三、相关当事人")
    draft.pair("投诉人", project.lots[0].supplier)
    draft.pair("被投诉人", project.agency or project.buyer)
    draft.unclear.update(("buyer", "agency", "suppliers"))
    draft.heading("四、处理结果")
    draft.line("投诉事项缺乏事实依据，驳回投诉。", "投诉人撤回投诉，终止投诉处理程序。")
    at = dt.datetime.combine(draft.today(), dt.time(9, 0), SHANGHAI)
    draft.pair("处理日期", draft.written(at.date()))
