"""The replicas page consistently, keep the quirks of their originals, and fail as their faults say."""

from __future__ import annotations

import datetime as dt
import gzip
import html
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from opportunity.notice import SHANGHAI, NoticeType
from tests.replicas.client import Got, ccgp_rows, epoint_page, epoint_rows, fetch, ggzy_page, ggzy_rows
from tests.replicas.faults import ANSWERS, NAMES
from tests.replicas.invented import Inventor
from tests.replicas.layouts import LAYOUTS
from tests.replicas.replica import ManualClock, Replica
from tests.replicas.vocabulary import KINDS, NOTE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def still() -> Iterator[Replica]:
    """Replicas whose clock stands still; tests that use it change nothing."""
    with Replica(seed=3, clock=ManualClock(), notices=130) as replica:
        yield replica


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def replica(clock: ManualClock) -> Iterator[Replica]:
    with Replica(seed=5, clock=clock, notices=60, control=True) as running:
        yield running


# paging


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


# the stream


def test_the_clock_brings_new_notices(clock: ManualClock) -> None:
    with Replica(clock=clock, notices=20, pace=(20.0, 60.0)) as replica:
        clock.move(minutes=10)
        assert all(fetch(served.base + "/robots.txt").status in (200, 404) for served in replica.all)
        counts = [len(served.truth) - 20 for served in replica.all]
        assert all(10 <= count <= 30 for count in counts)
        assert all(entry.published <= clock() for served in replica.all for entry in served.truth)
        assert max(entry.published for entry in replica.ccgp.truth) > clock() - dt.timedelta(seconds=61)


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
        text = html.unescape(re.sub(r"<[^>]+>", "", notice.html))
        for value in (notice.project_number, notice.buyer, notice.agency, *notice.suppliers):
            assert value is None or value in text


# faults


def everywhere(replica: Replica) -> list[Got]:
    return [ggzy_page(replica.ggzy.base), epoint_page(replica.epoint.base), fetch(f"{replica.ccgp.base}/cggg/dfgg/index.htm")]


@pytest.mark.parametrize(
    ("name", "status"),
    [("forbidden_403", 403), ("precondition_412", 412), ("challenge_521", 521), ("too_many_429", 429), ("unavailable_503", 503),
     ("server_error_500", 500), ("bad_gateway_502", 502), ("gone_404", 404), ("redirect_link_local", 302)],
)
def test_faults_by_status_last_for_their_count(replica: Replica, name: str, status: int) -> None:
    for served in replica.all:
        served.faults.add(name, count=1)
    first = everywhere(replica)
    assert [got.status for got in first] == [status] * 3
    assert [got.status for got in everywhere(replica)] == [200] * 3
    assert [served.faults.used(name) for served in replica.all] == [1, 1, 1]
    if status in (429, 503):
        assert all(int(got.headers["retry-after"]) > 0 for got in first)
    if status == 302:
        assert all(got.headers["location"].startswith("http://169.254.169.254/") for got in first)


@pytest.mark.parametrize(
    ("name", "sign"),
    [("challenge_200", "acw_sc__v2"), ("login_200", 'type="password"'), ("security_check_200", "安全验证"), ("too_frequent_200", "频繁访问!"),
     ("loading_200", "努力加载中"), ("wrong_json", '"result":"cc"')],
)
def test_faults_that_answer_200(replica: Replica, name: str, sign: str) -> None:
    for served in replica.all:
        served.faults.add(name, on="list")
    for got in everywhere(replica):
        assert got.status == 200 and sign in got.text
    entry = replica.ccgp.truth[0]
    assert sign not in fetch(replica.ccgp.base + entry.path).text
    for served in replica.all:
        served.faults.clear(name)
    assert all(sign not in got.text for got in everywhere(replica))


def test_faults_of_bytes(replica: Replica) -> None:
    base, url = replica.ccgp.base, f"{replica.ccgp.base}/cggg/dfgg/index.htm"
    whole = fetch(url)
    faults = replica.ccgp.faults
    faults.add("truncated_gzip", count=1)
    cut = fetch(url)
    assert cut.headers["content-encoding"] == "gzip"
    with pytest.raises(EOFError):
        gzip.decompress(cut.body)
    assert whole.body.startswith(zlib.decompressobj(31).decompress(cut.body))
    faults.add("gbk_as_utf8", count=1)
    gbk = fetch(url)
    assert "utf-8" in gbk.headers["content-type"] and gbk.body.decode("gb18030") == whole.text
    faults.add("utf8_as_gbk", count=1)
    assert fetch(url).headers["content-type"].endswith("gb2312")
    faults.add("gbk_undeclared", count=1)
    bare = fetch(url)
    assert "charset" not in bare.headers["content-type"] and "发布时间" in bare.body.decode("gb18030")
    faults.add("zero_bytes", count=1)
    assert fetch(url).body == b""
    faults.add("broken_html", count=1)
    broken = fetch(url)
    assert whole.body.startswith(broken.body[:-3]) and b"</html>" not in broken.body
    faults.add("slow_drip", count=1, seconds=0.2)
    assert fetch(url).body == whole.body
    faults.add("reset", count=1)
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        fetch(url)
    assert fetch(base + "/robots.txt").status == 404


def test_faults_of_lists(replica: Replica) -> None:
    truth = [len(served.truth) for served in replica.all]
    for served in replica.all:
        served.faults.add("half_list")
    assert len(list(epoint_rows(replica.epoint.base, size=20))) == truth[1] * 7 // 10
    data = json.loads(ggzy_page(replica.ggzy.base, DEAL_TIME="04").text)["data"]
    assert len(data["records"]) == 14 and data["total"] == truth[0]
    for served in replica.all:
        served.faults.clear()
        served.faults.add("page_size_10")
    assert json.loads(ggzy_page(replica.ggzy.base).text)["data"]["size"] == 10
    assert len(json.loads(epoint_page(replica.epoint.base, size=20).text)["result"]["records"]) == 10
    assert fetch(f"{replica.ccgp.base}/cggg/dfgg/index.htm").text.count("<li><a ") == 10
    for served in replica.all:
        served.faults.clear()
        served.faults.add("empty_list")
    ggzy, epoint, ccgp = everywhere(replica)
    assert json.loads(ggzy.text)["data"]["total"] == 0 and json.loads(epoint.text)["result"]["totalcount"] == 0
    assert "c_list_bid" in ccgp.text and "<li>" not in ccgp.text


def test_the_last_page_repeats_and_the_next_is_missing(replica: Replica) -> None:
    for served in replica.all:
        served.faults.add("last_page_repeats")
    for number in (4, 5, 8):
        rows = json.loads(ggzy_page(replica.ggzy.base, number, DEAL_TIME="04").text)["data"]["records"]
        assert rows == json.loads(ggzy_page(replica.ggzy.base, 3, DEAL_TIME="04").text)["data"]["records"]
    fourth, fifth = (re.findall(r'href="(\./[^"]+)"', fetch(f"{replica.ccgp.base}/cggg/dfgg/index_{number}.htm").text) for number in (4, 5))
    assert fourth == fifth != []
    for served in replica.all:
        served.faults.clear()
        served.faults.add("next_missing")
    ggzy, epoint, ccgp = everywhere(replica)
    assert "total" not in json.loads(ggzy.text)["data"] and "totalcount" not in json.loads(epoint.text)["result"]
    assert "Pager(" not in ccgp.text


def test_changed_markup_takes_the_names_away(replica: Replica) -> None:
    for served in replica.all:
        served.faults.add("changed_markup")
    for got, old in zip(everywhere(replica), ('"records"', '"records"', "c_list_bid"), strict=True):
        assert got.status == 200 and old not in got.text
    assert "vF_detail_content" not in fetch(replica.ccgp.base + replica.ccgp.truth[0].path).text


def test_robots_can_fail_apart(replica: Replica) -> None:
    replica.ggzy.faults.add("unavailable_503", on="robots")
    assert fetch(replica.ggzy.base + "/robots.txt").status == 503
    assert ggzy_page(replica.ggzy.base).status == 200


def test_unknown_faults_are_refused(replica: Replica) -> None:
    with pytest.raises(ValueError, match="no such fault"):
        replica.ggzy.faults.add("earthquake")
    assert set(ANSWERS) < set(NAMES)


# log, control, process


def test_the_log_counts_what_runs_at_once(replica: Replica) -> None:
    replica.ggzy.faults.add("slow_drip", count=1, seconds=60.0)
    address = replica.ggzy.base.removeprefix("http://")
    slow = http.client.HTTPConnection(address, timeout=20)
    slow.request("POST", "/information/pubTradingInfo/getTradList", body=b"DEAL_TIME=03", headers={"User-Agent": "slow"})
    slow.getresponse()  # its head is here, its body is not
    assert ggzy_page(replica.ggzy.base).status == 200
    first, second = replica.ggzy.log
    assert (first.concurrent, first.user_agent, first.faults, first.ended) == (1, "slow", ("slow_drip",), None)
    assert (second.concurrent, second.method, second.status, second.host, second.faults) == (2, "POST", 200, address, ())
    assert first.began < second.began
    slow.close()


def test_the_control_addresses(replica: Replica) -> None:
    base = replica.epoint.base
    assert fetch(f"{base}/__fault?name=login_200&count=1").status == 200
    assert "用户登录" in epoint_page(base).text
    published = json.loads(fetch(f"{base}/__publish?count=2").text)
    assert {row["key"] for row in published} <= {row["key"] for row in json.loads(fetch(f"{base}/__truth").text)}
    corrected = json.loads(fetch(f"{base}/__correct?key={published[0]['key']}").text)
    assert corrected["type"] == "correction"
    assert fetch(f"{base}/__fault?name=nothing").status == 400
    assert [row[3] for row in json.loads(fetch(f"{base}/__log").text)] == ["/inteligentsearch/rest/esinteligentsearch/getFullTextDataNew"]


def test_without_control_the_addresses_are_shut(still: Replica) -> None:
    assert fetch(f"{still.ggzy.base}/__truth").status == 404


def _started(state: Path, *more: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-m", "tests.replicas", "--state", str(state), "--notices", "30", *more], cwd=ROOT)
    deadline = dt.datetime.now(SHANGHAI) + dt.timedelta(seconds=60)
    while not state.exists():
        assert process.poll() is None and dt.datetime.now(SHANGHAI) < deadline
        threading.Event().wait(0.05)
    return process


def test_the_command_writes_its_state_and_stops_on_a_signal(tmp_path: Path) -> None:
    state = tmp_path / "replicas.json"
    process = _started(state, "--seed", "8")
    try:
        told = json.loads(state.read_text(encoding="utf-8"))
        assert told.pop("_pid") == {"pid": process.pid}
        assert set(told) == {"demo_national_public_resources", "demo_jiangsu_public_resources", "demo_national_government_procurement"}
        assert all(fetch(base + "/robots.txt").status in (200, 404) for base in told.values())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not state.exists()


def test_the_command_stops_when_its_parent_has_gone(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    process = _started(tmp_path / "replicas.json", "--parent", str(parent.pid))
    try:
        parent.communicate(b"")
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
