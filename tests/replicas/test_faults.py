"""Every fault does what its name says, where and as often as asked."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import zlib
from pathlib import Path

import pytest

from tests.replicas.client import Got, epoint_page, epoint_rows, fetch, ggzy_page
from tests.replicas.faults import ANSWERS, NAMES
from tests.replicas.replica import Replica

ROOT = Path(__file__).resolve().parents[2]


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


