"""``extract``: title and plain text of one notice → fields with evidence."""

from __future__ import annotations

from collections.abc import Collection

from crawlers.extraction.amounts_fields import read_amount_field
from crawlers.extraction.candidates import Candidates, find_candidates
from crawlers.extraction.evidence import clean
from crawlers.extraction.flat import flatten
from crawlers.extraction.moments_fields import MomentReader
from crawlers.extraction.numbers import read_project_number
from crawlers.extraction.parties import read_agency, read_buyer, read_suppliers
from crawlers.extraction.region_field import read_region
from crawlers.extraction.sections import find_sections
from crawlers.extraction.type_field import read_type
from opportunity.notice import FIELD_NAMES, MOMENT_FIELDS, Fields, FieldValue, NoticeType, Region

LONGEST_BODY = 400_000  # characters of the body that are read; a longer body keeps its text, not its tail's fields
_awarded = frozenset((NoticeType.AWARD, NoticeType.CONTRACT, NoticeType.ACCEPTANCE, NoticeType.CORRECTION))
_no_gates = frozenset((
    NoticeType.AWARD, NoticeType.CANDIDATE, NoticeType.CONTRACT, NoticeType.ACCEPTANCE, NoticeType.TERMINATION,
    NoticeType.SINGLE_SOURCE, NoticeType.INTENTION,
))


def extract(
    title: str, plain: str, *, source_region: Region | None = None, wanted: Collection[str] | None = None
) -> Fields:
    """Fields of one notice. A name that is missing is unknown; unknown is better than wrong.

    ``plain`` is what ``html_to_plain`` gives; every offset counts its code points and
    ``plain[start:end] == text`` holds for fields in the body (``title[start:end]`` in the title).
    ``source_region`` only settles names that several divisions bear. ``wanted`` limits the work to these
    fields (an import that states most of them itself). Pure; linear in the text.
    """
    names = frozenset(FIELD_NAMES if wanted is None else wanted)
    out: dict[str, tuple[FieldValue, ...]] = {}
    if "title" in names:
        out["title"] = _title(title, plain)
    if not names - {"title"}:
        return {name: values for name, values in out.items() if values}
    flat = flatten(plain[:LONGEST_BODY])
    candidates = find_candidates(flat, find_sections(flat))
    kind_field = read_type(candidates, title)
    kind = kind_field[0].value if kind_field else None
    assert kind is None or isinstance(kind, NoticeType)
    if "type" in names:
        out["type"] = kind_field
    _parties(out, names, candidates, title, kind, source_region)
    _amounts(out, names, candidates, kind)
    _moments(out, names, candidates, kind)
    return {name: out[name] for name in FIELD_NAMES if out.get(name)}


def _parties(
    out: dict[str, tuple[FieldValue, ...]], names: frozenset[str], candidates: Candidates, title: str,
    kind: NoticeType | None, source_region: Region | None,
) -> None:
    if "project_number" in names:
        out["project_number"] = read_project_number(candidates, title)
    buyer = read_buyer(candidates, title) if names & {"buyer", "region", "agency"} else ()
    agency = read_agency(candidates, title) if "agency" in names else ()
    if "buyer" in names:
        out["buyer"] = buyer
    if "agency" in names and not (agency and buyer and agency[0].value == buyer[0].value):
        out["agency"] = agency
    if "suppliers" in names:
        out["suppliers"] = read_suppliers(candidates, kind)
    if "region" in names:
        out["region"] = read_region(candidates, title, buyer[0] if buyer else None, source_region)


def _amounts(
    out: dict[str, tuple[FieldValue, ...]], names: frozenset[str], candidates: Candidates, kind: NoticeType | None
) -> None:
    for name in ("budget", "ceiling_price"):
        if name in names:
            out[name] = read_amount_field(name, candidates)
    if "award_amount" in names and kind in _awarded:
        out["award_amount"] = read_amount_field("award_amount", candidates)
    if "deposit" in names and kind not in _no_gates:
        out["deposit"] = read_amount_field("deposit", candidates)


def _moments(
    out: dict[str, tuple[FieldValue, ...]], names: frozenset[str], candidates: Candidates, kind: NoticeType | None
) -> None:
    moments = MomentReader(candidates)
    for name in MOMENT_FIELDS:
        # The opening may be stated as that of the deadline, so the deadline is read before it.
        if (name in names or (name == "deadline" and "opening_time" in names)) and (
            kind not in _no_gates or name == "opening_time"
        ):
            found = moments.read(name)
            if name in names:
                out[name] = found
    if "published" in names:
        out["published"] = moments.published()


def _title(title: str, plain: str) -> tuple[FieldValue, ...]:
    stripped = title.strip()
    if stripped:
        start = title.index(stripped)
        return (FieldValue(
            value=clean(stripped), where="title", start=start, end=start + len(stripped), text=stripped, confidence=1.0),)
    for line in plain[:2000].split("\n"):
        bare = line.strip()
        if 8 <= len(bare) <= 120 and ">" not in bare and bare.endswith(("公告", "公示", "通知", "通知书", "邀请函", "）", ")")):
            start = plain.index(bare)
            return (FieldValue(
                value=clean(bare), where="body", start=start, end=start + len(bare), text=bare, confidence=0.7),)
    return ()
