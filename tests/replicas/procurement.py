"""The forms of 政府采购 (财办库〔2020〕50号) in which buyers invite: 招标, 谈判, 磋商, 询价, 资格预审."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from opportunity.notice import SHANGHAI, NoticeType
from tests.replicas import boilerplate, wording
from tests.replicas.draft import Draft
from tests.replicas.vocabulary import PEOPLE, PHONE, ROADS

PLATFORM = "演示电子交易平台（https://demo.invalid/）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How one way of buying names its papers."""

    method: str
    document: str
    answer: str
    bidder: str
    days: int


WORDS = {
    NoticeType.TENDER: Words(method="公开招标", document="招标文件", answer="投标文件", bidder="投标人", days=5),
    NoticeType.NEGOTIATION: Words(method="竞争性谈判", document="谈判文件", answer="响应文件", bidder="供应商", days=3),
    NoticeType.CONSULTATION: Words(method="竞争性磋商", document="磋商文件", answer="响应文件", bidder="供应商", days=3),
    NoticeType.INQUIRY: Words(method="询价", document="询价通知书", answer="响应文件", bidder="供应商", days=3),
    NoticeType.PREQUALIFICATION: Words(
        method="公开招标（资格预审）", document="资格预审文件", answer="资格预审申请文件", bidder="申请人", days=5
    ),
}


def contacts(draft: Draft, heading: str, *, buyer_word: str = "采购人", agency_word: str = "采购代理机构") -> None:
    """The last section: buyer and agency with their addresses. Phones are visibly invented."""
    project, rng = draft.project, draft.rng
    draft.heading(heading)
    draft.line(f"1.{buyer_word}信息")
    draft.pair(rng.choice(("名称", "名 称")), project.buyer, fact="buyer")
    draft.pair("地址", f"{project.place.short}{rng.choice(ROADS)}{rng.randrange(1, 300)}号")
    draft.pair("联系方式", f"{rng.choice(PEOPLE)} {PHONE}")
    if project.agency:
        draft.line(f"2.{agency_word}信息")
        draft.pair(rng.choice(("名称", "名 称")), project.agency, fact="agency")
        draft.pair("地址", f"{project.place.short}{rng.choice(ROADS)}{rng.randrange(1, 300)}号演示大厦{rng.randrange(2, 20)}层")
        draft.pair("联系方式", PHONE)
    draft.line("3.项目联系方式")
    draft.pair("项目联系人", rng.choice(PEOPLE))
    draft.pair("电话", PHONE)


def number(draft: Draft, label: str = "项目编号") -> None:
    if draft.project.number:
        draft.pair(label, draft.project.number, fact="project_number")


def needs(draft: Draft) -> None:
    """What is wanted: a table of items, a table of lots, or a sentence."""
    project, rng = draft.project, draft.rng
    if project.many:
        draft.pair("采购需求", f"本项目共分{len(project.lots)}个采购包")
        rows = [(lot.name, project.kind.name, f"{wording.bare(lot.budget)}") for lot in project.lots]
        draft.table(("采购包", "标的名称", "分包预算（元）"), *rows)
    elif draft.chance(0.5):
        draft.pair("采购需求", "见下表")
        draft.table(
            ("序号", "标的名称", "数量", "单位", "简要技术要求"),
            ("1", project.kind.name, str(project.quantity), project.kind.unit, "详见采购需求书"),
        )
    else:
        sentence = rng.choice(
            (
                f"采购{project.kind.name}{project.quantity}{project.kind.unit}，含运输、安装、调试及售后，具体要求详见附件。",
                f"为保障{project.place.county}片区正常运转，拟采购{project.kind.name}，数量{project.quantity}{project.kind.unit}。",
                f"{project.kind.name}（{project.quantity}{project.kind.unit}），质保期不少于三年，须满足国家现行标准。",
                f"本次采购内容为{project.kind.name}，服务地点为{project.place.full}，详见第四章采购需求。",
            )
        )
        draft.pair("采购需求", sentence)
    draft.filler(boilerplate.DUTIES, 1, 4)


def qualification(draft: Draft, heading: str) -> None:
    rng = draft.rng
    draft.heading(heading)
    draft.line("1.满足《中华人民共和国政府采购法》第二十二条规定；", "1.符合政府采购法第二十二条规定的条件；")
    draft.filler(boilerplate.REQUIREMENTS, 2, 5)
    draft.line(
        "2.落实政府采购政策需满足的资格要求：■本项目专门面向中小企业采购 □本项目非专门面向中小企业采购",
        "2.落实政府采购政策需满足的资格要求：本项目非专门面向中小企业采购。",
        "2.落实政府采购政策需满足的资格要求：无。",
    )
    draft.line(
        "3.本项目的特定资格要求：无。",
        f"3.本项目的特定资格要求：近三年承担过单项合同金额不少于{rng.randrange(50, 500)}万元的同类业绩。",
        f"3.本项目的特定资格要求：注册资本不低于{rng.randrange(100, 1000)}万元人民币。",
        "3.本项目的特定资格要求：具备有效的安全生产许可证。",
    )


def deposit(draft: Draft) -> None:
    """A deposit with its own due moment, where the project asks one."""
    project, words = draft.project, WORDS.get(draft.type, WORDS[NoticeType.TENDER])
    if project.deposit is None:
        return
    name = "投标保证金" if words.answer == "投标文件" else draft.rng.choice(("保证金", "磋商保证金", "响应保证金"))
    draft.amount(f"{name}金额", project.deposit, "deposit")
    due = dt.datetime.combine(project.deadline.date() - dt.timedelta(days=1), dt.time(15, 0), SHANGHAI)
    draft.moment(f"{name}的到账截止时间", due, "deposit_due")


def basics(draft: Draft) -> None:
    project = draft.project
    words = WORDS[draft.type]
    draft.heading("一、项目基本情况")
    number(draft)
    if draft.chance(0.2):
        draft.pair("备案号", f"BA{draft.rng.randrange(10**7):07}")
    draft.pair("项目名称", project.name)
    if draft.chance(0.6):
        draft.pair("采购方式", words.method)
    draft.amount(draft.rng.choice(("预算金额", "预算金额", "采购预算", "项目预算")), project.budget, "budget")
    if project.ceiling is not None:
        draft.amount("最高限价", project.ceiling, "ceiling_price")
    needs(draft)
    draft.pair(
        "合同履行期限",
        draft.rng.choice(("自合同签订之日起30日历天", "合同签订后一年", "自合同签订生效后开始至双方合同义务完全履行后截止")),
    )
    draft.pair("本项目是否接受联合体投标", draft.rng.choice(("否", "是")))


def invitation(draft: Draft) -> None:
    """招标公告, 竞争性谈判（磋商、询价）公告 and 资格预审公告."""
    project, rng, words = draft.project, draft.rng, WORDS[draft.type]
    if draft.chance(0.7):
        draft.heading("项目概况")
        draft.line(
            f"{project.name}的潜在{words.bidder}应在{PLATFORM}获取{words.document}，并于"
            f"{draft.written(project.deadline)}（北京时间）前递交{words.answer}。"
        )
    basics(draft)
    qualification(draft, "二、申请人的资格要求")
    draft.heading(f"三、获取{words.document}")
    text, until = wording.window(rng, draft.today(), project.documents_until)
    draft.pair("时间", text, fact="registration_end", truth=until)
    draft.pair("地点", PLATFORM)
    draft.pair("方式", rng.choice(("线上获取", "供应商注册登录后自行下载", "凭数字证书登录下载")))
    draft.pair("售价", rng.choice(("0元", "￥0", "￥300元/份", "免费")))
    handing_in(draft)
    draft.heading("六、公告期限" if draft.type is not NoticeType.TENDER else "五、公告期限")
    draft.line(f"自本公告发布之日起{words.days}个工作日。")
    draft.heading("七、其他补充事宜" if draft.type is not NoticeType.TENDER else "六、其他补充事宜")
    if draft.chance(0.3):
        asked = dt.datetime.combine(project.documents_until - dt.timedelta(days=1), dt.time(17, 0), SHANGHAI)
        draft.moment(f"{words.bidder}提问截止时间", asked, "question_end")
    deposit(draft)
    draft.line(
        "本项目采用全流程电子化交易，供应商应提前办理数字证书。",
        f"代理服务费由中标供应商支付，金额为{rng.randrange(3, 40) * 1000}元。",
        "需要落实的政府采购政策：节能产品、环境标志产品、扶持小微企业及残疾人福利性单位。",
        "无",
    )
    draft.filler(boilerplate.PROCEDURES, 3, 7, mark="{}．")
    contacts(draft, f"{'七' if draft.type is NoticeType.TENDER else '八'}、凡对本次采购提出询问，请按以下方式联系")


def handing_in(draft: Draft) -> None:
    """Deadline and opening, under one heading or two."""
    project, words = draft.project, WORDS[draft.type]
    place = f"{project.place.full}公共资源交易演示大厅第{draft.rng.randrange(1, 9)}开标室"
    if draft.type is NoticeType.TENDER:
        if draft.chance(0.5):
            draft.heading("四、提交投标文件截止时间、开标时间和地点")
            draft.pair("时间", f"{draft.written(project.deadline)}（北京时间）")
            draft.facts["deadline"] = draft.facts["opening_time"] = project.deadline
        else:
            draft.heading("四、投标文件提交")
            draft.moment("提交投标文件截止时间", project.deadline, "deadline", after="（北京时间）")
            draft.moment("开标时间", project.deadline, "opening_time", after="（北京时间）")
        draft.pair("地点", place)
        return
    draft.heading(f"四、{words.answer}提交")
    draft.moment("截止时间", project.deadline, "deadline", after="（北京时间）")
    draft.pair("地点", place)
    if draft.type is NoticeType.PREQUALIFICATION:
        draft.heading("五、资格预审日期")
        draft.line("资格预审日期为申请文件提交截止时间之后三日内。")
        return
    draft.heading("五、开启")
    draft.moment("时间", project.deadline, "opening_time", after="（北京时间）")
    draft.pair("地点", place)
