"""No spelling, redirect or name opens a socket to where it must not: the fake reactor records every attempt."""

from __future__ import annotations

import ipaddress
import itertools
import socket
from typing import Any

import pytest
from scrapy import Request
from twisted.internet import defer
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.web.client import URI, BrowserLikePolicyForHTTPS

from crawlers.addresses import AddressPolicy, GuardedEndpoints, Pins, forbidden, origin_of, policy_for
from opportunity.errors import ConfigurationError, FetchError, ForbiddenAddress
from opportunity.notice import Origin
from tests.crawlers.bench import bench_source

# Twisted states no types for these.
fake_reactor: Any = MemoryReactorClock
tls_policy: Any = BrowserLikePolicyForHTTPS
parse: Any = URI.fromBytes
failure: Any = Failure

PUBLIC = "93.184.216.34"
OTHER_PUBLIC = "2606:2800:220:1:248:1893:25c8:1946"

TARGETS = ["127.0.0.1", "127.8.7.6", "10.0.0.5", "192.168.1.1", "172.16.3.4", "169.254.169.254", "100.100.100.200",
           "0.0.0.0", "168.63.129.16", "198.18.0.1", "224.0.0.1", "255.255.255.255", "192.0.0.192", "240.1.1.1"]  # fmt: skip


def spellings(address: str) -> list[str]:
    """Ways in which URLs write one IPv4 address."""
    parts = [int(part) for part in address.split(".")]
    number = int(ipaddress.IPv4Address(address))
    forms = {f"{number}", f"0x{number:x}", f"0X{number:08X}", f"0{number:o}", f"{parts[0]}.{number & 0xFFFFFF}",
             f"{parts[0]}.{parts[1]}.{number & 0xFFFF}"}  # fmt: skip
    for kinds in itertools.product(("{}", "0x{:x}", "0{:o}"), repeat=2):
        forms.add(".".join([kinds[0].format(parts[0]), *(kinds[1].format(part) for part in parts[1:])]))
    forms |= {form.replace(".", mark) for form in (address,) for mark in ("。", "．", "｡")}
    forms.add("".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in address))
    forms.add("".join(chr(0x2460 + int(c) - 1) if c in "123456789" else c for c in address))
    high, low = number >> 16, number & 0xFFFF
    forms |= {f"[::ffff:{address}]", f"[::ffff:{high:x}:{low:x}]", f"[::{address}]", f"[64:ff9b::{address}]",
              f"[64:ff9b::{high:x}:{low:x}]", f"[2002:{high:x}:{low:x}::]", f"[2001:0:{high:x}:{low:x}::1]",
              f"[0:0:0:0:0:ffff:{high:x}:{low:x}]", f"[64:ff9b:1::{high:x}:{low:x}]"}  # fmt: skip
    return sorted(forms)


URLS = [f"http://{host}/x" for target in TARGETS for host in spellings(target)] + [
    "http://localhost/", "http://localhost:8080/", "http://[::1]/", "http://[::]/", "http://[fe80::1]/", "http://[fe80::1%25lo]/",
    "http://[fc00::1]/", "http://[fec0::1]/", "http://[ff02::1]/", "http://[2001:db8::1]/", "http://[100::1]/",
    "http://user@93.184.216.34/", "http://93.184.216.34@127.0.0.1/", "http://127.0.0.1#@93.184.216.34/",
    "https://127.0.0.1/", "https://0x7f000001/", "https://[::1]:8443/", "http:///x", "http://%31%32%37.0.0.1/",
]  # fmt: skip


def by_system(host: str) -> defer.Deferred[list[str]]:
    """The system's own reading of numeric spellings; names other than localhost are not looked up."""
    try:
        flags = 0 if host == "localhost" else socket.AI_NUMERICHOST
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=flags)
    except OSError as error:
        return defer.fail(error)
    return defer.succeed([str(entry[4][0]) for entry in found])


def attempt(url: str, policy: AddressPolicy, resolver: Any = by_system) -> tuple[MemoryReactorClock, Any]:
    """Try to connect as the download handler does; the reactor records what was dialled."""
    reactor = fake_reactor()
    outcome: list[Any] = []
    try:
        address = Request(url).url.encode("ascii")
        endpoints = GuardedEndpoints(reactor, Pins(policy, resolver), tls_policy(), 10)
        connecting = endpoints.endpointForURI(parse(address)).connect(Factory.forProtocol(Protocol))
        connecting.addBoth(outcome.append)
    except (FetchError, ValueError, UnicodeError) as error:
        outcome.append(failure(error))
    return reactor, outcome[0] if outcome else None


def test_there_are_enough_spellings() -> None:
    assert len(URLS) >= 300


def test_no_spelling_reaches_a_forbidden_address() -> None:
    dialled = [url for url in URLS if attempt(url, AddressPolicy())[0].tcpClients]
    assert dialled == []


def test_most_spellings_are_understood_and_refused_as_such() -> None:
    """The guard does its work by the address, not because nothing could be resolved."""
    refused = [url for url in URLS if isinstance(getattr(attempt(url, AddressPolicy())[1], "value", None), ForbiddenAddress)]
    assert len(refused) > 250


def test_an_ordinary_public_address_is_dialled_by_number() -> None:
    def resolver(host: str) -> defer.Deferred[list[str]]:
        return defer.succeed([PUBLIC, OTHER_PUBLIC])

    reactor, _ = attempt("http://portal.example:8080/x", AddressPolicy(), resolver)
    assert [client[:2] for client in reactor.tcpClients] == [(PUBLIC, 8080)]


@pytest.mark.parametrize("bad", ["127.0.0.1", "10.1.1.1", "169.254.169.254", "::1", "fe80::1%2", "64:ff9b::7f00:1"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_forbidden_address_among_many_forbids_all(bad: str, position: int) -> None:
    answers = [PUBLIC, OTHER_PUBLIC]
    answers.insert(position, bad)
    reactor, outcome = attempt("http://portal.example/", AddressPolicy(), lambda host: defer.succeed(answers))
    assert reactor.tcpClients == []
    assert isinstance(outcome.value, ForbiddenAddress)


def test_rebinding_meets_a_pinned_address() -> None:
    """A name that changes to this machine after its first look-up is not looked up again."""
    lists = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]
    asked = []

    def resolver(host: str) -> defer.Deferred[list[str]]:
        asked.append(host)
        return defer.succeed(lists.pop(0))

    reactor = fake_reactor()
    endpoints = GuardedEndpoints(reactor, Pins(AddressPolicy(), resolver), tls_policy(), 10)
    for _ in range(3):
        endpoints.endpointForURI(parse(b"http://portal.example/")).connect(Factory.forProtocol(Protocol))
    assert [client[0] for client in reactor.tcpClients] == [PUBLIC] * 3
    assert asked == ["portal.example"]


def test_a_name_that_cannot_be_had_is_a_fetch_error() -> None:
    answers: list[defer.Deferred[list[str]]] = [defer.fail(OSError("no such name")), defer.succeed([])]
    for answer in answers:
        reactor, outcome = attempt("http://portal.example/", AddressPolicy(), lambda host, answer=answer: answer)
        assert reactor.tcpClients == []
        assert isinstance(outcome.value, FetchError)


REPLICA = AddressPolicy(replica=("127.0.0.1", 8801))


def test_a_demonstration_source_reaches_its_replica_and_nothing_else() -> None:
    reactor, _ = attempt("http://127.0.0.1:8801/a", REPLICA)
    assert [client[:2] for client in reactor.tcpClients] == [("127.0.0.1", 8801)]
    others = ["http://127.0.0.1:8802/", "http://127.0.0.1/", "http://127.0.0.2:8801/", "http://localhost:8801/",
              "http://[::1]:8801/", "http://127.1:8801/", "http://0x7f000001:8801/", "http://[::ffff:127.0.0.1]:8801/",
              f"http://{PUBLIC}:8801/", "http://10.0.0.5:8801/", "http://portal.example:8801/"]  # fmt: skip
    for url in [*others, *URLS]:
        reactor, _ = attempt(url, REPLICA)
        assert reactor.tcpClients == [], url


def test_a_name_that_points_at_the_replica_is_not_the_replica() -> None:
    reactor, outcome = attempt("http://portal.example:8801/", REPLICA, lambda host: defer.succeed(["127.0.0.1"]))
    assert reactor.tcpClients == []
    assert isinstance(outcome.value, ForbiddenAddress)


def test_policies() -> None:
    live = bench_source("portal", "https://portal.example/")
    demonstration = bench_source("demo_portal", "http://127.0.0.1:8801/")
    assert policy_for(live, {"portal": "http://127.0.0.1:8801"}) == AddressPolicy()
    assert policy_for(demonstration, {"demo_portal": "http://127.0.0.1:8801"}) == REPLICA
    for base in ("", "http://10.0.0.5:80", "http://portal.example", "http://0.0.0.0:80", "ftp://127.0.0.1", "http://x@127.0.0.1:1",
                 "http://127.0.0.1:port"):  # fmt: skip
        with pytest.raises(ConfigurationError):
            policy_for(demonstration, {"demo_portal": base})


def test_forbidden_ranges_at_their_edges() -> None:
    for text, expected in [("9.255.255.255", False), ("11.0.0.0", False), ("100.63.255.255", False), ("100.127.255.255", True),
                           ("100.128.0.0", False), ("172.15.255.255", False), ("172.31.255.255", True), ("172.32.0.0", False),
                           ("169.253.255.255", False), ("223.255.255.255", False), ("2400:3200::1", False),
                           ("2001:200::1", False), ("2001:1ff::1", True), ("2003::1", False), ("4000::1", True)]:  # fmt: skip
        assert forbidden(ipaddress.ip_address(text)) is expected, text


def test_origin_is_judged_by_the_peer() -> None:
    assert origin_of(ipaddress.ip_address("127.0.0.1")) is Origin.REPLICA
    assert origin_of(ipaddress.ip_address("::1")) is Origin.REPLICA
    assert origin_of(ipaddress.ip_address(PUBLIC)) is Origin.LIVE
    with pytest.raises(FetchError):
        origin_of(None)
