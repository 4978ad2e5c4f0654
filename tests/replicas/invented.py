"""Invented notices with their ground truth, from a seed: the same seed and times give the same notices.

``Inventor.next`` begins a project or carries one on (更正, 终止, 候选人, 中标, 合同 …); ``Inventor.correct`` makes
the 更正公告 of a given notice's project. Nothing here knows a portal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

from opportunity.notice import SHANGHAI, Moment, NoticeType, Region
from tests.replicas import layouts, outcomes, procurement, works
from tests.replicas import vocabulary as words
from tests.replicas.draft import Draft, Lot, Project
from tests.replicas.titles import title_of

PLACES, JIANGSU = words.PLACES, words.JIANGSU


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An attached document: its name, its identity within the replica, and its bytes (invented text)."""

    name: str
    id: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """One invented notice: its HTML body and what a careful reader must find in it.

    Amounts are 元; a moment is an aware instant or a day; None or () means the notice does not say. For fields in
    ``unclear`` the text allows more than one answer, so nothing should be held against a reader.
    """

    title: str
    html: str
    layout: str
    type: NoticeType
    works: bool
    central: bool
    project_name: str
    place: words.Place
    region: Region
    published: dt.datetime
    project_number: str | None = None
    buyer: str | None = None
    agency: str | None = None
    suppliers: tuple[str, ...] = ()
    budget: Decimal | None = None
    ceiling_price: Decimal | None = None
    award_amount: Decimal | None = None
    deposit: Decimal | None = None
    registration_end: Moment | None = None
    deposit_due: Moment | None = None
    question_end: Moment | None = None
    deadline: Moment | None = None
    opening_time: Moment | None = None
    attachments: tuple[Paper, ...] = ()
    unclear: frozenset[str] = frozenset()
    known_buyer: str = ""
    known_agency: str | None = None
    deal: str = "中标"
    project: Project = field(repr=False, compare=False)


_procurement = {
    NoticeType.TENDER: procurement.invitation,
    NoticeType.NEGOTIATION: procurement.invitation,
    NoticeType.CONSULTATION: procurement.invitation,
    NoticeType.INQUIRY: procurement.invitation,
    NoticeType.PREQUALIFICATION: procurement.invitation,
    NoticeType.INTENTION: outcomes.intention,
    NoticeType.SINGLE_SOURCE: outcomes.single_source,
    NoticeType.CORRECTION: outcomes.correction,
    NoticeType.TERMINATION: outcomes.termination,
    NoticeType.AWARD: outcomes.award,
    NoticeType.CONTRACT: outcomes.contract,
    NoticeType.ACCEPTANCE: outcomes.acceptance,
    NoticeType.OTHER: outcomes.complaint,
}
_works = {
    NoticeType.TENDER: works.tender,
    NoticeType.CANDIDATE: works.candidate,
    NoticeType.AWARD: works.result,
    NoticeType.CORRECTION: works.clarification,
    NoticeType.TERMINATION: works.termination,
}
_methods = (
    [NoticeType.TENDER] * 5 + [NoticeType.CONSULTATION] * 4 + [NoticeType.NEGOTIATION] * 2 + [NoticeType.INQUIRY] * 2
    + [NoticeType.SINGLE_SOURCE, NoticeType.PREQUALIFICATION]
)
_invitations = frozenset(
    {NoticeType.TENDER, NoticeType.CONSULTATION, NoticeType.NEGOTIATION, NoticeType.INQUIRY, NoticeType.PREQUALIFICATION}
)


class Inventor:
    """Makes projects and their notices from a seed. ``places`` limits where; not safe for several threads."""

    def __init__(self, seed: int | str, *, places: Sequence[words.Place] = PLACES, works_share: float = 0.3,
                 central_share: float = 0.0) -> None:
        self._rng = Random(str(seed))
        self._places = tuple(places)
        self._works_share = works_share
        self._central_share = central_share
        self._projects: list[Project] = []
        self._serial = 0

    def next(self, published: dt.datetime) -> Invented:
        """The next notice, published at the given instant: a new project's, or one more of a running one."""
        running = [project for project in self._projects[-60:] if not project.ended]
        if running and self._rng.random() < 0.5:
            project = self._rng.choice(running)
            # while bids are still being prepared most projects are quiet
            quiet = project.stage in _invitations and project.deadline > published and self._rng.random() < 0.6
            if not quiet:
                return self._carry_on(project, published)
        project = self._begin(published)
        self._projects.append(project)
        return self._write(project, self._first_type(project, published), published)

    def correct(self, notice: Invented, published: dt.datetime) -> Invented:
        """A 更正公告 of the same project as ``notice`` (same number and name, a later deadline or new papers)."""
        return self._write(notice.project, NoticeType.CORRECTION, published)

    def revise(self, notice: Invented) -> Invented:
        """The same notice with one more sentence, as a publisher edits it in place; its facts stay."""
        added = f"<p>补充说明（第{self._rng.randrange(2, 9)}版）：现场踏勘集合地点改为{notice.place.full}演示广场东门。</p>"
        return replace(notice, html=notice.html + added)

    def _begin(self, now: dt.datetime) -> Project:
        rng = self._rng
        place = rng.choice(self._places)
        works_wanted = rng.random() < self._works_share
        kind = rng.choice([kind for kind in words.KINDS if (kind.category == "works") is works_wanted])
        central = not works_wanted and rng.random() < self._central_share
        buyer = self._buyer(place, works_wanted, central)
        method = NoticeType.TENDER if works_wanted else rng.choice(_methods)
        deadline = self._deadline(now, method)
        budget = self._budget(kind)
        again = "（二次）" if rng.random() < 0.06 else ""
        name = self._name(buyer, place, kind, now) + again
        stem = rng.choice(words.STEMS)
        agency = place.city + rng.choice(words.AGENCIES).format(stem=stem) if rng.random() < 0.85 else None
        ceiling = (budget * Decimal(rng.randrange(90, 101)) / 100).quantize(Decimal("0.01")) if rng.random() < 0.5 else None
        deposit = Decimal(rng.randrange(1, 40) * 1000) if rng.random() < (0.8 if works_wanted else 0.25) else None
        return Project(
            name=name, kind=kind, place=place, buyer=buyer, agency=agency, number=self._number(place, method, now), method=method,
            central=central, budget=budget, ceiling=ceiling, deposit=deposit, lots=self._lots(kind, budget, place), begun=now,
            deadline=deadline, documents_until=self._documents_until(now, deadline), quantity=self._quantity(kind),
        )

    def _name(self, buyer: str, place: words.Place, kind: words.Kind, now: dt.datetime) -> str:
        end = "工程" if kind.category == "works" else "采购项目"
        patterns = (
            f"{buyer}{kind.name}{end}", f"{buyer}{now.year}年度{kind.name}{end}", f"{buyer}{kind.name}及配套{end}",
            f"{place.county}{self._rng.choice(words.STEMS)}片区{kind.name}{end}", f"{now.year}-{now.year + 1}年{buyer}{kind.name}项目",
        )
        return self._rng.choice(patterns)

    def _buyer(self, place: words.Place, works_wanted: bool, central: bool) -> str:
        rng = self._rng
        pattern = rng.choice(words.CENTRAL_BODIES if central else words.BODIES)
        if works_wanted and rng.random() < 0.5:
            pattern = rng.choice(words.COMPANY_BODIES)
        return (place.city or place.province if central else place.short) + pattern.format(stem=rng.choice(words.STEMS))

    def _budget(self, kind: words.Kind) -> Decimal:
        rng = self._rng
        # firms' market: small sums are more frequent than large ones
        share = Decimal(rng.random() ** 2).quantize(Decimal("0.0001"))
        amount = (kind.low + (kind.high - kind.low) * share) * 10000
        step = rng.choice((Decimal(10000), Decimal(1000), Decimal(100), Decimal("0.01")))
        return (amount / step).quantize(Decimal(1)) * step if step > 1 else (amount + Decimal(rng.randrange(99)) / 100).quantize(step)

    def _quantity(self, kind: words.Kind) -> int:
        if kind.unit in ("项", "部", "座", "栋", "处", "兆瓦") or kind.low >= 60:
            return self._rng.randrange(1, 4)
        return self._rng.randrange(1, 4) if kind.unit == "年" else self._rng.randrange(2, 200)

    def _lots(self, kind: words.Kind, budget: Decimal, place: words.Place) -> tuple[Lot, ...]:
        rng = self._rng
        count = rng.choice((1, 1, 1, 1, 1, 2, 3)) if budget >= 300_000 else 1
        share = (budget / count).quantize(Decimal("0.01"))
        stems = rng.sample(words.STEMS, count)
        lots = []
        for index in range(count):
            award = (share * Decimal(rng.randrange(800, 995)) / 1000).quantize(Decimal("0.01"))
            lots.append(Lot(
                name=f"采购包{index + 1}", budget=share, award=award,
                supplier=(place.city or place.province) + rng.choice(words.FIRMS[kind.category]).format(stem=stems[index]),
            ))
        return tuple(lots)

    def _number(self, place: words.Place, method: NoticeType, now: dt.datetime) -> str | None:
        rng = self._rng
        self._serial += 1
        if rng.random() < 0.06:
            return None
        letters = {"tender": "GK", "consultation": "CS", "negotiation": "TP", "inquiry": "XJ", "single_source": "DY"}.get(method.value, "ZG")
        patterns = (
            f"YS{letters}{now.year}-{place.code}-{self._serial:04}", f"YSZC{now.year}-{letters}-{self._serial:05}-QX",
            f"演采{letters}〔{now.year}〕{self._serial:03}号", f"{place.code}{now.year}{self._serial:06}", f"YS-{now.year}{now.month:02}-{self._serial:04}",
            f"[{place.code}]YSJY[{letters}]{now.year}{self._serial:04}",
        )
        return rng.choice(patterns)

    def _deadline(self, now: dt.datetime, method: NoticeType) -> dt.datetime:
        days = 20 if method in (NoticeType.TENDER, NoticeType.PREQUALIFICATION) else 7
        date = now.astimezone(SHANGHAI).date() + dt.timedelta(days=days + self._rng.randrange(0, 9))
        hour, minute = self._rng.choice(((9, 0), (9, 30), (10, 0), (13, 30), (14, 0), (14, 30), (15, 0)))
        return dt.datetime(date.year, date.month, date.day, hour, minute, tzinfo=SHANGHAI)

    def _documents_until(self, now: dt.datetime, deadline: dt.datetime) -> dt.date:
        return min(now.astimezone(SHANGHAI).date() + dt.timedelta(days=self._rng.randrange(5, 8)), deadline.date() - dt.timedelta(days=1))

    def _first_type(self, project: Project, published: dt.datetime) -> NoticeType:
        """Most begin with an invitation; some projects are met only at a later stage (begun weeks before)."""
        roll = self._rng.random()
        if roll < 0.62:
            return project.method
        if not project.works and roll < 0.72:
            project.deadline += dt.timedelta(days=40)
            return NoticeType.INTENTION
        project.begun = published - dt.timedelta(days=self._rng.randrange(25, 50))
        project.deadline = published - dt.timedelta(days=self._rng.randrange(2, 20))
        if project.works:
            return NoticeType.CANDIDATE if roll < 0.85 else NoticeType.AWARD
        return NoticeType.AWARD if roll < 0.9 else NoticeType.CONTRACT if roll < 0.96 else NoticeType.ACCEPTANCE

    def _carry_on(self, project: Project, published: dt.datetime) -> Invented:
        rng, stage = self._rng, project.stage
        if stage is NoticeType.INTENTION:
            project.begun = published
            project.deadline = self._deadline(published, project.method)
            project.documents_until = self._documents_until(published, project.deadline)
            return self._write(project, project.method, published)
        if stage is NoticeType.CANDIDATE:
            return self._write(project, NoticeType.AWARD, published)
        if stage is NoticeType.AWARD:
            return self._write(project, NoticeType.AWARD if project.works else NoticeType.CONTRACT, published, last=True)
        if stage in (NoticeType.CONTRACT, NoticeType.SINGLE_SOURCE):
            last = NoticeType.ACCEPTANCE if stage is NoticeType.CONTRACT else NoticeType.AWARD
            return self._write(project, last, published, last=True)
        if project.deadline > published:
            roll = rng.random()
            if roll < 0.72 and project.corrections < 2:
                return self._write(project, NoticeType.CORRECTION, published)
            if roll < 0.95 or project.works:
                return self._write(project, NoticeType.TERMINATION, published, last=True)
            return self._write(project, NoticeType.OTHER, published, last=True)
        return self._write(project, NoticeType.CANDIDATE if project.works else NoticeType.AWARD, published)

    def _write(self, project: Project, type: NoticeType, published: dt.datetime, *, last: bool = False) -> Invented:
        rng = self._rng
        draft = Draft(project=project, type=type, published=published, rng=rng)
        title = title_of(draft)
        if draft.chance(0.3):
            draft.centre(title)
        (_works if project.works else _procurement)[type](draft)
        layout = rng.choice(tuple(layouts.LAYOUTS))
        if type is NoticeType.CORRECTION:
            project.corrections += 1
        else:
            project.stage = type
        project.ended = project.ended or last or type in (NoticeType.TERMINATION, NoticeType.ACCEPTANCE)
        return Invented(
            title=title, html=layouts.render(layout, draft.blocks, rng), layout=layout, type=type, works=project.works,
            central=project.central, project_name=project.name, place=project.place, region=project.place.region, published=published,
            attachments=self._papers(draft, title), unclear=frozenset(draft.unclear), known_buyer=project.buyer,
            known_agency=project.agency, deal=outcomes.deal_word(draft), project=project, **draft.facts,
        )

    def _papers(self, draft: Draft, title: str) -> tuple[Paper, ...]:
        if draft.type not in _invitations and not draft.chance(0.2):
            return ()
        papers = []
        for name in self._rng.sample(("采购需求.docx", "采购文件.pdf", "工程量清单.xlsx"), self._rng.choice((0, 1, 1, 2))):
            identity = f"{self._rng.getrandbits(120):030x}"
            papers.append(Paper(name=f"{draft.project.name}{name}", id=identity, content=f"{title}\n{words.NOTE}\n".encode()))
        return tuple(papers)
