"""Where a connection may go: never into this machine, its network or a cloud's metadata service.

A portal's page, redirect, robots.txt or DNS answer is written by others. Checking a URL and then
letting the client resolve the name again is defeated by DNS rebinding, so the check stands where
the connection is made: the name is resolved once, *all* its addresses are checked, and the socket
is opened to one of those very addresses. Spellings (0x7f000001, 127.1, 127。0。0。1) need no list
of their own: what is checked is what will be connected to.

The one exception is a demonstration source: it may reach its own replica on this machine, host
and port exactly as the setting names it, and nothing else at all.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.web.client import URI
from twisted.web.iweb import IAgentEndpointFactory, IPolicyForHTTPS
from zope.interface import implementer

from opportunity.errors import ConfigurationError, FetchError, ForbiddenAddress
from opportunity.notice import Origin
from opportunity.source import Source

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Given a host, the addresses its name has now (numeric strings).
Resolver = Callable[[str], "Deferred[list[str]]"]

# IANA special-purpose registry (IPv4), and one public address that is a cloud's metadata service.
_forbidden_v4 = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "168.63.129.16/32", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# For IPv6 the other way round: only global unicast, and of it none of the forms that carry an IPv4
# address (mapped, NAT64, 6to4, Teredo lie outside or are named here) or are set aside.
_global_v6 = ipaddress.ip_network("2000::/3")
_forbidden_v6 = tuple(
    ipaddress.ip_network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


def forbidden(address: Address) -> bool:
    """True for every address that is not an ordinary public one."""
    if isinstance(address, ipaddress.IPv4Address):
        return any(address in network for network in _forbidden_v4)
    if address.scope_id is not None or address not in _global_v6:
        return True
    return any(address in network for network in _forbidden_v6)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """Which peers a run may have: the public network, or one named replica on this machine."""

    replica: tuple[str, int] | None = None

    def check(self, host: str, port: int, addresses: Sequence[str]) -> list[Address]:
        """All of ``addresses`` as checked addresses; raises ``ForbiddenAddress`` if one may not be."""
        if not addresses:
            raise FetchError(f"域名 {host} 没有地址")
        parsed = [ipaddress.ip_address(address) for address in addresses]
        if self.replica is not None:
            if (host, port) != self.replica or not all(address.is_loopback for address in parsed):
                raise ForbiddenAddress(f"演示来源只允许连接它的本机副本，已拒绝连接 {host}:{port}", host=host)
            return parsed
        for address in parsed:
            if forbidden(address):
                raise ForbiddenAddress(f"{host} 指向内部或保留地址 {address}，已拒绝连接", host=host)
        return parsed


def policy_for(source: Source, replica_bases: Mapping[str, str]) -> AddressPolicy:
    """The policy of one source. Raises ``ConfigurationError`` for a replica that is not on this machine."""
    if not source.demonstration:
        return AddressPolicy()
    base = urlsplit(replica_bases.get(source.id, ""))
    host = base.hostname or ""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
        port = base.port or (443 if base.scheme == "https" else 80)
    except ValueError:
        local, port = False, 0
    if not local or base.scheme not in ("http", "https") or base.username is not None:
        raise ConfigurationError(f"演示来源 {source.id} 的副本地址必须是本机地址，例如 http://127.0.0.1:8801")
    return AddressPolicy(replica=(host, port))


def origin_of(peer: Address | None) -> Origin:
    """Where a page truly came from, judged by the socket's peer alone."""
    if peer is None:
        raise FetchError("连接没有对端地址，无法确定页面来历")
    return Origin.REPLICA if peer.is_loopback else Origin.LIVE


def system_resolver(reactor: Any) -> Resolver:
    """Resolve by the system in a thread, so that a hanging name server holds up nothing else."""
    from twisted.internet.threads import deferToThreadPool

    def look_up(host: str) -> list[str]:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def resolve(host: str) -> Deferred[list[str]]:
        return deferToThreadPool(reactor, reactor.getThreadPool(), look_up, host)

    return resolve


class Pins:
    """Names resolved once for a run; every later connection of the run goes to the same addresses."""

    def __init__(self, policy: AddressPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._pinned: dict[str, list[str]] = {}

    @inlineCallbacks
    def addresses(self, host: str, port: int) -> Generator[Deferred[list[str]], list[str], list[Address]]:
        """The checked addresses of ``host``; raises ``FetchError`` or ``ForbiddenAddress``."""
        if host not in self._pinned:
            try:
                self._pinned[host] = yield self._resolver(host)
            except (OSError, UnicodeError) as error:
                raise FetchError(f"域名 {host} 无法解析") from error
        return self._policy.check(host, port, self._pinned[host])


@implementer(IStreamClientEndpoint)
class GuardedEndpoint:
    """Connects to a checked, pinned address of ``host``; a forbidden one opens no socket."""

    def __init__(self, reactor: Any, pins: Pins, host: str, port: int, connect_seconds: float) -> None:
        self._reactor = reactor
        self._pins = pins
        self._host = host
        self._port = port
        self._connect_seconds = connect_seconds

    @inlineCallbacks
    def connect(self, protocolFactory: IProtocolFactory) -> Generator[Deferred[Any], Any, Any]:
        addresses = yield self._pins.addresses(self._host, self._port)
        failure: ConnectError | None = None
        for address in addresses[:4]:
            kind = TCP4ClientEndpoint if address.version == 4 else TCP6ClientEndpoint
            endpoint = kind(self._reactor, str(address), self._port, timeout=self._connect_seconds)
            try:
                protocol = yield endpoint.connect(protocolFactory)
            except ConnectError as error:
                failure = error
            else:
                return protocol
        assert failure is not None
        raise failure


@implementer(IAgentEndpointFactory)
class GuardedEndpoints:
    """Makes the guarded endpoint of every URL, with certificates verified against the URL's name."""

    def __init__(self, reactor: Any, pins: Pins, tls: IPolicyForHTTPS, connect_seconds: float) -> None:
        self._reactor = reactor
        self._pins = pins
        self._tls = tls
        self._connect_seconds = connect_seconds

    def endpointForURI(self, uri: URI) -> Any:
        host = uri.host.decode("ascii").strip("[]").lower()
        if uri.scheme not in (b"http", b"https") or not host or "@" in host:
            raise ForbiddenAddress("只允许不带用户名的 http 和 https 地址")
        endpoint = GuardedEndpoint(self._reactor, self._pins, host, uri.port, self._connect_seconds)
        if uri.scheme == b"http":
            return endpoint
        # zope interfaces do not tell a type checker what implements them.
        tls: Any = self._tls
        inner: Any = endpoint
        return wrapClientTLS(tls.creatorForNetloc(host.encode("ascii"), uri.port), inner)
