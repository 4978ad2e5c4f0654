"""Faults a portal can show, each switched on by name, for a number of answers or until cleared.

Two sorts: *listing* faults, which a portal asks for while it builds a list (half a list, smaller pages …), and
*answer* faults, which change a finished response (block pages, wrong charsets, cut connections …).
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tests.replicas.http_words import Response, page

On = Literal["list", "notice", "robots", "any"]

LISTING = ("empty_list", "half_list", "page_size_10", "last_page_repeats", "next_missing")


def _html(text: str, status: int = 200, **headers: str) -> Callable[[Response], Response]:
    def apply(response: Response) -> Response:
        answer = page(text, purpose=response.purpose, status=status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(answer, headers={**answer.headers, **named})
    return apply


_challenge = (
    '<textarea id="renderData" style="display:none">{"l1":"var arg1=\'0000000000000000000000000000000000000000\';", "l2":"GET"}'
    '</textarea><!doctype html><html><head><meta charset="utf-8"><meta name="aliyun_waf_aa" content="00000000000000000000000000000000">'
    "<script>function setCookie(e,r){document.cookie=e+'='+r}function reload(e){setCookie('acw_sc__v2',e);document.location.reload()}"
    '</script></head><body></body><meta name="aliyun_waf_bb" content="00000000000000000000000000000000"></html>'
)
_login = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>用户登录</title></head><body><form action="/login" method="post">'
    '<input name="username" placeholder="请输入用户名"><input type="password" name="password" placeholder="请输入密码">'
    "<button>登录</button></form></body></html>"
)
_security = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>安全验证</title></head><body>请完成安全验证后继续访问</body></html>'
_frequent = "<html><head><meta charset=\"utf-8\"></head><body><p>频繁访问!</p><p>您的访问过于频繁,请稍后再试</p></body></html>"


def _wrong_json(response: Response) -> Response:
    return replace(response, body=b'{"result":"cc","code":"200","data":[]}', headers={"Content-Type": "application/json"})


def _cut_gzip(response: Response) -> Response:
    whole = gzip.compress(response.body, mtime=0)
    return replace(response, body=whole[: max(12, len(whole) * 2 // 3)], headers={**response.headers, "Content-Encoding": "gzip"})


def _gbk_as_utf8(response: Response) -> Response:
    return replace(response, body=response.body.decode("utf-8").encode("gb18030"))


def _utf8_as_gbk(response: Response) -> Response:
    kind = response.headers.get("Content-Type", "text/html").split(";")[0]
    return replace(response, headers={**response.headers, "Content-Type": f"{kind}; charset=gb2312"})


def _gbk_undeclared(response: Response) -> Response:
    kind = response.headers.get("Content-Type", "text/html").split(";")[0]
    text = response.body.decode("utf-8").replace("charset=utf-8", "").replace('charset="utf-8"', "").replace('charset="UTF-8"', "")
    return replace(response, body=text.encode("gb18030"), headers={**response.headers, "Content-Type": kind})


def _broken_html(response: Response) -> Response:
    """The page breaks off in the middle of a tag, with the right Content-Length."""
    text = response.body.decode("utf-8")
    cut = text.rfind("<", 0, max(2, len(text) * 3 // 5))
    return replace(response, body=(text[: cut + 3] if cut > 0 else text[: len(text) // 2]).encode())


_link_local = "http://169.254.169.254/latest/meta-data/"
ANSWERS: Mapping[str, Callable[[Response], Response]] = {
    "challenge_200": _html(_challenge),
    "login_200": _html(_login),
    "security_check_200": _html(_security),
    "too_frequent_200": _html(_frequent),
    "loading_200": _html("<html><body>努力加载中</body></html>"),
    "forbidden_403": _html("<html><body>403 Forbidden</body></html>", 403),
    "precondition_412": _html("<html><body></body></html>", 412),
    "challenge_521": _html("<script>document.cookie='__jsl_clearance_s=0';location.href=location.pathname</script>", 521),
    "too_many_429": _html("<html><body>429</body></html>", 429, Retry_After="7"),
    "unavailable_503": _html("<html><body>503</body></html>", 503, Retry_After="11"),
    "server_error_500": _html("<html><body>500</body></html>", 500),
    "bad_gateway_502": _html("<html><body>502</body></html>", 502),
    "gone_404": _html("<html><body>404</body></html>", 404),
    "redirect_link_local": _html("", 302, Location=_link_local),
    "wrong_json": _wrong_json,
    "truncated_gzip": _cut_gzip,
    "gbk_as_utf8": _gbk_as_utf8,
    "utf8_as_gbk": _utf8_as_gbk,
    "gbk_undeclared": _gbk_undeclared,
    "slow_drip": lambda response: replace(response, delivery="drip", seconds=5.0),
    "reset": lambda response: replace(response, delivery="reset"),
    "zero_bytes": lambda response: replace(response, body=b""),
    "broken_html": _broken_html,
}
# names whose effect each portal knows: other class names and keys in the same page
MARKUP = ("changed_markup",)
NAMES = (*LISTING, *MARKUP, *ANSWERS)


@dataclass(slots=True, kw_only=True)
class _Active:
    name: str
    on: On
    left: int | None
    seconds: float | None
    used: int = 0


class Faults:
    """The faults switched on at one portal. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: list[_Active] = []

    def add(self, name: str, *, count: int | None = None, on: On = "any", seconds: float | None = None) -> None:
        """Switch a fault on for ``count`` answers (None: until cleared). ``any`` means lists and notices, not robots.txt.

        ``seconds`` is the duration of a drip or the Retry-After of 429 and 503. Raises ValueError for an unknown name.
        """
        if name not in NAMES:
            raise ValueError(f"no such fault: {name}; there are {', '.join(NAMES)}")
        if on not in ("list", "notice", "robots", "any"):
            raise ValueError(f"no such place for a fault: {on}")
        with self._lock:
            self._active.append(_Active(name=name, on=on, left=count, seconds=seconds))

    def clear(self, name: str | None = None) -> None:
        with self._lock:
            self._active = [fault for fault in self._active if name is not None and fault.name != name]

    def used(self, name: str) -> int:
        """How many answers the fault, switched on or worn off, has shaped since it was last cleared."""
        with self._lock:
            return sum(fault.used for fault in self._active if fault.name == name)

    def take(self, name: str, purpose: str) -> bool:
        """Whether a fault applies to the answer being made; each time counts."""
        with self._lock:
            return self._take(name, purpose) is not None

    def _take(self, name: str, purpose: str) -> _Active | None:
        for fault in self._active:
            wanted = purpose in ("list", "notice") if fault.on == "any" else fault.on == purpose
            if fault.name == name and wanted and fault.left != 0:
                fault.used += 1
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None

    def shape(self, response: Response, markup: Mapping[str, str]) -> tuple[Response, list[str]]:
        """The response after every answer fault that applies, and their names."""
        names = []
        for name in (*MARKUP, *ANSWERS):
            with self._lock:
                fault = self._take(name, response.purpose)
            if fault is None:
                continue
            names.append(name)
            if name in MARKUP:
                text = response.body.decode("utf-8")
                for old, new in markup.items():
                    text = text.replace(old, new)
                response = replace(response, body=text.encode())
                continue
            response = ANSWERS[name](response)
            if fault.seconds is not None and "Retry-After" in response.headers:
                response = replace(response, headers={**response.headers, "Retry-After": f"{fault.seconds:g}"})
            elif fault.seconds is not None:
                response = replace(response, seconds=fault.seconds)
        return response, names
