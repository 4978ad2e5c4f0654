"""Budget, ceiling price, award amount and deposit. A wrong 万元/元 is worse than no value.

Rules: the label's unit and the number's own must not disagree; words and figures must agree; a rate, a
price per unit, a foreign currency, 0 and placeholders are no amount; a bare number counts as 元 from a
million on only. Several lots give the stated whole or nothing: nothing is ever summed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from crawlers.extraction.candidates import Candidates, Mention
from crawlers.extraction.evidence import body_value
from crawlers.extraction.flat import Flat
from crawlers.extraction.tables import Column
from opportunity.money import LARGEST, Amount, agree, find_amounts
from opportunity.notice import FieldValue

_lead = re.compile(
    r"(?:本项目|本次|本标段|本工程|本包|采购|项目|工程|招标|投标|最高|总|预算|金额|限价|控制价|价格|价|报价|人民币|大写|小写|含税|不含税|税|即|共计|合计|共"
    r"|计|约|暂定|不超过|不高于|上限|整个|全部|服务期|提交|递交|缴纳|交纳|应|[一二两三四五六\d]年(?=总|合|共)|/|高于|费用|经费|资金|数额|额|小计|RMB|CNY|为|是|[:,，、()¥\s]|（|）|：|￥|的|\[|\]|每标段|各标段|均|报价){0,24}"
)
_bare = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3}){1,4}|\d{6,12})(?:\.\d{1,4})?(?![\d.,%万亿元])")
_next = re.compile(r"[)）\]]?(?:元|整)?[、,，;；/和及或~\-至到]{1,2}[^\d]{0,8}$")
_tax_free = re.compile(r"不含(?:\d{1,2}%)?(?:的)?(?:增值)?税")
_rate_near = re.compile(r"[%‰％]|下浮率|费率|折扣率|百分之")
_per = re.compile(r"^[)）]?(?:人民币)?\s?(?:[/／]|每)(?!(?:元|标段))|^[)）]?[/／]?(?:元)?[/／](?:年|月|人|天|次)")
_none = re.compile(r"(?:不设|不设置|无|未设|不需要?|免[交缴收]|不收|不要求|不适用|详见|见|/|-|—)")
_per_label = re.compile(r"[/／](?:年|月|人|天|日|次|份|套|台|个|吨|米|㎡|平方米|张|m)|单价|每年|年度?预算|每[年月人天日次]")
_only_lot = re.compile(r"(?:采购包|合同包|标项|标段|包件|包)(?:1|一|01)[-:：]")
_second_lot = re.compile(r"(?:采购包|合同包|标项|标段|包件|包)(?:2|二|02)|[,;，；]\d")
_whole = re.compile(r"总|合计|共计")
_smallest = {"deposit": 10, "budget": 100, "ceiling_price": 100, "award_amount": 100}


@dataclass(slots=True)
class _Read:
    start: int
    end: int
    value: Decimal
    confidence: float
    rank: int
    lot: str | None
    whole: bool
    tax_free: bool = False


def read_amount_field(kind: str, candidates: Candidates) -> tuple[FieldValue, ...]:
    """The one amount of a kind, or nothing."""
    flat = candidates.flat
    reads: list[_Read] = []
    doubtful = False
    for mention in candidates.of(kind):
        if kind == "deposit" and _not_this_deposit(flat, mention):
            continue
        one = _from_mention(kind, flat, mention)
        if one == "doubt":
            doubtful = doubtful or mention.strong
        elif isinstance(one, _Read):
            reads.append(one)
    for column in candidates.columns.get(kind, []):
        reads.extend(_from_column(kind, flat, column))
    if kind == "deposit" and not reads and not doubtful:
        reads = _deposit_section(candidates)
    best = _choose(reads)
    if best is None or (doubtful and best.rank > 0 and kind != "deposit" and best.confidence < 0.7):
        return ()
    return (body_value(flat, best.start, best.end, best.value, best.confidence),)


def _choose(reads: list[_Read]) -> _Read | None:
    """One value: all agree, or one is the stated whole, or one stands outside the lots.

    With and without tax are two statements; the one with tax is what is bid.
    """
    reads = [read for read in reads if not read.tax_free] or reads
    if not reads:
        return None
    group = sorted(reads, key=lambda read: (-read.confidence, read.rank, read.start))
    if len({read.value for read in group}) == 1:
        lots = {read.lot for read in group if read.lot}
        if len(lots) > 1 and all(read.lot for read in group):
            return None
        return group[0]
    for pick in (
        [read for read in reads if read.whole],
        [read for read in reads if read.lot is None and not read.whole],
    ):
        values = {read.value for read in pick}
        if len(values) == 1:
            return pick[0]
        if len(values) > 1:
            return _sum_of_others(pick) or _better_label(pick)
    return None


def _sum_of_others(reads: list[_Read]) -> _Read | None:
    # The first value is the whole where the rest are its parts.
    first, rest = reads[0], [read.value for read in reads[1:] if read.value != reads[0].value]
    return first if len(rest) > 1 and sum(rest) == first.value else None


def _better_label(reads: list[_Read]) -> _Read | None:
    best = min(read.rank for read in reads)
    first = [read for read in reads if read.rank == best]
    return first[0] if len({read.value for read in first}) == 1 and best < 6 else None


def _from_mention(kind: str, flat: Flat, mention: Mention) -> _Read | str | None:
    label = flat.text[mention.start : mention.end]
    if _per_label.search(label) or _per_label.search(flat.text[max(mention.start - 4, 0) : mention.start]):
        return "doubt"
    value = mention.value
    window = flat.text[value : min(mention.limit, value + 140)]
    only = _only_lot.match(window)
    if only and not _second_lot.search(window):
        # 最高限价（元）：包1-1800000.00元: the one lot there is
        value += only.end()
        window = window[only.end() :]
    lead = _lead.match(window)
    offset = lead.end() if lead else 0
    found = find_amounts(window, unit=mention.unit)
    first = next((amount for amount in found if amount.end > offset - 4), None)
    if first is None or first.start > offset + 1:
        whole = _stated_whole(window) if kind == "award_amount" else None
        if whole is not None:
            return _Read(value + whole.start, value + whole.end, whole.value, 0.8, mention.rank,
                         mention.lot, False)
        bare = _bare.match(window, offset) if mention.unit is None and mention.strong else None
        if bare is None or Decimal(bare[0].replace(",", "")) < 1_000_000:
            return "doubt" if re.match(r"\d", window[offset:]) else None
        first = Amount(start=bare.start(), end=bare.end(), value=Decimal(bare[0].replace(",", "")), unit="bare")
    if not _acceptable(kind, window, first, found):
        return "doubt"
    first = _trim(window, first)
    confidence = {"bare": 0.6, "given": 0.9}.get(first.unit, 0.95) - (0 if mention.strong else 0.1)
    before = flat.text[max(mention.start - 6, 0) : mention.start] + label
    start = value + first.start
    return _Read(
        start, value + first.end, first.value, confidence, mention.rank, mention.lot,
        _whole.search(before) is not None, _tax_free.search(flat.text[max(mention.start - 9, 0) : start]) is not None,
    )


def _stated_whole(window: str) -> Amount | None:
    """A price that tells its parts before its sum: 单价6400元/吨，总价为3905110元. Never beside a rate."""
    if _rate_near.search(window.split("税率")[0]):
        return None
    found = [
        amount for amount in find_amounts(window)
        if re.search(r"(?:总价|总报价|合计|总金额|总计)(?:为|:)?(?:人民币)?$", window[max(0, amount.start - 12) : amount.start])
    ]
    if len(found) != 1 or not _acceptable("award_amount", window, found[0], find_amounts(window)):
        return None
    return _trim(window, found[0])


def _acceptable(kind: str, window: str, first: Amount, found: list[Amount]) -> bool:
    if first.per or _per.match(window[first.end : first.end + 6]):
        return False
    if not _smallest[kind] <= first.value < LARGEST or not agree(window, first):
        return False
    if not _believable(kind, window, first):
        return False
    for other in found:
        if other.start >= first.end and other.value != first.value and _next.fullmatch(window[first.end : other.start]):
            return re.search(r"不含(?:增值)?税|其中", window[first.end : other.start]) is not None
    return _rate_near.match(window[first.end : first.end + 3]) is None


def _believable(kind: str, window: str, amount: Amount) -> bool:
    """Whether number and unit fit: 24959500.00 under 万元 is in 元, 375.000000 under 元 is in 万元.

    A unit printed at the number is trusted further than one that only a label or header states.
    """
    if amount.unit in ("万元", "万"):
        return amount.value < 10_000_000_000
    if amount.unit != "given":
        return True
    figures = re.sub(r"[^\d.]", "", window[amount.start : amount.end])
    scaled = Decimal(figures) != amount.value if figures.count(".") <= 1 and figures.strip(".") else False
    if scaled:
        return amount.value < 1_000_000_000
    decimals = len(figures.partition(".")[2])
    return amount.value >= (100 if kind == "deposit" else 1000) and (decimals <= 2 or amount.value >= 10_000)


def _trim(window: str, amount: Amount) -> Amount:
    start, end = amount.start, amount.end
    while start < end and window[start] in " \t:(，,":
        start += 1
    while end > start and window[end - 1] in " \t":
        end -= 1
    return Amount(start=start, end=end, value=amount.value, unit=amount.unit, per=amount.per)


def _from_column(kind: str, flat: Flat, column: Column) -> list[_Read]:
    if _per_label.search(column.label) or "%" in column.label:
        return []
    reads = []
    rows = [cell for cell in column.cells if flat.text[cell.start : cell.end].strip()]
    for cell in rows:
        start, total = cell.start, cell.total
        window = flat.text[start : cell.end]
        found = find_amounts(window, unit=column.unit or cell.unit)
        lead = _lead.match(window)
        offset = lead.end() if lead else 0
        if not found or found[0].start > offset + 1 or not _acceptable(kind, window, found[0], found):
            continue
        first = _trim(window, found[0])
        lot = f"row {start}" if len(rows) > 1 and not total else None
        reads.append(_Read(
            start + first.start, start + first.end, first.value, 0.85, column.rank + 2, lot, total and len(rows) > 1))
    return reads


def _not_this_deposit(flat: Flat, mention: Mention) -> bool:
    before = flat.text[max(mention.start - 8, 0) : mention.start]
    return re.search(r"履约|质量|工资|诚信|民工|廉政|退还|已交|缴纳的|交纳的|该|各投标人$", before) is not None


def _deposit_section(candidates: Candidates) -> list[_Read]:
    """投标保证金 as a heading, the sum in a sentence below it: 提交人民币贰万元整 as 投标保证金."""
    flat = candidates.flat
    for start, end in candidates.sections.of("deposit"):
        window = flat.text[start : min(end, start + 200)]
        if _none.search(window[:24]):
            return []
        for amount in find_amounts(window):
            before = window[max(amount.start - 24, 0) : amount.start]
            if re.search(r"金额|缴纳|交纳|提交|递交|人民币|数额|为", before) and not re.search(
                r"履约|售价|使用费|标段|标项|包|项[一二三四五\d]", before
            ) and _acceptable("deposit", window, amount, find_amounts(window)):
                first = _trim(window, amount)
                return [_Read(start + first.start, start + first.end, first.value, 0.75, 3, None, False)]
    return []
