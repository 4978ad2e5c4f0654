"""The replicas page consistently and keep the quirks of their originals."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from pathlib import Path

from tests.replicas.client import ccgp_rows, epoint_page, epoint_rows, fetch, ggzy_page, ggzy_rows
from tests.replicas.replica import Replica
from tests.replicas.vocabulary import NOTE

ROOT = Path(__file__).resolve().parents[2]


def test_the_national_list_gives_every_notice_once(still: Replica) -> None:
    keys = [row["id"] for code in ("01", "02", "05") for row in ggzy_rows(still.ggzy.base, DEAL_CLASSIFY=code, DEAL_TIME="04")]
    assert sorted(keys) == sorted(entry.key for entry in still.ggzy.truth)


def test_every_national_row_leads_to_its_body_or_to_none(still: Replica) -> None:
    by_key = {entry.key: entry for entry in still.ggzy.truth}
    missing = 0
    for row in list(ggzy_rows(still.ggzy.base, DEAL_CLASSIFY="02"))[:60]:
        entry = by_key[row["id"]]
        shell = fetch(still.ggzy.base + row["url"]).text
        address = re.search(r'firstLastUrl = "([^"]+)"', shell)
        assert address and address.group(1) == row["url"].replace("/html/a/", "/html/b/")
        body = fetch(still.ggzy.base + address.group(1)).text
        assert NOTE in shell and NOTE in body
        assert entry.notice.title == html.unescape(row["title"])
        assert (entry.notice.html not in body) is entry.body_missing
        missing += entry.body_missing
    assert missing > 0
    assert any(entry.category == "0501" and entry.body_missing for entry in still.ggzy.truth)


def test_the_national_list_keeps_its_quirks(still: Replica) -> None:
    base = still.ggzy.base
    without = ggzy_page(base, DEAL_TIME="")
    assert without.status == 404 and "text/html" in without.headers["content-type"]
    assert json.loads(ggzy_page(base, DEAL_CLASSIFY="00").text)["data"]["total"] == 0
    assert json.loads(ggzy_page(base, DEAL_TIME="06").text)["code"] == 801
    assert json.loads(ggzy_page(base, DEAL_TIME="77").text)["code"] == 801
    past = json.loads(ggzy_page(base, 9999).text)["data"]
    assert past["records"] == [] and past["total"] > 0
    day = still.ggzy.truth[0].day.isoformat()
    rows = list(ggzy_rows(base, DEAL_TIME="06", TIMEBEGIN=day, TIMEEND=day))
    assert rows and {row["publishTime"] for row in rows} == {day}
    assert any(row["transactionSourcesPlatformText"] is None for row in ggzy_rows(base, DEAL_TIME="04"))


def test_the_national_total_is_cut_without_a_word(replica: Replica) -> None:
    replica.ggzy.portal.cap = 45
    data = json.loads(ggzy_page(replica.ggzy.base, 3).text)["data"]
    assert (data["total"], data["pages"], len(data["records"])) == (45, 3, 5)


def test_the_national_list_asks_for_a_captcha_when_hurried(replica: Replica) -> None:
    replica.ggzy.portal.min_interval = 3600.0
    first, second = (json.loads(ggzy_page(replica.ggzy.base).text) for _ in range(2))
    assert first["code"] == 200
    assert second["code"] == 829 and second["data"] is None


def test_the_provincial_list_gives_every_notice_once_by_offsets(still: Replica) -> None:
    rows = list(epoint_rows(still.epoint.base, size=17))
    assert [row["id"] for row in rows] == [entry.key for entry in still.epoint.truth]
    assert {row["linkurl"] for row in rows} == {entry.path for entry in still.epoint.truth}
    for entry in still.epoint.truth[:12]:
        page = fetch(still.epoint.base + entry.path).text
        assert entry.notice.html in page and 'class="ewb-trade-right l"' in page and NOTE in page
        assert html.escape(entry.notice.title) in page


def test_the_provincial_list_keeps_its_quirks(still: Replica) -> None:
    base = still.epoint.base
    wrong = json.loads(epoint_page(base, sort=json.dumps({"webdate": "0"})).text)["result"]["records"]
    assert wrong[0]["id"] == still.epoint.truth[-1].key
    works = {"fieldName": "categorynum", "equal": "003001", "isLike": True, "likeType": 2}
    purchases = {"fieldName": "categorynum", "equal": "003004", "isLike": True, "likeType": 2}
    both = list(epoint_rows(base, condition=[purchases, works]))
    assert both == list(epoint_rows(base, condition=[purchases])) and both
    assert all(row["categorynum"].startswith("003004") for row in both)
    listed = list(epoint_rows(base, condition=[{"fieldName": "categorynum", "equalList": ["003004002", "003001001"]}]))
    assert {row["categorynum"] for row in listed} == {"003004002", "003001001"}
    marked = [row["title"] for row in epoint_rows(base, wd="采购")]
    assert marked and all("<em>采购</em>" in title for title in marked if "采购" in title)
    none = json.loads(epoint_page(base, time=[{"fieldName": "webdate", "startTime": "2001-01-01 00:00:00", "endTime": "2001-01-02 00:00:00"}]).text)
    assert none == {"result": {"totalcount": 0, "records": []}}
    assert epoint_page(base, pn="x").status == 500


def test_the_procurement_lists_give_every_notice_once_and_end_with_404(still: Replica) -> None:
    truth = {still.ccgp.base + entry.path: entry for entry in still.ccgp.truth}
    mixed = [row for scope in ("dfgg", "zygg") for row in ccgp_rows(still.ccgp.base, scope)]
    assert sorted(address for address, _, _ in mixed) == sorted(truth)
    assert all(len(cells) == 4 for _, _, cells in mixed)
    channels = Counter(entry.category for entry in still.ccgp.truth)
    channel, count = channels.most_common(1)[0]
    rows = list(ccgp_rows(still.ccgp.base, channel))
    assert len(rows) == count and all(len(cells) == 3 and truth[address].notice.known_buyer == cells[2] for address, _, cells in rows)
    assert fetch(f"{still.ccgp.base}/cggg/dfgg/htgg/index.htm").status == 404
    for address, title, _ in rows[:12]:
        page = fetch(address).text
        assert title in page and truth[address].notice.html in page and NOTE in page
        assert page.count("<td class='title'>采购单位</td>") == 2 and "品目</td><td colspan='3'><p></p>" in page


def test_attachments_can_be_had(still: Replica) -> None:
    entry = next(entry for entry in still.ccgp.truth if entry.notice.attachments)
    paper = entry.notice.attachments[0]
    page = fetch(still.ccgp.base + entry.path).text
    assert f"class='bizDownload' href='' id='{paper.id}'" in page
    assert fetch(f"{still.ccgp.base}/oss/download?uuid={paper.id}").body == paper.content
    assert fetch(f"{still.ccgp.base}/open-doc/{paper.id}.docx").body == paper.content
    assert fetch(f"{still.ccgp.base}/oss/download?uuid=0").status == 404


def test_robots_are_as_at_the_originals(still: Replica) -> None:
    assert [fetch(served.base + "/robots.txt").status for served in still.all] == [200, 200, 404]


