"""Documents: what an engine gets of a notice, and that it agrees with what the oracle looks at."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from indexer.documents import document_of
from indexer.words import cutter
from opportunity.notice import SHANGHAI, NoticeType, Region
from tests.opportunity.records import SEEN, record


def test_every_part_of_a_document() -> None:
    made = document_of(
        record(
            "智慧城市監控采购公告", "预算：3,750,000元，\n1-8号线", attachments=("图纸.pdf", "、"),
            buyer="宁波市某局", suppliers=("甲公司", "乙公司"), project_number="AB-1",
            budget=Decimal("3750000.00"), type=NoticeType.TENDER, region=Region(code="330200", name="浙江省宁波市"),
            published=dt.date(2026, 11, 20), deadline=dt.datetime(2026, 12, 1, 9, 30, tzinfo=SHANGHAI),
        ),
        cutter(),
    )
    assert made.texts == {
        "title": ("智慧城市监控采购公告",), "body": ("预算3750000元1.8号线",), "attachment": ("图纸pdf",),
        "project_number": ("ab1",), "buyer": ("宁波市某局",), "suppliers": ("甲公司", "乙公司"),
    }
    assert made.words["body"] == ("预算", "3750000", "元", "1.8", "号线")
    assert made.words["project_number"] == ("ab", "1")
    assert made.words["suppliers"] == ("甲", "公司", "乙", "公司")
    assert (made.type, made.region, made.source, made.origin) == ("tender", "330200", "demo_source", "import")
    assert made.amounts == {"budget": 375_000_000}
    day = int(dt.datetime(2026, 11, 20, tzinfo=SHANGHAI).timestamp())
    assert made.published == (day, day + 86_400)
    deadline = int(dt.datetime(2026, 12, 1, 9, 30, tzinfo=SHANGHAI).timestamp())
    assert made.moments == {"deadline": (deadline, deadline + 1)}
    assert (made.enter_until, made.closed_by_type) == (deadline, False)
    assert (made.seq, made.first_seq, made.first_seen) == (7, 5, int(SEEN.timestamp()))


def test_an_unknown_is_missing_and_never_a_made_up_value() -> None:
    made = document_of(record("甲", budget=Decimal("NaN"), deposit=Decimal("1e30")), cutter())
    assert made.amounts == {}
    assert (made.type, made.region, made.published, made.enter_until, made.moments) == (None, None, None, None, {})
    assert made.texts == {"title": ("甲",)}


def test_an_award_is_closed_by_its_type() -> None:
    assert document_of(record("甲", type=NoticeType.AWARD), cutter()).closed_by_type
