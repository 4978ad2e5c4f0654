"""The region of a notice: the project's site or the buyer's seat, never the opening venue or the agency's."""

from __future__ import annotations

import re

from crawlers.extraction.candidates import Candidates
from crawlers.extraction.evidence import body_value, title_value
from opportunity.notice import FieldValue, Region
from opportunity.region import contains, locate_region


def read_region(
    candidates: Candidates, title: str, buyer: FieldValue | None, source_region: Region | None
) -> tuple[FieldValue, ...]:
    """The site label, the buyer's name, the title, the buyer's address, in this order; later ones narrow."""
    within = source_region.code if source_region else None
    best = _best(_places(candidates, title, buyer, within))
    if best is not None and within is None and isinstance(best.value, Region) and not best.value.code.endswith("0000"):
        # 位于江北区 says nothing alone; with a buyer in Ningbo it does, and the site comes before the seat.
        best = _best(_places(candidates, title, buyer, best.value.code[:4] + "00"))
    if best is None and buyer is not None and buyer.where == "body":
        best = _university(buyer)
    return (best,) if best else ()


def _best(places: list[FieldValue]) -> FieldValue | None:
    best: FieldValue | None = None
    for one in places:
        if best is None or _narrows(best, one):
            best = one
    return best


def _university(buyer: FieldValue) -> FieldValue | None:
    """某省农业大学 is at home in its province when nothing else says where; weak evidence."""
    if "大学" not in buyer.text[:12] and "学院" not in buyer.text[:12]:
        return None
    for length in (3, 2):
        found = locate_region(buyer.text[:length])
        if found and found[1] == 0:
            return FieldValue(value=found[0], where="body", start=buyer.start, end=buyer.start + found[2],
                              text=buyer.text[: found[2]], confidence=0.5)
    return None


def _narrows(outer: FieldValue, inner: FieldValue) -> bool:
    if not isinstance(outer.value, Region) or not isinstance(inner.value, Region):
        return False
    return outer.value.code != inner.value.code and contains(outer.value.code, inner.value.code)


def _places(
    candidates: Candidates, title: str, buyer: FieldValue | None, within: str | None
) -> list[FieldValue]:
    flat = candidates.flat
    out: list[FieldValue] = []
    for mention in candidates.of("place"):
        if mention.strong and mention.value < len(flat.text):
            end = min(mention.limit, flat.cell_end(mention.value), mention.value + 60)
            found = locate_region(flat.text[mention.value : end], within=within)
            if found and found[1] <= 12:
                start = mention.value
                out.append(body_value(flat, start + found[1], start + found[2], found[0], 0.9))
                break
    if buyer is not None and buyer.where == "body":
        found = locate_region(buyer.text, within=within)
        if found and found[1] <= 12:
            value = FieldValue(
                value=found[0], where="body", start=buyer.start + found[1], end=buyer.start + found[2],
                text=buyer.text[found[1] : found[2]], confidence=0.9)
            out.append(value)
    found = locate_region(title, within=within)
    if found and not re.match(r"[\u4e00-\u9fff]{0,14}(?:公司|事务所)关于", title[found[2] :]):
        out.append(title_value(title, found[1], found[2], found[0], 0.85))
    address = _buyer_address(candidates)
    if address:
        start, end = address
        found = locate_region(flat.text[start:end], within=within)
        if found and found[1] <= 6:
            out.append(body_value(flat, start + found[1], start + found[2], found[0], 0.8))
    return out


def _buyer_address(candidates: Candidates) -> tuple[int, int] | None:
    """The first address that follows a buyer label before an agency label stands."""
    flat = candidates.flat
    agencies = [mention.start for mention in candidates.of("agency") if mention.strong]
    buyers = [mention.start for mention in candidates.of("buyer") if mention.strong]
    for mention in candidates.of("address"):
        if not mention.strong or mention.value >= len(flat.text):
            continue
        before = [start for start in buyers if start < mention.start]
        if mention.section == "buyer" or (
            before and mention.start - before[-1] < 200
            and not any(before[-1] < start < mention.start for start in agencies)
        ):
            end = min(mention.limit, flat.cell_end(mention.value), mention.value + 80)
            if end > mention.value:
                return mention.value, end
    return None
