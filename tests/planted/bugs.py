"""The bugs: what is broken, where, by which change, and which tests must fail then."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """``old`` stands exactly once in ``file``; ``new`` takes its place; ``tests`` must then fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


_STORE = "tests/opportunity/store/"
_ENGINE = "tests/test_every_engine.py"

BUGS: tuple[Bug, ...] = (
    # --- the store
    Bug(
        name="a change row is dropped",
        file="opportunity/store/notices.py",
        old="(tables.reading, plan.readings), (tables.change, plan.changes),",
        new="(tables.reading, plan.readings), (tables.change, plan.changes[1:]),",
        tests=(f"{_STORE}test_notices.py",),
    ),
    Bug(
        name="the change numbers have gaps",
        file="opportunity/store/notices.py",
        old="    plan.counters.change += 1\n    state.seq = plan.counters.change\n",
        new="    plan.counters.change += 2\n    state.seq = plan.counters.change\n",
        tests=(f"{_STORE}test_database.py::test_writers_leave_no_gap_and_every_answer_names_its_change",),
    ),
    Bug(
        name="a commit is acknowledged before it is synced",
        file="opportunity/store/database.py",
        old='"PRAGMA synchronous = FULL"',
        new='"PRAGMA synchronous = NORMAL"',
        tests=(f"{_STORE}test_database.py::test_a_commit_is_on_the_disk_before_it_is_acknowledged",),
    ),
    Bug(
        name="a page is acknowledged before it is synced",
        file="opportunity/store/packs.py",
        old="        try:\n            os.fsync(self._file)\n",
        new="        try:\n            pass\n",
        tests=(f"{_STORE}test_database.py::test_a_page_is_synced_before_its_row_commits",),
    ),
    Bug(
        name="after a failed sync writing goes on",
        file="opportunity/store/packs.py",
        old="            self._failed = True\n",
        new="            self._failed = False\n",
        tests=(f"{_STORE}test_database.py::test_a_page_whose_sync_failed_is_not_acknowledged_nor_any_after_it",),
    ),
    Bug(
        name="the same notice is saved anew",
        file="opportunity/store/notices.py",
        old="        if same_reading and not state.withdrawn:\n",
        new="        if False:\n",
        tests=(f"{_STORE}test_notices.py::test_saving_the_same_twice_changes_nothing",),
    ),
    Bug(
        name="a correction is taken for another reading",
        file="opportunity/store/notices.py",
        old="    if same_content(stored, item.notice):\n",
        new="    if True:\n",
        tests=(f"{_STORE}test_notices.py::test_changed_content_is_a_version_that_is_published",),
    ),
    Bug(
        name="a take-down is forgotten when the notice is crawled again",
        file="opportunity/store/notices.py",
        old="    if item.id in plan.tombstones:\n",
        new="    if False:\n",
        tests=(f"{_STORE}test_removal.py::test_what_was_taken_down_stays_down",),
    ),
    Bug(
        name="extraction overwrites a given value",
        file="opportunity/notice.py",
        old="        return {**self.extracted, **self.notice.given}\n",
        new="        return {**self.notice.given, **self.extracted}\n",
        tests=(f"{_STORE}test_notices.py::test_given_wins_over_extracted_and_both_stay",),
    ),
    Bug(
        name="a damaged page is handed out",
        file="opportunity/store/packs.py",
        old="        if hashlib.sha256(content).digest() != sha256:\n",
        new="        if False:\n",
        tests=(f"{_STORE}test_pages.py::test_a_damaged_pack_is_noticed",),
    ),
    Bug(
        name="anybody on the machine may read the home",
        file="opportunity/store/home.py",
        old="        home.mkdir(mode=0o700, parents=True, exist_ok=True)\n",
        new="        home.mkdir(parents=True, exist_ok=True)\n",
        tests=("tests/faults/test_defaults.py",),
    ),
    # --- the index
    Bug(
        name="the index is never committed",
        file="indexer/engines/embedded_writing.py",
        old="        self._writer.commit()\n",
        new="",
        tests=("tests/indexer/test_feed.py::test_changes_are_followed_batch_by_batch",),
    ),
    Bug(
        name="the cursor is committed ahead of the documents",
        file="indexer/feed.py",
        old="        last = changes[-1].seq\n",
        new="        last = changes[-1].seq\n        index.apply([], {}, last, self._committed(last))\n",
        tests=("tests/indexer/test_feed.py::test_a_failing_store_is_not_taken_for_a_bad_notice",),
    ),
    Bug(
        name="the feeder goes by the publish date",
        file="indexer/feed.py",
        old="        records = self._store.records(list(dict.fromkeys(change.notice for change in changes)))\n",
        new=(
            "        records = self._store.records(list(dict.fromkeys(change.notice for change in changes)))\n"
            "        seen = index.as_of().at\n"
            "        records = {id: one for id, one in records.items() if not (one.notice.given.get('published') and "
            "str(one.notice.given['published'][0].value)[:10] < (seen - dt.timedelta(days=1)).isoformat()[:10])}\n"
        ),
        tests=("tests/faults/test_disorder.py",),
    ),
    Bug(
        name="a removal never reaches the index",
        file="indexer/engines/embedded_writing.py",
        old="                if held.get(id, -1) < seq and (id not in newest or newest[id].seq <= seq)\n",
        new="                if False\n",
        tests=("tests/indexer/test_feed.py::test_new_versions_replace_and_take_downs_remove",),
    ),
    Bug(
        name="an older version overwrites a newer one",
        file="indexer/engines/embedded_writing.py",
        old="                if held.get(document.id, -1) < document.seq and removed.get(document.id, -1) < document.seq\n",
        new="",
        tests=(f"{_ENGINE}::test_the_newest_version_wins_in_whatever_order_they_come",),
    ),
    Bug(
        name="the fingerprint is not checked",
        file="indexer/engines/embedded.py",
        old="        if name is not None and fingerprint_of(name) != self.fingerprint:\n",
        new="        if False:\n",
        tests=(f"{_ENGINE}::test_an_index_of_another_cutter_does_not_answer",),
    ),
    Bug(
        name="damage of the index is not looked for",
        file="indexer/engines/embedded.py",
        old="        if bad is not None:\n",
        new="        if False:\n",
        tests=("tests/indexer/engines/test_embedded.py::test_damage_is_told_at_opening_and_a_rebuild_mends_it",),
    ),
    Bug(
        name="a filter hides what is unknown",
        file="indexer/engines/embedded_query.py",
        old='        return self.any_of([known, self.term("missing", field)]) if unknown else known\n',
        new="        return known\n",
        tests=(_ENGINE,),
    ),
    Bug(
        name="a phrase crosses two fields",
        file="indexer/engines/embedded_schema.py",
        old="        if text := paired(strings):\n",
        new='        if text := paired(["".join(strings)]):\n',
        tests=(f"{_ENGINE}::test_no_phrase_crosses_two_strings",),
    ),
    # --- the crawl
    Bug(
        name="addresses of this machine and of the cloud are allowed",
        file="crawlers/addresses.py",
        old="            if forbidden(address):\n",
        new="            if False:\n",
        tests=("tests/crawlers/test_addresses.py",),
    ),
    Bug(
        name="robots.txt that answers 5xx allows all",
        file="crawlers/robots.py",
        old='        return Rules(refusal=f"robots.txt 返回 {status}，按 RFC 9309 暂不抓取")\n',
        new="        return Rules()\n",
        tests=("tests/crawlers/test_robots.py::test_status_table",),
    ),
    Bug(
        name="truncated gzip is accepted",
        file="crawlers/inflating.py",
        old='        elif not data and not inflater.eof:\n            raise TruncatedBody("压缩的响应在结束标记之前中断")\n',
        new="        elif not data and not inflater.eof:\n            return\n",
        tests=("tests/crawlers/test_inflating.py::test_no_truncation_is_accepted",),
    ),
    Bug(
        name="Retry-After is ignored",
        file="crawlers/waiting.py",
        old="        return min(dt.timedelta(seconds=min(int(text), 10**6)), LONGEST_WAIT)\n",
        new="        return None\n",
        tests=("tests/crawlers/test_waiting.py::test_retry_after",),
    ),
    Bug(
        name="a log quotes the notice that could not be read",
        file="crawlers/pipelines.py",
        old='logger.error("extraction failed for notice %s: %s", notice.id, place_of(error))',
        new='logger.exception("extraction failed for notice %s", notice.id)',
        tests=(
            "tests/faults/test_personal_data.py::test_an_error_that_quotes_a_notice_is_logged_without_the_quotation",
        ),
    ),
    Bug(
        name="half a list counts as complete",
        file="opportunity/health.py",
        old="    if run.listed is not None and not run.total_capped and (run.covered or 0) < run.listed:\n",
        new="    if False:\n",
        tests=("tests/opportunity/test_health.py",),
    ),
    Bug(
        name="a list that broke off counts as read",
        file="opportunity/health.py",
        old="def _shortcoming(run: Run) -> tuple[Verdict, str] | None:\n    if run.chain_broken:\n",
        new="def _shortcoming(run: Run) -> tuple[Verdict, str] | None:\n    if False:\n",
        tests=("tests/opportunity/test_health.py",),
    ),
    Bug(
        name="万元 is read as 元",
        file="opportunity/money.py",
        old='    "万元": Decimal(10_000),\n',
        new='    "万元": Decimal(1),\n',
        tests=("tests/opportunity/test_money.py",),
    ),
    # --- the schedule
    Bug(
        name="a slot that ran is claimed again",
        file="schedules/slots.py",
        old="        if not dead or row.attempt >= ATTEMPTS:\n",
        new="        if row.attempt >= ATTEMPTS:\n",
        tests=("tests/schedules/test_slots.py",),
    ),
    Bug(
        name="a scheduler that lost its lease still claims",
        file="schedules/slots.py",
        old="        if not _holds(connection, token, now):\n            return None\n",
        new="",
        tests=("tests/schedules/test_slots.py",),
    ),
    # --- the page
    Bug(
        name="the page does not escape what portals wrote",
        file="search_api/rendering.py",
        old="autoescape=True",
        new="autoescape=False",
        tests=("tests/search_api/test_pages.py::test_hostile_notices_stay_text_everywhere",),
    ),
    Bug(
        name="a forged cursor is taken",
        file="search_api/cursor.py",
        old="    if not hmac.compare_digest(signature, _sign(body, secret)):\n",
        new="    if False:\n",
        tests=("tests/search_api/test_cursor.py",),
    ),
)
