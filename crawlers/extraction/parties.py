"""Buyer, agency and suppliers: names of bodies behind labels, in contact sections, and in running text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawlers.extraction.candidates import Candidates, Mention
from crawlers.extraction.evidence import body_value, clean, title_value
from crawlers.extraction.flat import Flat
from crawlers.extraction.labels import GENERIC_FROM
from crawlers.extraction.tables import Column
from opportunity.notice import FieldValue, NoticeType

_suffixes = (
    "公司|集团|厂|院|所|中心|局|委员会|委|办公室|办|大学|学校|中学|小学|幼儿园|学院|医院|政府|部|社|站|队|馆|会|协会|银行|支行|分行|署|处|室|店|商行|车行|场|园|"
    "库|团|联合社|合作社|事务所|工作室|指挥部|管理处|服务部|经营部|商行|门市|总站|基地|联盟|基金会|法院|检察院|库区|社区|街道|乡|镇|村|县|区|市|省|庭|组|台|矿|监狱|系统"
    "|超市|酒店|饭店|宾馆|联社|股份|有限|厅|支队|大队|总队|军|校|旗|苑|城|港|农场|林场|企业|商店|项目部|寺|班|家|殡仪馆|公墓|司"
)
_body = re.compile(rf"(?:{_suffixes})(?:\([^()]{{1,30}}\))?$")
_cut = re.compile(r"[;；。,，!！]|(?<!\d)、|:|\s{2,}")
_noise = re.compile(r"\((?:盖章|公章|签章|章|单位公章|全称|以下简称[^()]{0,30}|下称[^()]{0,20}|牵头人|牵头方|联合体牵头人|主|成员)\)$|(?:盖章|地址|联系人|电话|名称)$|(?<=[司院所团])联合体$|(?<=[司院所厂])\([^()]{0,20}[:%\d][^()]{0,20}\)$")
_lead = re.compile(r"^(?:&{2,}[^&]{0,20}&{2,}|名称|全称|为|是|:|单位名称|\d{1,2}[.、]|\(\d\)|[(]?(?:牵头人|牵头方|主体方|联合体牵头人|牵头单位|联合体牵头方|主办方|牵头|联合体成员|成员方?|联合体)\d?[):]?:?|[/])+")
# 某代理公司（以下简称…）受某局的委托: read outwards from 受, so that no text is slow.
_entrusted = re.compile(
    r"受(?P<buyer>[\u4e00-\u9fff()A-Za-z\d、]{3,60}?)(?:\((?:以下简称|下称)[^()]{0,30}\))?(?:的)?委托"
)
_entrusted_agency = re.compile(r"(?P<agency>[\u4e00-\u9fff()A-Za-z]{4,40}?)(?:\((?:以下简称|下称)[^()]{0,30}\))?接?$")
_by_buyer = re.compile(r"(?:招标人|采购人|项目业主|建设单位|项目法人)(?:\([^()]{0,14}\))?(?:为|是)(?P<buyer>[\u4e00-\u9fff()A-Za-z]{4,50}?)[,，。;；]")
_by_agency = re.compile(r"(?:代理机构|招标代理)(?:\([^()]{0,14}\))?(?:为|是)(?P<agency>[\u4e00-\u9fff()A-Za-z]{4,50}?)[,，。;；]|委托(?P<second>[\u4e00-\u9fff()A-Za-z]{4,40}?公司)(?:进行|对|就|组织|代理|以|采用|,|，)")
_not_body = re.compile(
    r"^\(|^(?:详见|见附|见公告|见招标|同上|同招标|同采购|本项目|本次|本公告|各投标|各供应|按照|按规定|由招标|由采购|以上|以下|应当|应在|应按|须|不得|不接受|是否|/|-|及其"
    r"|或其|和投标|和中标|代表|的|信息[:为]|未|无正|暂无|\d)|联系|电话|邮箱|传真|信息$|名称$|如下|委托|\d{6}|@|http|公告$|招标$|采购$|项目$|万元|北京时间|类别$|情况$|进行$|元$"
)
_firm = re.compile(
    r"(?:公司|集团|厂|院|所|中心|社|店|商行|经营部|服务部|企业|大学|学校|学院|事务所|工作室|合伙\)?|协会|研究会|银行|支行|分行|联合体|基地|场|园|队|站|部|局|会|户|馆|行)(?:\([^()]{1,30}\))?$"
)
_winners = frozenset((NoticeType.AWARD, NoticeType.CONTRACT, NoticeType.ACCEPTANCE, NoticeType.SINGLE_SOURCE, NoticeType.CORRECTION))
_split_names = re.compile(r"[、;；,，\n]|(?<=公司)(?:和|与|及|/|&)|\d[.)、](?=[\u4e00-\u9fff])")
_failed = re.compile(r"废标|流标|无效|未中标|不足三家|否决|候选人|评审未通过|淘汰|评标情况")


def read_buyer(candidates: Candidates, title: str) -> tuple[FieldValue, ...]:
    """The body that buys: a labelled name, the contact section, 招标人为X, 受X委托."""
    return _read_body("buyer", candidates, title)


def read_agency(candidates: Candidates, title: str) -> tuple[FieldValue, ...]:
    """The agency that runs the procedure."""
    return _read_body("agency", candidates, title)


def _read_body(kind: str, candidates: Candidates, title: str) -> tuple[FieldValue, ...]:
    flat = candidates.flat
    best: tuple[float, int, int, int] | None = None
    for mention in candidates.of(kind):
        if not mention.strong:
            continue
        span = body_span(flat, mention.value, mention.limit)
        if span is None:
            continue
        # The contact section is the surest place; then the order of the labels.
        weight = mention.rank + (0 if mention.section == kind else 2)
        read = (weight, mention.start, *span)
        best = read if best is None or read < best else best
    if best is not None:
        return (body_value(flat, best[2], best[3], None, 0.95 if best[0] < 12 else 0.8),)
    return _running(kind, flat, title)


def _running(kind: str, flat: Flat, title: str) -> tuple[FieldValue, ...]:
    for start, end in _running_spans(kind, flat.text[:6000]):
        start = _after_break(flat, start, end)
        name = flat.text[start:end]
        if _body.search(name) and not _not_body.search(name) and len(name) >= 4:
            return (body_value(flat, start, end, None, 0.8),)
    about = re.search(r"关于(?P<buyer>[\u4e00-\u9fff（）()]{4,30}?(?:局|院|中心|学校|大学|公司|委员会|政府))", title)
    if kind == "buyer" and about and about.start() < 40 and "受" not in title[: about.start()]:
        return (title_value(title, *about.span("buyer"), None, 0.5),)
    return ()


def _running_spans(kind: str, text: str) -> Iterator[tuple[int, int]]:
    if kind == "buyer":
        for match in _by_buyer.finditer(text):
            yield match.span("buyer")
    for match in _entrusted.finditer(text):
        if kind == "buyer":
            yield match.span("buyer")
        else:
            low = max(0, match.start() - 80)
            before = _entrusted_agency.search(text[low : match.start()])
            if before:
                yield low + before.start("agency"), low + before.end("agency")
    if kind == "agency":
        for match in _by_agency.finditer(text):
            yield match.span("agency" if match["agency"] is not None else "second")


def _after_break(flat: Flat, start: int, end: int) -> int:
    # A name in running text does not reach back over a line start.
    for at in range(end - 1, start, -1):
        if at in flat.line_starts and end - at >= 4:
            return at
    return start


def body_span(flat: Flat, start: int, limit: int) -> tuple[int, int] | None:
    """The flat span of a body's name that begins at ``start``; joined over a line break where cut in two."""
    text = flat.text
    if start >= len(text) or start >= limit:
        return None
    end = min(flat.cell_end(start), limit)
    for _ in range(3):
        low, high = _cut_name(text, start, end)
        if (high - low >= 2 and _body.search(text[low:high])) or end >= limit or high < end:
            break
        after = min(flat.cell_end(end), limit)
        if after - end > 30 or end - start > 40:
            break
        joined = text[start:after]
        if not _body.search(joined) or _cut.search(text[end:after]):
            break
        end = after
    low, high = _cut_name(text, start, end)
    name = text[low:high]
    if len(name) < 3 or len(name) > 60 or _not_body.search(name) or not re.search(r"[\u4e00-\u9fff]{2}|[A-Za-z]{4}", name):
        return None
    return (low, high) if _body.search(name) or (high - low >= 4 and high == end and not re.search(r"[\d%]", name)) else None


def _cut_name(text: str, start: int, end: int) -> tuple[int, int]:
    lead = _lead.match(text[start:end])
    low = start + (lead.end() if lead else 0)
    high = min(end, low + 120)
    for cut in _cut.finditer(text, low, high):
        # 工人文化宫（工匠学院、培训中心）: a mark inside brackets belongs to the name.
        if text.count("(", low, cut.start()) <= text.count(")", low, cut.start()):
            high = cut.start()
            break
    while high > low:
        noise = _noise.search(text[low:high])
        if noise is None or noise.start() == 0:
            break
        high = low + noise.start()
    while high > low and text[high - 1] in " 、,，.。(":
        high -= 1
    return low, high


def read_suppliers(candidates: Candidates, kind: NoticeType | None) -> tuple[FieldValue, ...]:
    """Winners of an award or contract, the intended supplier of a single source, ranked candidates.

    A tender or a failed procedure has none, whoever is named in it.
    """
    if kind is NoticeType.CANDIDATE:
        spans = _supplier_spans(candidates, ("candidate", "suppliers"), {"other", "award", ""})
    elif kind in _winners:
        spans = _supplier_spans(candidates, ("suppliers",), {"award", "other", ""})
    else:
        return ()
    found: dict[str, FieldValue] = {}
    for start, end, confidence in spans:
        value = body_value(candidates.flat, start, end, None, confidence)
        found.setdefault(clean(value.text), value)
    return tuple(found.values())


def _supplier_spans(candidates: Candidates, kinds: tuple[str, ...], sections: set[str]) -> list[tuple[int, int, float]]:
    flat = candidates.flat
    spans: list[tuple[int, int, float]] = []
    for kind in kinds:
        columns = candidates.columns.get(kind, [])
        mentions = [mention for mention in candidates.of(kind) if mention.strong and _is_winner_label(flat, mention)]
        if not columns and not mentions:
            continue
        places: list[Column | Mention] = [*columns, *mentions]
        better = [each for each in places if each.rank < GENERIC_FROM[kind]]
        for each in better or places:
            spans += _column_names(flat, each) if isinstance(each, Column) else _mention_names(flat, each)
        if spans:
            break
    return sorted(spans)


def _column_names(flat: Flat, column: Column) -> list[tuple[int, int, float]]:
    return [(a, b, 0.85) for cell in column.cells for a, b in _names(flat, cell.start, cell.end)]


def _mention_names(flat: Flat, mention: Mention) -> list[tuple[int, int, float]]:
    """The names in the value; where the label is a cell, in all cells of its row (第一名 第二名 第三名)."""
    start = mention.value
    if start >= len(flat.text):
        return []
    cell = start in flat.starts and start not in flat.line_starts
    end = min(mention.limit, flat.line_of(start)[1] if cell else flat.cell_end(start))
    names: list[tuple[int, int]] = []
    at = start
    while at < end:
        stop = min(flat.cell_end(at), end)
        names += _names(flat, at, stop)
        at = stop
    if not names and (one := body_span(flat, start, mention.limit)) and _firm.search(flat.text[slice(*one)]):
        names = [one]
    return [(a, b, 0.9) for a, b in names]


def _is_winner_label(flat: Flat, mention: Mention) -> bool:
    before = flat.text[max(mention.start - 3, 0) : mention.start]
    return not before.endswith(("未", "非", "各", "原"))


def _names(flat: Flat, start: int, end: int) -> list[tuple[int, int]]:
    """All names of bodies in one value: A、B; 牵头人：A 成员：B."""
    out: list[tuple[int, int]] = []
    at = start
    for part in [*_split_names.finditer(flat.text, start, end), None]:
        stop = part.start() if part else end
        if part and stop - at < 120 and flat.text.count("(", at, stop) > flat.text.count(")", at, stop):
            continue
        low, high = _cut_name(flat.text, at, stop)
        if high < stop and flat.text[high] == ":":  # 牵头人：A
            low, high = _cut_name(flat.text, high + 1, stop)
        name = flat.text[low:high]
        if name.count("(") > name.count(")"):
            high = low + name.rindex("(")
            name = flat.text[low:high]
        if 4 <= len(name) <= 60 and _firm.search(name) and not _not_body.search(name):
            out.append((low, high))
        at = part.end() if part else end
    return out
