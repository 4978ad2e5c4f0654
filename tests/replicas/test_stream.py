"""What is published, when, and that texts hold what their truth says."""

from __future__ import annotations

import datetime as dt
import html
import re
from pathlib import Path

from opportunity.notice import NoticeType
from tests.replicas.client import fetch
from tests.replicas.invented import Inventor
from tests.replicas.layouts import LAYOUTS
from tests.replicas.replica import ManualClock, Replica
from tests.replicas.vocabulary import KINDS, NOTE

ROOT = Path(__file__).resolve().parents[2]


def test_the_clock_brings_new_notices(clock: ManualClock) -> None:
    with Replica(clock=clock, notices=20, pace=(20.0, 60.0)) as replica:
        clock.move(minutes=10)
        assert all(fetch(served.base + "/robots.txt").status in (200, 404) for served in replica.all)
        counts = [len(served.truth) - 20 for served in replica.all]
        assert all(10 <= count <= 30 for count in counts)
        assert all(entry.published <= clock() for served in replica.all for entry in served.truth)
        assert max(entry.published for entry in replica.ccgp.truth) > clock() - dt.timedelta(seconds=61)


def test_portals_share_opportunities(clock: ManualClock) -> None:
    with Replica(seed=6, clock=clock, notices=80, shared=0.3, pace=(20.0, 60.0)) as replica:
        at_source = {entry.notice.html: entry for entry in replica.epoint.truth}
        twice = [entry for entry in replica.ccgp.truth if entry.notice.html in at_source]
        assert len(twice) >= 5
        for entry in twice:
            first = at_source[entry.notice.html]
            assert entry.published > first.published and entry.notice.project_number == first.notice.project_number
            assert entry.notice.title.endswith(first.notice.title)
        corrected = replica.ccgp.correct(twice[0].key)
        assert corrected.notice.project_name == twice[0].notice.project_name
        clock.move(hours=4)
        for served in replica.all:
            served.portal.catch_up()
        later = {entry.notice.html for entry in replica.epoint.truth} & {entry.notice.html for entry in replica.ggzy.truth}
        assert len(later) > 10


def test_publish_correct_revise_withdraw_and_backdate(replica: Replica, clock: ManualClock) -> None:
    ccgp = replica.ccgp
    fresh = ccgp.publish(2)
    clock.move(seconds=1)
    assert {entry.key for entry in ccgp.truth[:2]} == {entry.key for entry in fresh}
    target = next(entry for entry in ccgp.truth if entry.notice.type is NoticeType.TENDER and entry.notice.project_number)
    correction = ccgp.correct(target.key)
    assert correction.notice.type is NoticeType.CORRECTION
    assert correction.notice.project_number == target.notice.project_number
    assert correction.notice.project_name == target.notice.project_name
    before = fetch(ccgp.base + target.path).body
    ccgp.revise(target.key)
    after = fetch(ccgp.base + target.path).body
    assert before != after and "补充说明" in after.decode()
    ccgp.withdraw(target.key)
    assert fetch(ccgp.base + target.path).status == 404
    assert target.key not in {entry.key for entry in ccgp.truth}
    old = ccgp.backdate(3, 2)
    order = [entry.key for entry in ccgp.truth]
    assert 0 < order.index(old[0].key) < len(order) - 1


def test_the_same_seed_invents_the_same(clock: ManualClock) -> None:
    def titles() -> list[str]:
        inventor = Inventor(9)
        return [inventor.next(clock()).title for _ in range(50)]

    assert titles() == titles()


def test_the_invented_are_various_and_say_so(clock: ManualClock) -> None:
    inventor = Inventor(2)
    made = [inventor.next(clock() + dt.timedelta(hours=number)) for number in range(1500)]
    assert {notice.type for notice in made} == set(NoticeType)
    assert {notice.layout for notice in made} == set(LAYOUTS)
    assert len(KINDS) >= 60 and all(NOTE in notice.html for notice in made)
    assert len({notice.title for notice in made}) > 1000
    text = "".join(notice.html for notice in made)
    assert all(word in text for word in ("智慧城市", "在建工程", "24口交换机", "1.5匹空调", "PD1728_A", "1-8号线", "18号线"))
    assert not re.search(r"1[3-9]\d{9}(?!\d)", re.sub(r"<[^>]+>", " ", text).replace("20", "  "))
    corrected = [notice for notice in made if notice.type is NoticeType.CORRECTION and notice.deadline is not None]
    assert corrected and all(isinstance(notice.deadline, dt.datetime) for notice in corrected)


def test_texts_hold_their_truth(clock: ManualClock) -> None:
    inventor = Inventor(4)
    for number in range(300):
        notice = inventor.next(clock() + dt.timedelta(hours=number))
        text = notice.title + html.unescape(re.sub(r"<[^>]+>", "", notice.html))
        for value in (notice.project_number, notice.buyer, notice.agency, *notice.suppliers):
            assert value is None or value in text


