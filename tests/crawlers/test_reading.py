"""The sans-IO crawl against portals that misbehave, publish while being read, cut, repeat and break."""

from __future__ import annotations

import datetime as dt

import pytest

from crawlers.reading import Crawl
from crawlers.window import Window
from opportunity.page import PageRequest
from tests.crawlers.portals import SOURCE, START, Driver, Shelf, ShelfPlatform, clean

HOUR = dt.timedelta(hours=1)
DAY = Window(start=START - 24 * HOUR)
TRUST = Window(start=START - 24 * HOUR, trust_until=START + 24 * HOUR)


def filled(count: int, hours_apart: float = 0.5, **options: object) -> Shelf:
    """A shelf of ``count`` notices, the newest published just before START."""
    shelf = Shelf(**options)  # type: ignore[arg-type]
    for back in range(count, 0, -1):
        shelf.publish(1, START - back * hours_apart * HOUR)
    return shelf


def in_window(shelf: Shelf) -> set[str]:
    return {one.key for one in shelf.entries if DAY.start <= one.published <= START}


def test_the_whole_window_is_read_and_what_is_older_is_left_alone() -> None:
    shelf = filled(100)
    driver = Driver(shelf)
    outcome = driver.run(DAY, START)
    assert clean(outcome)
    assert driver.stored == in_window(shelf)
    assert len(driver.stored) == 48
    # 48 rows are 9.6 pages; two whole pages of older rows end the walk; one look again at the first page.
    assert driver.lists() == 12 + 1
    assert outcome.counts.requests == len(driver.asked) == 13 + 48


def test_one_page_of_older_rows_does_not_end_a_walk() -> None:
    shelf = filled(20)
    for entry in shelf.entries[5:10]:
        entry.published -= 100 * HOUR
    driver = Driver(shelf)
    assert clean(driver.run(DAY, START))
    assert driver.stored == {one.key for one in shelf.entries[:5] + shelf.entries[10:]}


def test_known_rows_end_a_walk_only_where_they_may_be_trusted() -> None:
    shelf = filled(40)
    trusting = Driver(shelf, stored=in_window(shelf))
    assert clean(trusting.run(TRUST, START))
    assert trusting.lists() == 2 + 1
    doubting = Driver(shelf, stored=in_window(shelf))
    assert clean(doubting.run(DAY, START))
    assert doubting.lists() == 8 + 1
    assert all(request.purpose == "list" for request in doubting.asked), "known rows are not fetched again"


def test_in_a_list_with_the_oldest_first_known_rows_end_nothing() -> None:
    """A portal that ignores the sort field within the window it was asked for."""
    shelf = filled(40, upside_down=True)
    driver = Driver(shelf, stored=in_window(shelf))
    new = shelf.publish(4, START)
    assert clean(driver.run(TRUST, START))
    assert {one.key for one in new} <= driver.stored


def test_rows_pinned_on_top_do_not_make_a_list_unordered() -> None:
    shelf = filled(40)
    shelf.entries.insert(0, shelf.entries.pop(30))
    shelf.entries.insert(2, shelf.entries.pop(35))
    driver = Driver(shelf, stored=in_window(shelf))
    assert clean(driver.run(TRUST, START))
    assert driver.lists() == 2 + 1


def test_a_killed_run_leaves_no_hole_behind_rows_it_stored() -> None:
    """The classic trap: stored rows on top make the next run stop above rows that nobody has read."""
    shelf = filled(45)
    driver = Driver(shelf, kill_at=30)
    assert not clean(driver.run(TRUST, START))
    assert driver.stored and driver.stored < in_window(shelf)
    driver.kill_at = None
    assert clean(driver.run(DAY, START))
    assert driver.stored == in_window(shelf)


def test_notices_published_while_the_list_is_read_are_found_and_nothing_slips() -> None:
    shelf = filled(48)

    def between(number: int, request: PageRequest) -> None:
        if request.state.get("page") in (2, 5):
            shelf.publish(2, START)

    driver = Driver(shelf, between=between)
    before = in_window(shelf)
    outcome = driver.run(DAY, START)
    assert clean(outcome)
    assert before <= driver.stored
    assert len(driver.stored - before) == 4, "the look at the first page at the end found the new ones"


def test_more_new_notices_than_a_page_holds_are_left_to_the_next_run() -> None:
    """Storing only the topmost of them would make the next run stop above the others."""
    shelf = filled(30)

    def between(number: int, request: PageRequest) -> None:
        if request.state.get("page") == 3:
            shelf.publish(17, START)

    driver = Driver(shelf, between=between)
    assert clean(driver.run(DAY, START))
    assert len(driver.stored) == 30 + 2, "two had come to the page that was asked for next"
    driver.between = lambda number, request: None
    assert clean(driver.run(TRUST, START))
    assert len(driver.stored) == 47


def test_rows_that_fall_away_while_the_list_is_read_make_the_run_say_so() -> None:
    shelf = filled(40)

    def between(number: int, request: PageRequest) -> None:
        if request.state.get("page") == 2:
            del shelf.entries[0]

    outcome = Driver(shelf, between=between).run(DAY, START)
    assert not clean(outcome)
    assert any(label == "truncated" for label, _ in outcome.problems)


def test_a_row_skipped_because_another_fell_away_is_told_even_where_known_rows_end_the_walk() -> None:
    shelf = filled(40)
    stored = in_window(shelf)
    fresh = shelf.publish(12, START)

    def between(number: int, request: PageRequest) -> None:
        if request.state.get("page") == 2:
            del shelf.entries[0]

    driver = Driver(shelf, stored=stored, between=between)
    outcome = driver.run(TRUST, START)
    assert not {one.key for one in fresh} <= driver.stored
    assert not clean(outcome)


def test_half_a_list_is_noticed_by_the_total() -> None:
    shelf = filled(30, spoil=lambda request, text: text.replace('"total": 30', '"total": 60'))
    driver = Driver(shelf)
    outcome = driver.run(DAY, START)
    assert (outcome.listed, outcome.covered) == (60, 30)
    assert not clean(outcome)


def test_a_list_that_repeats_its_last_page_for_ever_is_a_trap() -> None:
    shelf = filled(12, sticks=True, totals=False)
    driver = Driver(shelf)
    outcome = driver.run(DAY, START)
    assert driver.lists() <= 6
    assert outcome.chain_broken == ("组 None",)
    assert driver.stored == in_window(shelf)


@pytest.mark.parametrize("purpose", ["list", "notice"])
def test_an_error_in_the_middle_is_named_whatever_the_error_rate(purpose: str) -> None:
    shelf = filled(48)
    order = Driver(shelf)
    order.run(DAY, START)
    number = [n for n, request in enumerate(order.asked, 1) if request.purpose == purpose][5]
    driver = Driver(shelf, fails=frozenset({number}))
    outcome = driver.run(DAY, START)
    assert not clean(outcome)
    assert any(label == "network" for label, _ in outcome.problems)
    assert bool(outcome.chain_broken) is (purpose == "list")
    assert len(driver.stored) == (25 if purpose == "list" else 47)


def test_one_unreadable_notice_is_quarantined_and_the_rest_goes_on() -> None:
    shelf = filled(40)
    shelf.entries[3].broken = True
    driver = Driver(shelf)
    outcome = driver.run(DAY, START)
    assert outcome.counts.quarantined == 1
    assert [(problem.label, problem.key) for problem in driver.problems] == [("layout", shelf.entries[3].key)]
    assert driver.problems[0].page is not None
    assert not outcome.problems, "one in forty is no change of layout"
    assert len(driver.stored) == 39


def test_rows_of_unknown_type_neither_end_a_walk_nor_keep_it_going() -> None:
    shelf = filled(40)
    strange = frozenset({shelf.entries[2].key, shelf.entries[7].key})
    driver = Driver(shelf, stored=in_window(shelf) - strange, strange=strange)
    outcome = driver.run(TRUST, START)
    assert driver.lists() == 2 + 1
    assert outcome.counts.quarantined == 2
    fresh = Driver(filled(40), strange=strange)
    fresh.run(DAY, START)
    assert len(fresh.stored) == 38


def test_what_went_to_quarantine_lately_is_left_alone_and_does_not_keep_a_walk_going() -> None:
    shelf = filled(40)
    resting = frozenset({shelf.entries[1].key, shelf.entries[8].key})
    driver = Driver(shelf, stored=in_window(shelf) - resting, resting=resting)
    outcome = driver.run(TRUST, START)
    assert [request.purpose for request in driver.asked] == ["list"] * 3
    assert outcome.counts.quarantined == 0
    assert outcome.counts.ignored == {"已隔离，过些时候再试": 2}


def test_two_pages_of_nothing_but_unknown_types_do_not_end_a_walk() -> None:
    shelf = filled(40)
    strange = frozenset(one.key for one in shelf.entries[:10])
    driver = Driver(shelf, strange=strange)
    driver.run(TRUST, START)
    assert len(driver.stored) == 30


def test_many_unreadable_notices_are_a_layout_problem_of_the_run() -> None:
    shelf = filled(40)
    for entry in shelf.entries[:6]:
        entry.broken = True
    assert [label for label, _ in Driver(shelf).run(DAY, START).problems] == ["layout"]


def test_a_budget_that_runs_out_is_said() -> None:
    driver = Driver(filled(40))
    outcome = driver.run(DAY, START, budget=20)
    assert len(driver.asked) == 20
    assert [label for label, _ in outcome.problems] == ["limit"]
    assert outcome.chain_broken


def test_a_budget_that_runs_out_among_the_notices_of_the_last_page_breaks_its_chain_too() -> None:
    outcome = Driver(filled(5)).run(DAY, START, budget=4)
    assert outcome.chain_broken == ("组 None",)


def test_an_empty_list_must_be_proved() -> None:
    outcome = Driver(Shelf()).run(DAY, START)
    assert outcome.proved_empty and clean(outcome)
    empty = '{"rows": [], "more": false, "total": null, "cut": false, "split": false}'
    shelf = filled(8, spoil=lambda request, text: empty if request.state.get("page") == 1 else text)
    outcome = Driver(shelf).run(DAY, START)
    assert [label for label, _ in outcome.problems] == ["layout"]
    assert not outcome.proved_empty


@pytest.mark.parametrize("where", ["list", "notice"])
def test_a_challenge_stops_everything_at_once(where: str) -> None:
    challenge = "<html><head><title>安全验证</title></head></html>"
    asked: list[PageRequest] = []
    shelf = filled(
        40, spoil=lambda request, text: challenge if request.purpose == where and len(asked) > 7 else text
    )
    crawl = Crawl(
        SOURCE, ShelfPlatform(), window_start=DAY.start, now=START, budget=100, known=lambda keys: set()
    )
    pending = crawl.start()
    while pending and not crawl.stopped:
        request = pending.pop(0)
        asked.append(request)
        step = crawl.receive(shelf.answer(request, START))
        pending += step.requests
    assert crawl.stopped and crawl.done
    late = crawl.receive(shelf.answer(asked[-2], START))
    assert not late.requests and not late.notices, "answers that come late lead nowhere"
    outcome = crawl.outcome("blocked")
    assert [label for label, _ in outcome.problems] == ["blocked"]


def test_a_list_the_portal_cuts_is_read_by_narrower_queries() -> None:
    shelf = filled(46, cap=20)
    driver = Driver(shelf)
    outcome = driver.run(DAY, START)
    assert clean(outcome)
    assert driver.stored == in_window(shelf)
    assert (outcome.listed, outcome.covered) == (46, 46)


def test_a_cut_list_is_not_split_while_known_rows_are_near() -> None:
    shelf = filled(46, cap=20)
    driver = Driver(shelf, stored=in_window(shelf))
    shelf.publish(3, START)
    assert clean(driver.run(TRUST, START))
    assert driver.lists() == 3 + 1
    assert len(driver.stored) == 49


def test_rows_that_scrolled_out_before_anyone_read_them_are_not_passed_over() -> None:
    shelf = filled(60, hours_apart=0.25, keeps=20, totals=False)
    driver = Driver(shelf)
    outcome = driver.run(DAY, START)
    assert outcome.total_capped and [label for label, _ in outcome.problems] == ["limit"]
    shelf.publish(10, START + HOUR)
    assert clean(driver.run(TRUST, START + HOUR)), "joined to what the run before had read"
    shelf.publish(30, START + 2 * HOUR)
    assert not clean(driver.run(TRUST, START + 2 * HOUR)), "ten of thirty had scrolled out"


def test_a_first_page_that_goes_back_in_time_is_noticed() -> None:
    shelf = filled(10)
    driver = Driver(shelf)

    def between(number: int, request: PageRequest) -> None:
        if request.state.get("page") == 0 and number > 1:
            del shelf.entries[0]

    driver.between = between
    outcome = driver.run(DAY, START)
    assert any("首页" in sentence for _, sentence in outcome.problems)


def test_a_row_inserted_late_is_found_by_a_whole_walk() -> None:
    shelf = filled(40)
    driver = Driver(shelf, stored=in_window(shelf))
    late = shelf.publish(1, START - 15 * HOUR)[0]
    shelf.entries.insert(30, shelf.entries.pop(0))
    driver.run(TRUST, START)
    assert late.key not in driver.stored
    assert clean(driver.run(Window(start=TRUST.start, trust_until=TRUST.trust_until, whole=True), START))
    assert late.key in driver.stored


def test_a_notice_of_several_pages_is_read_once_all_are_there_in_whatever_order() -> None:
    shelf = filled(4)
    crawl = Crawl(
        SOURCE, ShelfPlatform(each=3), window_start=DAY.start, now=START, known=lambda keys: set(), budget=100
    )  # fmt: skip
    pending, notices = crawl.start(), []
    lost = None
    while pending:
        request = pending.pop()
        if request.purpose == "notice" and lost in (None, request.row_key) and request.state["part"] == 1:
            lost = request.row_key
            step = crawl.fail(request, "network", "连接中断")
        else:
            step = crawl.receive(shelf.answer(request, START))
        pending += step.requests
        notices += step.notices
    assert crawl.done
    assert sorted(notice.key for notice, _ in notices) == sorted({"n1", "n2", "n3", "n4"} - {str(lost)})
    assert {notice.body for notice, _ in notices} == {"正文\n正文\n正文"}
    assert [label for label, _ in crawl.outcome("finished").problems] == ["network"]


def test_an_error_of_our_own_in_a_reader_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ShelfPlatform, "read_notice", lambda *values: [][len(values)])
    driver = Driver(filled(5))
    outcome = driver.run(DAY, START)
    assert {problem.label for problem in driver.problems} == {"ours"}
    assert outcome.counts.quarantined == 5


def test_tickets_and_platform_state_travel_together() -> None:
    driver = Driver(filled(12))
    driver.run(DAY, START)
    assert [request.state["crawl"] for request in driver.asked] == list(range(1, len(driver.asked) + 1))
    assert all(request.row_key for request in driver.asked if request.purpose == "notice")
