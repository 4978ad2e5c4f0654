"""The connection to Elasticsearch: bounded waiting, and its failures in our words. Its client stays in here.

Nothing is retried here and no answer is taken for whole that is not: the caller knows what may be repeated.
"""

from __future__ import annotations

import json
import urllib.parse
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elastic_transport import ConnectionTimeout, SerializationError, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError
from elasticsearch.exceptions import ElasticsearchWarning

from opportunity.errors import BadQuery, ConfigurationError, EngineError, EngineUnavailable, MarketError
from opportunity.settings import Settings

# The server is there but cannot do it now; the same request may be sent again.
BUSY_STATUSES = frozenset({408, 429, 502, 503, 504})
BLOCKED = "cluster_block_exception"  # 403 or 429, as the version pleases: disk nearly full, or read-only
_TOO_MANY_CLAUSES = ("too_many_clauses", "too_many_nested_clauses", "max_clause_count")
_JSON = "application/json"
_LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Seconds until an unanswered request is given up: of a search, of a write, of a list of every id."""

    search: float = 4.0
    write: float = 30.0
    listing: float = 30.0


class Refusal(EngineError):
    """The server's refusal, with its HTTP status, for those here who can do something about it."""

    def __init__(self, message: str, *, status: int, reason: str) -> None:
        super().__init__(message, status=status, reason=reason)
        self.status, self.reason = status, reason


class Unable(Refusal, EngineUnavailable):
    """A refusal of a server that is there but cannot do it now, or does not let us."""


class Connection:
    """One client for all requests; safe to share between threads. Opening it sends nothing."""

    def __init__(self, settings: Settings, *, waiting: Waiting | None = None) -> None:
        self.waiting = waiting or Waiting()
        self._client = _client(settings)
        self._waiting_clients: dict[float, Elasticsearch] = {}

    def ask(
        self, method: str, path: str, body: Any = None, *, params: Mapping[str, Any] | None = None,
        timeout: float | None = None, missing: bool = False,
    ) -> dict[str, Any] | None:
        """The answer as a JSON object; None for 404 where ``missing`` allows it.

        ``body``: a JSON value, or bytes (lines of JSON). Raises EngineUnavailable when the server cannot be reached,
        does not answer in time or answers brokenly, and Refusal for an HTTP status that says no.
        """
        lines = isinstance(body, bytes)
        headers = {"accept": _JSON}
        if body is not None:
            headers["content-type"] = _LINES if lines else _JSON
            body = body if lines else json.dumps(body, ensure_ascii=False).encode()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ElasticsearchWarning)
                answer = self._for(timeout or self.waiting.search).perform_request(
                    method, path, params=params, headers=headers, body=body
                ).body
        except ApiError as problem:
            if missing and problem.meta.status == 404:
                return None
            raise _refusal(problem) from problem
        except Exception as problem:
            raise _unreachable(problem) from problem
        if not isinstance(answer, dict):
            raise EngineUnavailable("Elasticsearch 的回答不完整。", answer=str(answer)[:200])
        return answer

    def tell(
        self, method: str, path: str, body: Any = None, *, params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """As ``ask``, where 404 is a failure too."""
        answer = self.ask(method, path, body, params=params, timeout=timeout)
        assert answer is not None
        return answer

    def _for(self, seconds: float) -> Elasticsearch:
        client = self._waiting_clients.get(seconds)
        if client is None:
            client = self._waiting_clients[seconds] = self._client.options(request_timeout=seconds)
        return client

    def close(self) -> None:
        self._client.close()


def _client(settings: Settings) -> Elasticsearch:
    nodes = [node.strip() for node in settings.engine.partition(":")[2].split(",") if node.strip()]
    if not nodes:
        raise ConfigurationError("MARKET_ENGINE 应为 elasticsearch:http(s)://主机:端口，多个节点用逗号分隔。")
    for node in nodes:
        parts = urllib.parse.urlsplit(node)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ConfigurationError(
                "MARKET_ENGINE 中的地址应为 http(s)://主机:端口；用户名与密码请用 MARKET_ENGINE_USER 与 MARKET_ENGINE_PASSWORD。"
            )
    more: dict[str, Any] = {}
    if settings.engine_user:
        more["basic_auth"] = (settings.engine_user, settings.engine_password.get_secret_value())
    if settings.engine_ca and any(node.startswith("https:") for node in nodes):
        more["ca_certs"] = settings.engine_ca
    urls = [_with_port(node) for node in nodes]
    try:
        return Elasticsearch(urls, max_retries=0, retry_on_timeout=False, retry_on_status=(), **more)
    except (ValueError, OSError) as problem:
        raise ConfigurationError(f"MARKET_ENGINE 的地址或证书不能使用：{problem}") from problem


def _with_port(node: str) -> str:
    parts = urllib.parse.urlsplit(node)
    if parts.port is not None:
        return node
    return urllib.parse.urlunsplit(parts._replace(netloc=f"{parts.netloc}:{443 if parts.scheme == 'https' else 9200}"))


def _unreachable(problem: Exception) -> MarketError:
    if isinstance(problem, UnsupportedProductError):
        return EngineError("MARKET_ENGINE 所指的服务不是 Elasticsearch。")
    if isinstance(problem, SerializationError):
        return EngineUnavailable("Elasticsearch 的回答不完整，请稍后再试。", reason=str(problem)[:200])
    if isinstance(problem, ConnectionTimeout):
        return EngineUnavailable("Elasticsearch 没有及时回答，请稍后再试。")
    if isinstance(problem, TlsError):
        return EngineUnavailable("与 Elasticsearch 的加密连接未能建立，请检查 MARKET_ENGINE_CA。", reason=str(problem)[:200])
    if isinstance(problem, TransportError):
        return EngineUnavailable("连接不上 Elasticsearch，请检查它是否在运行、MARKET_ENGINE 的地址是否正确。", reason=str(problem)[:200])
    if isinstance(problem, UnicodeEncodeError):
        return BadQuery("检索词含有不是字符的内容（孤立代理项）。")
    return EngineError(f"Elasticsearch 请求失败：{problem}")


def _refusal(problem: ApiError) -> MarketError:
    status, kind, reason = problem.meta.status, *error_of(problem.body)
    if any(name in f"{kind} {reason}" for name in _TOO_MANY_CLAUSES):
        return BadQuery("检索式过长或过于复杂，请减少检索词。")
    if status in (401, 403) and kind != BLOCKED:
        sentence = "Elasticsearch 拒绝了访问，请检查 MARKET_ENGINE_USER、MARKET_ENGINE_PASSWORD 及该用户的权限。"
    elif kind == BLOCKED:
        sentence = "Elasticsearch 暂不接受写入（磁盘将满或只读）；腾出空间后会自动继续。"
    elif status in BUSY_STATUSES:
        sentence = "Elasticsearch 暂时不能完成请求，请稍后再试。"
    elif status == 404:
        sentence = "Elasticsearch 中的索引不存在（可能刚被替换或删除）；如反复出现请运行 market rebuild。"
    else:
        return Refusal(f"Elasticsearch 请求失败（{status} {kind}）。", status=status, reason=f"{kind}: {reason}"[:300])
    return Unable(sentence, status=status, reason=f"{kind}: {reason}"[:300])


def error_of(body: Any) -> tuple[str, str]:
    """Type and reason of an error in an answer; the innermost cause tells most."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(error, Mapping):
        return "", str(error)[:300]
    kind, reasons = str(error.get("type", "")), [str(error.get("reason", ""))]
    for cause in (*error.get("root_cause", ())[:1], error.get("caused_by")):
        if isinstance(cause, Mapping):
            reasons.append(f"{cause.get('type')}: {cause.get('reason')}")
    return kind, "; ".join(reasons)[:300]
