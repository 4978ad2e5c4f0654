"""Query trees for hypothesis: leaves are pieces of the corpus itself, so most trees find something."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from indexer.words import Cutter
from opportunity.matching import texts_of
from opportunity.notice import AMOUNT_FIELDS, MOMENT_FIELDS, NoticeRecord, NoticeType
from opportunity.query import (
    DEFAULT_SCOPE,
    AmountRange,
    And,
    Choice,
    Everything,
    MomentRange,
    Node,
    Not,
    Openness,
    Or,
    Phrase,
    Query,
    Scope,
    Sort,
    Term,
)
from opportunity.text import readings
from tests.corpus import NOW, REGIONS, SOURCES

_COMMON = ("采购", "项目", "公司", "有限公司", "监控", "工程", "投标", "服务", "2026", "号", "的", "设备")


def query_trees(records: Sequence[NoticeRecord], cutter: Cutter) -> st.SearchStrategy[Query]:
    """Whole queries: a tree of up to some twenty leaves and up to two filters beside it."""
    return st.builds(
        lambda root, filters, sort: Query(
            root=root, filters=tuple(filters), fingerprint=cutter.fingerprint, now=NOW, sort=sort
        ),
        nodes(records, cutter), st.lists(_filters(), max_size=2), st.sampled_from(Sort),
    )


def nodes(records: Sequence[NoticeRecord], cutter: Cutter) -> st.SearchStrategy[Node]:
    scopes = st.one_of(st.just(Scope.DEFAULT), st.sampled_from(DEFAULT_SCOPE))
    pieces = st.one_of(_pieces(records), st.sampled_from(_COMMON)).filter(lambda text: bool(readings(text)[0]))
    phrases = st.builds(lambda text, scope: Phrase(raw=text, text=readings(text)[0], scope=scope), pieces, scopes)
    terms = st.builds(
        lambda text, scope, whole: Term(raw=text, words=tuple(cutter.term_words(text)), scope=scope, whole=whole),
        pieces, scopes, st.sampled_from((False, False, False, True)),
    )
    leaves: st.SearchStrategy[Node] = st.one_of(phrases, phrases, terms, terms, _filters(), st.just(Everything()))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(lambda part: Not(part=part), inner),
            st.builds(lambda parts: And(parts=tuple(parts)), st.lists(inner, max_size=3)),
            st.builds(lambda parts: Or(parts=tuple(parts)), st.lists(inner, max_size=4)),
        ),
        max_leaves=12,
    )


@st.composite
def _pieces(draw: st.DrawFn, records: Sequence[NoticeRecord]) -> str:
    record = draw(st.sampled_from(records))
    texts = [text for strings in texts_of(record).values() for text in strings]
    text = draw(st.sampled_from(texts))
    start = draw(st.integers(0, max(0, len(text) - 2)))
    return text[start : start + draw(st.integers(1, 7))]


def _filters() -> st.SearchStrategy[Node]:
    unknown = st.booleans()
    amounts = st.one_of(
        st.none(), st.decimals(0, 1_100_000, places=3), st.sampled_from((Decimal(100), Decimal("5000.25")))
    )
    moments = st.one_of(
        st.none(), st.integers(-70 * 24, 25 * 24).map(lambda hours: NOW + dt.timedelta(hours=hours))
    )
    regions = tuple(region.code for region in REGIONS)
    choices = {
        "type": tuple(NoticeType), "region": (*regions, "100000", "430000"),
        "source": (*SOURCES, "nowhere"), "origin": ("import", "live"),
    }
    return st.one_of(
        st.builds(AmountRange, field=st.sampled_from(AMOUNT_FIELDS), low=amounts, high=amounts, unknown=unknown),
        st.builds(
            MomentRange, field=st.sampled_from(("published", "first_seen", "enter_until", *MOMENT_FIELDS)),
            low=moments, high=moments, unknown=unknown,
        ),
        st.one_of([
            st.builds(
                Choice, field=st.just(field), unknown=unknown,
                values=st.lists(st.sampled_from(values), max_size=3).map(tuple),
            )
            for field, values in choices.items()
        ]),
        st.builds(
            Openness, states=st.lists(st.sampled_from(("open", "closed", "unknown")), max_size=2).map(tuple),
            now=st.integers(-400, 400).map(lambda hours: NOW + dt.timedelta(hours=hours)),
        ),
    )


def run_examples(strategy: st.SearchStrategy[Query], check: Callable[[Query], None], *, examples: int) -> None:
    """Runs ``check`` on drawn queries, always the same ones; a failure is shrunk and raised."""

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
    )
    @given(strategy)
    def run(query: Query) -> None:
        check(query)

    run()
