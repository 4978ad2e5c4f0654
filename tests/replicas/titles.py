"""Titles of invented notices: usually the name and the form, sometimes misleading, as real ones are."""

from __future__ import annotations

from opportunity.notice import NoticeType
from tests.replicas.draft import Draft

_works = {
    NoticeType.TENDER: ("招标公告", "施工招标公告", "[施工]招标公告"),
    NoticeType.CANDIDATE: ("中标候选人公示", "评标结果公示（中标候选人）"),
    NoticeType.AWARD: ("中标结果公告", "中标结果公示"),
    NoticeType.CORRECTION: ("答疑澄清公告", "招标文件澄清公告", "更正公告"),
    NoticeType.TERMINATION: ("终止招标公告", "招标失败公告", "流标公告"),
}
_procurement = {
    NoticeType.INTENTION: ("政府采购意向", "采购意向公告", "意向公开"),
    NoticeType.PREQUALIFICATION: ("资格预审公告",),
    NoticeType.TENDER: ("公开招标公告", "招标公告", "的公开招标公告"),
    NoticeType.NEGOTIATION: ("竞争性谈判公告", "竞争性谈判采购公告"),
    NoticeType.CONSULTATION: ("竞争性磋商公告", "竞争性磋商采购公告", "磋商公告"),
    NoticeType.INQUIRY: ("询价公告", "询价采购公告"),
    NoticeType.SINGLE_SOURCE: ("单一来源采购公示", "单一来源公示"),
    NoticeType.CORRECTION: ("更正公告", "{method}更正公告", "变更公告", "更正公告（{ordinal}次）"),
    NoticeType.TERMINATION: ("终止公告", "废标公告", "{method}终止公告", "结果公告（废标）"),
    NoticeType.AWARD: ("{deal}结果公告", "{deal}公告", "{method}{deal}公告", "结果公告"),
    NoticeType.CONTRACT: ("合同公告", "采购合同公告", "政府采购合同公告"),
    NoticeType.ACCEPTANCE: ("验收结果公告", "履约验收公告"),
    NoticeType.OTHER: ("投诉处理结果公告",),
}
_methods = {
    NoticeType.TENDER: "公开招标", NoticeType.NEGOTIATION: "竞争性谈判", NoticeType.CONSULTATION: "竞争性磋商",
    NoticeType.INQUIRY: "询价", NoticeType.SINGLE_SOURCE: "单一来源", NoticeType.PREQUALIFICATION: "公开招标",
}


def title_of(draft: Draft) -> str:
    project, rng = draft.project, draft.rng
    ending = rng.choice((_works if project.works else _procurement)[draft.type])
    deal = "中标" if _methods[project.method] == "公开招标" else "成交"
    ending = ending.format(method=_methods[project.method], deal=deal, ordinal="一二三四五六七八九"[min(project.corrections, 8)])
    form = rng.randrange(10)
    if form == 0 and project.agency and not project.works:
        return f"{project.agency}关于{project.name}的{ending.removeprefix('的')}"
    if form == 1 and project.number:
        draft.facts["project_number"] = project.number
        return f"{project.name}（项目编号：{project.number}）{ending}"
    if form == 2:
        return f"关于{project.name}的{ending.removeprefix('的')}"
    return project.name + ending
