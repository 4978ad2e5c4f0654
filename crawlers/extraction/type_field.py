"""The type of a notice: by its title, then corrected by what the body is.

The title alone is a poor guide: a 结果公告 may be a failed tender, 招标公告 may be 竞争性磋商, 招标结果 may rank
candidates. A correction stays a correction even when it repeats a whole award.
"""

from __future__ import annotations

import re

from crawlers.extraction.candidates import Candidates
from crawlers.extraction.evidence import body_value, title_value
from crawlers.extraction.flat import half_width
from crawlers.extraction.labels import GENERIC_FROM
from opportunity.notice import FieldValue, NoticeType

_T = NoticeType
# Looked for from the top; within a rule the last hit in the title counts (the kind stands at its end).
_title_rules: tuple[tuple[NoticeType, re.Pattern[str]], ...] = (
    (_T.OTHER, re.compile(r"投诉处理|监督检查|考核结果|处罚|行政裁决|质疑答复")),
    (_T.CORRECTION, re.compile(r"更正|变更公告|变更公示|变更通知|澄清|补遗|延期|补充公告|补充通知|答疑|更改公告|修改公告|修正公告|勘误|变更$|暂停|时间变更|补充文件|推迟")),
    (_T.TERMINATION, re.compile(r"终止|废标|流标|采购失败|招标失败|撤销公告|取消采购|取消招标|失败公告|异常公告|中止|作废|终止招标|竞价失败|流采|流拍")),
    (_T.CONTRACT, re.compile(r"合同(?:公告|公示|信息|签订|备案|履约公告)|合同$")),
    (_T.ACCEPTANCE, re.compile(r"验收(?:公告|公示|结果|报告)|履约验收")),
    (_T.CANDIDATE, re.compile(r"候选人|候选供应商|预中标|预成交|评标结果|评审结果公示|拟中标|拟成交|中选候选|评标公示|候选单位")),
    (_T.AWARD, re.compile(r"中标|成交|中选|结果公告|结果公示|采购结果|招标结果|入围结果|定标|结果$|竞价结果|结果通知|结果信息")),
    (_T.SINGLE_SOURCE, re.compile(r"单一来源|单源|唯一供应商|直接采购|直接发包")),
    (_T.INTENTION, re.compile(r"采购意向|意向公开|意向公告|招标计划|采购计划")),
    (_T.PREQUALIFICATION, re.compile(r"资格预审|资审公告|预审公告")),
    (_T.CONSULTATION, re.compile(r"磋商")),
    (_T.NEGOTIATION, re.compile(r"谈判")),
    (_T.INQUIRY, re.compile(r"询价|询比|竞价|询采|比价|报价公告|询报价|快速采购|网上超市")),
    (_T.TENDER, re.compile(r"招标|采购公告|比选|遴选|采购文件|竞选|征集|项目公告|公开采购|邀请公告|公告$")),
)
_last_bracket = re.compile(r"\((?!废标|流标|终止|失败|更正|变更)[^()]*\)$")
_project_noun = re.compile(r"项目|工程|服务|标段|设备|系统|施工|监理|设计|勘察|物资|编制|采购包|标包|改造|维修")
_end_only = frozenset((_T.CONTRACT, _T.ACCEPTANCE, _T.INTENTION))
_failed = re.compile(
    r"(?:本项目|本标段|本次|该项目|予以|作|做|按)?(?:废标|流标|采购失败|招标失败)(?:处理|公告|。|$)|(?:废标|流标|终止|失败)(?:原因|理由|情形)(?:如下)?[:为]|"
    r"(?:终止|失败)公告|(?:有效|合格|符合)[^。]{0,16}不足(?:三|3|两|2)家|(?:本项目|本次)[^。]{0,20}(?:终止|流标|废标)"
)
_ranked = re.compile(r"第一(?:中标|成交)?候选(?:人|供应商)|推荐(?:的)?中标候选人|中标候选人(?:名称|排序|情况|公示)|候选人公示期")
_method = re.compile(r"采购方式:?(?:为)?[^。;；:]{0,4}?(竞争性磋商|竞争性谈判|询价|单一来源|公开招标|邀请招标)")
_method_types = {
    "竞争性磋商": _T.CONSULTATION, "竞争性谈判": _T.NEGOTIATION, "询价": _T.INQUIRY, "单一来源": _T.SINGLE_SOURCE,
    "公开招标": _T.TENDER, "邀请招标": _T.TENDER,
}
_running_method = re.compile(r"(?:进行|采用|以|组织|开展|现就|拟采用)[^。,，;；]{0,30}?(竞争性磋商|竞争性谈判|询价采购|单一来源)")
_body_head = re.compile(
    r"(澄清\(答疑\)|答疑纪要|答疑澄清|补遗书|补充文件|澄清文件|更正公告|变更公告|澄清公告|终止公告|废标公告|流标公告|中标候选人公示|中标结果公[告示]|中标公[告示]|成交公告|成交结果公[告示]|合同公[告示]|验收公告|采购意向|单一来源[^。]{0,8}公示"
    r"|资格预审公告|竞争性磋商公告|竞争性谈判公告|询价公告|招标公告|采购公告)"
)
_calls = frozenset((_T.TENDER, _T.CONSULTATION, _T.NEGOTIATION, _T.INQUIRY))


def read_type(candidates: Candidates, title: str) -> tuple[FieldValue, ...]:
    """One type with the words that say it; nothing where neither title nor body says one."""
    text = candidates.flat.text
    named = _by_title(title)
    if named is None:
        head = _body_head.search(text[:200]) or _body_head.search(text[:1500])
        kind = _from_words(head[1]) if head else None
        if head is None or kind is None:
            return _by_shape(candidates)
        named = (kind, *head.span(1))
        value = body_value(candidates.flat, named[1], named[2], kind, 0.7)
    else:
        value = title_value(title, named[1], named[2], named[0], 0.95)
    return (_corrected(candidates, value, named[0]),)


def _by_title(title: str) -> tuple[NoticeType, int, int] | None:
    title = half_width(title)
    plain = _last_bracket.sub(lambda match: " " * len(match[0]), title)
    # The kind stands behind the last word for a project: 验收报告编制项目招标公告 is a call, not an acceptance.
    nouns = list(_project_noun.finditer(plain))
    starts = [nouns[-1].end()] if nouns else []
    for low in (*starts, max(0, len(plain.rstrip()) - 24), 0):
        for kind, pattern in _title_rules:
            if low == 0 and kind in _end_only and len(plain) > 30:
                continue
            matches = list(pattern.finditer(plain, low))
            if not matches:
                continue
            match = matches[-1]
            if low not in starts and kind in (_T.CORRECTION, _T.TERMINATION) and not _is_notice_of(plain, match.end()):
                continue
            return kind, *match.span()
    return None


def _is_notice_of(title: str, at: int) -> bool:
    """Whether what follows the word in the title is the notice's kind, not the project (变更电站项目招标公告)."""
    rest = title[at:].strip()
    return len(rest) <= 12 and not re.search(r"招标公告|采购公告|磋商公告|谈判公告|询价公告|项目|工程", rest)


def _from_words(words: str) -> NoticeType | None:
    for kind, pattern in _title_rules:
        if pattern.search(words):
            return kind
    return None


def _by_shape(candidates: Candidates) -> tuple[FieldValue, ...]:
    """No kind named anywhere: a deadline label says it is a call, an award label an award."""
    for kind, label in ((_T.AWARD, "award_amount"), (_T.TENDER, "deadline")):
        for mention in candidates.of(label):
            if mention.strong and mention.end > mention.start:
                return (body_value(candidates.flat, mention.start, mention.end, kind, 0.4),)
    return ()


def _corrected(candidates: Candidates, value: FieldValue, kind: NoticeType) -> FieldValue:
    flat = candidates.flat
    text = flat.text
    if kind in (_T.AWARD, _T.CANDIDATE):
        failed = _failed.search(text[:4000])
        if failed and not _has_winner(candidates):
            return body_value(flat, *failed.span(), _T.TERMINATION, 0.8)
    if kind is _T.AWARD:
        ranked = _ranked.search(text[:4000])
        if ranked and not any(m.strong for m in candidates.of("suppliers")) and not any(
            column.rank < GENERIC_FROM["suppliers"] for column in candidates.columns.get("suppliers", [])
        ):
            return body_value(flat, *ranked.span(), _T.CANDIDATE, 0.8)
    if kind in _calls:
        match = _method.search(text[:3000]) or (_running_method.search(text[:600]) if kind is _T.TENDER else None)
        if match:
            word = match[1].removesuffix("采购")
            found = _method_types[word]
            if found is not kind and not (kind in _calls and found is _T.TENDER) and "竞争性谈判竞争性磋商" not in text[:3000]:
                return body_value(flat, *match.span(1), found, 0.85)
    return value


def _has_winner(candidates: Candidates) -> bool:
    flat = candidates.flat
    for mention in candidates.of("suppliers"):
        if mention.strong and "公司" in flat.text[mention.value : min(mention.limit, mention.value + 60)]:
            return True
    return bool(candidates.columns.get("suppliers"))
