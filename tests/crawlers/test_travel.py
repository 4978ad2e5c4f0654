"""Redirects and links: what is followed, what is refused, and that no forbidden listener hears anything."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crawlers.fetch_pages import fetch_pages
from crawlers.middlewares import RedirectRefused, same_site
from crawlers.waiting import Limits
from opportunity.notice import Origin
from opportunity.page import Page, PageRequest
from opportunity.settings import Settings
from opportunity.store import open_store
from tests.crawlers.bench import bench_source, list_json, notice_html
from tests.crawlers.fetching import crawl, labels
from tests.crawlers.site import Sites, answer, page

HTML = notice_html("云溪市课桌椅采购公告")


def to(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", status, "text/html", Location=location)


def test_redirects_and_links(tmp_path: Path, sites: Sites) -> None:
    site, elsewhere = sites.open(), sites.open()
    sixth = sites.open("::1", site.port)
    second = sites.open("127.0.0.2", site.port)
    for listener in (elsewhere, sixth, second):
        listener.set("/x", page(HTML))
    port = elsewhere.port
    forbidden = [
        f"http://127.0.0.1:{port}/x", f"http://127.0.0.2:{site.port}/x", f"http://[::1]:{site.port}/x",
        f"http://localhost:{site.port}/x", f"http://0x7f000001:{site.port}/x", f"http://127.1:{port}/x",
        f"http://[::ffff:127.0.0.1]:{port}/x", f"http://127。0。0。1:{port}/x", f"//127.0.0.1:{port}/x",
        f"http://user@127.0.0.1:{site.port}/x", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd",
        "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "data:text/html,x", "javascript:alert(1)", "http://", "http://[bad/",
        f"https://127.0.0.1:{site.port}/x",
    ]  # fmt: skip
    good, rows = ["plain", "moved", "see-other", "five-hops"], []
    site.set("/notice/plain", page(HTML))
    site.set("/notice/moved", to("/notice/plain", "301 Moved"))
    site.set("/notice/see-other", to(f"{site.base}notice/plain", "303 See Other"))
    for hop in range(5):
        site.set("/notice/five-hops" if hop == 0 else f"/hop{hop}", to(f"/hop{hop + 1}"))
    site.set("/hop5", page(HTML))
    site.set("/notice/six-hops", to("/notice/five-hops"))
    site.set("/notice/loop", to("/notice/loop"))
    site.set("/notice/aimless", answer(b"", "302 Found", "text/html"))
    site.set("/notice/denied", to("/private/x"))
    site.set("/private/x", page(HTML))
    site.set("/robots.txt", answer(b"User-agent: *\nDisallow: /private", "200 OK", "text/plain"))
    bad = ["six-hops", "loop", "aimless", "denied"]
    for number, target in enumerate(forbidden):
        site.set(f"/notice/r{number}", to(target))
        bad.append(f"r{number}")
    rows = [(name, name) for pair in zip(bad, [*good, *[f"fill{n}" for n in range(len(bad))]], strict=False) for name in pair]
    for name, _ in rows:
        if name.startswith("fill"):
            site.set(f"/notice/{name}", page(HTML))
    site.set("/list", answer(list_json(rows)))
    home = tmp_path / "home"
    run = crawl(home, site.base)
    with open_store(Settings(home=home)) as store:
        stored = store.known_keys("demo_bench", [name for name, _ in rows])
    assert stored == {name for name, _ in rows} - set(bad)
    assert [listener.connections for listener in (elsewhere, sixth, second)] == [0, 0, 0]
    assert site.asked("/private/x") == []
    assert len(site.asked("/notice/loop")) == 6
    assert "file:" not in run["stderr"]
    assert run["verdict"] == "incomplete"  # one page is refused by robots.txt, and that is said
    assert labels(run) == {"robots", "network"}


def test_links_to_forbidden_places_open_no_connection(tmp_path: Path, sites: Sites) -> None:
    """Without any redirect: the rows of the list themselves point there."""
    site, elsewhere = sites.open(), sites.open()
    second = sites.open("127.0.0.2", site.port)
    targets = [f"http://127.0.0.1:{elsewhere.port}/x", f"http://127.0.0.2:{site.port}/x", f"http://2130706433:{elsewhere.port}/x",
               f"http://user@127.0.0.1:{site.port}/x", "http://10.0.0.5/x", "file:///etc/passwd", "ftp://127.0.0.1/x"]  # fmt: skip
    page_of_list = json.loads(list_json([(str(number), "公告") for number in range(2 * len(targets))]))
    for number, row in enumerate(page_of_list["rows"]):
        row["url"] = targets[number // 2] if number % 2 else "/good"
    site.set("/good", page(HTML))
    site.set("/list", answer(json.dumps(page_of_list).encode()))
    home = tmp_path / "home"
    run = crawl(home, site.base)
    with open_store(Settings(home=home)) as store:
        assert store.count() == len(targets)
    assert [elsewhere.connections, second.connections] == [0, 0]
    assert run["verdict"] != "complete"


def test_a_name_that_resolves_to_this_machine_reaches_nothing(tmp_path: Path, sites: Sites) -> None:
    """A live source (no replica is named for it) whose names answer, and rebind, to loopback."""
    site = sites.open()
    site.set("/list", answer(list_json([("1", "一号")])))
    home = tmp_path / "home"
    with open_store(Settings(home=home)) as store:
        store.set_source_state("portal", enabled=True, contact="someone@example.invalid")
    run = crawl(
        home, f"http://portal.example:{site.port}/", id="portal", replicas=f"demo_other={site.base}",
        resolver={"portal.example": [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::1"]]},
    )  # fmt: skip
    assert site.connections == 0
    assert run["verdict"] == "blocked"
    assert "robots.txt" in run["sentence"]


def test_a_name_server_that_hangs_costs_the_time_limit_and_no_more(tmp_path: Path, sites: Sites) -> None:
    home = tmp_path / "home"
    with open_store(Settings(home=home)) as store:
        store.set_source_state("portal", enabled=True, contact="someone@example.invalid")
    run = crawl(home, "http://portal.example/", id="portal", replicas="", resolver={"portal.example": []})
    assert run["verdict"] == "blocked"
    assert "时限" in run["sentence"]
    assert run["counts"]["requests"] == 1


def test_who_we_are_is_said_and_nothing_is_forged_or_carried(tmp_path: Path, sites: Sites) -> None:
    site = sites.open()
    setting: dict[str, Any] = {"Set_Cookie": "session=1; Domain=.example; Path=/"}
    site.set("/list", answer(list_json([("1", "一号")]), **setting))
    site.set("/notice/1", page(HTML, Referrer_Policy="os.path.join", **setting))
    run = crawl(tmp_path / "home", site.base, platform={"method": "POST"})
    assert run["verdict"] == "complete"
    for request in site.seen:
        assert request.headers["user-agent"].startswith("MarketOpportunityBot/")
        assert "cookie" not in request.headers
        assert "authorization" not in request.headers
    assert [request.method for request in site.asked("/list")] == ["POST", "POST"]
    other = sites.open()
    other.set("/list", answer(list_json([("1", "一号")]), **setting))
    other.set("/notice/1", page(HTML))
    crawl(tmp_path / "second", other.base, platform={"keeps_cookies": True})
    assert other.asked("/list")[0].headers.get("cookie") is None
    assert other.asked("/notice/1")[0].headers["cookie"] == "session=1"


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate of this machine that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal.example")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    certificate = builder.sign(key, hashes.SHA256())
    file = folder / "certificate.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_certificate_that_nobody_vouches_for_ends_the_run_before_any_request(tmp_path: Path, sites: Sites) -> None:
    site = sites.open(tls=self_signed(tmp_path))
    site.set("/list", answer(list_json([("1", "一号")])))
    run = crawl(tmp_path / "home", f"https://127.0.0.1:{site.port}/")
    assert site.seen == []
    assert run["verdict"] == "blocked"
    assert "证书" in run["sentence"]


def test_a_few_pages_go_by_the_same_road(tmp_path: Path, sites: Sites) -> None:
    site, elsewhere = sites.open(), sites.open()
    site.set("/robots.txt", answer(b"User-agent: *\nDisallow: /private", kind="text/plain"))
    site.set("/a", page(HTML))
    site.set("/b", page(HTML, Location="/a"))
    site.set("/c", to(f"{elsewhere.base}x"))
    source, settings = bench_source("demo_bench", site.base), Settings(home=tmp_path, replicas=f"demo_bench={site.base}")

    def fetch(*paths: str) -> list[Page]:
        wanted = [PageRequest(url=site.base + path, purpose="notice") for path in paths]
        return fetch_pages(wanted, settings, source, limits=Limits(attempts=1, timeout=5))

    assert [(found.url, found.origin) for found in fetch("a", "b")] == [
        (f"{site.base}a", Origin.REPLICA), (f"{site.base}b", Origin.REPLICA),
    ]  # fmt: skip
    with pytest.raises(RedirectRefused):
        fetch("a", "c", "b")
    assert elsewhere.connections == 0
    assert len(site.asked("/b")) == 1
    assert len(site.asked("/robots.txt")) == 1


def test_a_certificate_of_a_known_authority_serves_and_https_never_falls_back(tmp_path: Path, sites: Sites) -> None:
    site = sites.open(tls=self_signed(tmp_path))
    site.set("/list", answer(list_json([("1", "一号"), ("2", "二号")])))
    site.set("/notice/1", page(HTML))
    site.set("/notice/2", to(f"http://127.0.0.1:{site.port}/notice/1"))
    base = f"https://127.0.0.1:{site.port}/"
    run = crawl(tmp_path / "home", base, certificate=str(tmp_path / "certificate.pem"))
    assert (run["verdict"], run["counts"]["new"]) == ("incomplete", 1)
    assert any("退回 http" in problem["sentence"] for problem in run["problems"])
    # The same certificate under a name that it does not bear.
    (tmp_path / "other").mkdir()
    run = crawl(
        tmp_path / "other" / "home", f"https://localhost:{site.port}/", certificate=str(tmp_path / "certificate.pem")
    )  # fmt: skip
    assert run["verdict"] == "blocked"
    assert "证书" in run["sentence"]


def test_sites() -> None:
    for one, other, expected in [
        ("www.portal.gov.cn", "deal.portal.gov.cn", True), ("portal.gov.cn:80", "portal.gov.cn:9000", True),
        ("www.one.gov.cn", "www.two.gov.cn", False), ("portal.gov.cn", "portal.gov.cn.example.com", False),
        ("gov.cn", "portal.gov.cn", False), ("127.0.0.1:80", "127.0.0.1:80", True), ("127.0.0.1:80", "127.0.0.1:81", False),
        ("localhost:1", "localhost:2", False), ("portal.com.cn", "other.com.cn", False), ("a.example", "b.example", False),
    ]:  # fmt: skip
        assert same_site(one, other) is expected, (one, other)
