"""Is this page content, or what a portal sends instead of it? A pure function of a ``Page``.

Portals refuse with status 200 as often as with 403. Nothing here works around a refusal: it is
named, the crawl stops, the source is paused. A page is judged by what it *is* (short, a form to
fill in, a script and nothing else), never by a word alone: ordinary notices tell bidders to log
in and to type a 验证码.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from opportunity.page import Page

Kind = Literal["blocked", "challenge", "captcha", "login", "rate_limit", "maintenance", "error_page"]

_sentences: dict[str, str] = {
    "blocked": "网站拒绝访问",
    "challenge": "网站返回脚本验证页，已停止，不会绕过",
    "captcha": "网站要求输入验证码，已停止，不会绕过",
    "login": "网站要求登录，已停止",
    "rate_limit": "网站提示访问过于频繁，已停止",
    "maintenance": "网站正在维护",
    "error_page": "网站返回错误页面",
}

# A page with more visible characters than this is content, whatever else stands on it.
SHORT = 600
# A script challenge shows next to nothing.
NEARLY_NOTHING = 60
# Of a longer page only the beginning is looked at.
LOOKED_AT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What came instead of content. ``label`` is the run's: a site under maintenance does not block us."""

    kind: Kind
    sentence: str

    @property
    def label(self) -> str:
        return "network" if self.kind in ("maintenance", "error_page") else "blocked"


# Firewall vendors by what they leave in page, header or cookie names.
_vendor_marks = (
    "__jsl_clearance", "acw_sc__v2", "aliyun_waf", "_incapsula_", "cf-chl-", "cf_chl_", "/cdn-cgi/challenge-platform",
    "$_ts=window", "$_ts['", "_waf_is_mobile", "waf_captcha", "yunsuo_session", "safeline", "datadome", "ddos-guard",
    "__tencent_chaos", "geetest_challenge", "nc_token",
)  # fmt: skip
_vendor_headers = ("cf-mitigated", "x-datadome", "x-waf-uuid")
_vendor_cookies = ("__jsl_clearance", "acw_sc__v2", "incap_ses", "yunsuo_session", "__jsluid")

_titles: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("captcha", re.compile(r"安全验证|访问验证|人机验证|滑动验证|滑块验证|请.{0,4}验证码|身份验证|just\s*a\s*moment|captcha", re.I)),
    ("rate_limit", re.compile(r"访问(过于|太)?频繁|频繁访问|too\s*many\s*requests", re.I)),
    ("maintenance", re.compile(r"(系统|网站|平台|服务).{0,6}(维护|升级)(中|公告|通知)?$|^(系统|网站)?维护中")),
    ("login", re.compile(r"^(用户|会员|统一|系统|账号)?.{0,6}(登录|登陆)(页面?|界面|认证)?$|统一身份认证")),
    ("blocked", re.compile(r"拒绝访问|访问被(拒绝|拦截|阻断|禁止)|禁止访问|请求被拦截|^(403|405|412)(?!\d)|forbidden|access\s*denied", re.I)),
    ("error_page", re.compile(r"^错误页面|页面(不存在|未找到|出错)|^(404|500|502|503)(?!\d)|bad\s*gateway", re.I)),
)
# Sentences that portals address to the visitor. Each needs its whole phrase.
_phrases: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("rate_limit", re.compile(r"频繁访问|访问(的)?(过于|太过?)频繁|(请求|操作|访问)(过于|太)频繁|访问行为异常|访问次数过多|请\d+秒后(再|重)试")),
    ("captcha", re.compile(
        r"(请|需要?)(先)?(拖动|滑动|按住).{0,8}(滑块|拼图)|请(先)?(完成|进行|通过).{0,6}(安全|人机|滑动|滑块)?验证(?!后(下载|投标))"
        r"|(请|需)(先)?(输入|填写).{0,10}验证码.{0,12}(继续访问|继续浏览|以继续|确认您?不是机器|验证您?的?身份)"
        r"|为了?(保证|保护).{0,12}请.{0,8}验证")),
    ("challenge", re.compile(r"请?(开启|启用|打开).{0,6}(javascript|cookie)|enable\s*javascript|努力加载中|正在(检查|验证)您的浏览器|checking\s*your\s*browser", re.I)),
    ("blocked", re.compile(r"(您|你)?的?(访问|请求).{0,8}(被(拒绝|拦截|阻断|禁止|阻止)|存在(威胁|风险|攻击))|(?<![a-z])ip.{0,24}(已被|被|已)(封|禁|限制)", re.I)),
    ("maintenance", re.compile(r"(系统|网站|平台|服务器?)(正在|现在|目前|处于)?.{0,4}(维护|升级)(中|期间|，|。|！|$)|暂停(访问|服务)[，。！]")),
    ("login", re.compile(r"(您|你)?(还没有|尚未|还未|未)(登录|登陆)|请(先|重新)(登录|登陆)(后|再|！|。|$)|登录(已)?(超时|失效|过期)")),
)  # fmt: skip
_refusing = {401: "login", 403: "blocked", 407: "blocked", 412: "challenge", 418: "blocked", 429: "rate_limit",
             451: "blocked", 468: "challenge", 493: "blocked", 521: "challenge", 567: "blocked"}  # fmt: skip
_tender_words = re.compile("项目编号|采购人|招标人|投标人|供应商|预算|限价|开标|中标|成交|投标|招标|更正|公告|询价|磋商")
# What stands between these tags is not shown.
_unseen = ("script", "style", "title", "textarea", "template", "!--")
_password = re.compile(r"<input[^>]{0,200}type\s*=\s*[\"']?password", re.I)
_captcha_field = re.compile(
    r"<(?:input|img|canvas|div)[^>]{0,300}(?:captcha|verifycode|verify_code|validatecode|checkcode|验证码|geetest|slider-?verif)", re.I
)


def challenge(page: Page) -> Challenge | None:
    """What the page is instead of content, or None when it may be content."""
    if page.status in _refusing:
        return _named(_refusing[page.status], f"（HTTP {page.status}）")  # type: ignore[arg-type]
    text = page.text[:LOOKED_AT]
    if text.lstrip()[:1] in ("{", "["):
        return _of_json(text)
    kind = _of_document(page, text)
    if kind is None and page.status in (202, 405) and len(_visible(text)[0]) < SHORT:
        kind = "challenge" if page.status == 202 else "blocked"
    return None if kind is None else _named(kind)


def _named(kind: Kind, more: str = "") -> Challenge:
    return Challenge(kind=kind, sentence=_sentences[kind] + more)


def _of_document(page: Page, text: str) -> Kind | None:
    visible, script = _visible(text)
    if len(visible) > SHORT:
        return None
    title = _title(text)
    # Short notices exist (“系统升级项目更正公告”): what speaks of a tender is one.
    tender = len(set(_tender_words.findall(title + visible))) >= 2
    for kind, pattern in _titles:
        if title and not tender and pattern.search(title):
            return kind
    lowered = text.lower()
    marked = any(mark in lowered for mark in _vendor_marks)
    marked = marked or any(name in page.headers for name in _vendor_headers)
    marked = marked or any(name in page.headers.get("set-cookie", "") for name in _vendor_cookies)
    if marked and len(visible) < NEARLY_NOTHING * 2:
        return "challenge"
    if len(visible) < SHORT // 2 and not tender:
        for kind, pattern in _phrases:
            if pattern.search(visible):
                return kind
        if _captcha_field.search(text) and "验证" in visible:
            return "captcha"
        if _password.search(text) and re.search("登录|登陆|login", visible, re.I):
            return "login"
    if len(visible) < NEARLY_NOTHING and script * 2 > len(text.strip()) > 0:
        return "challenge"
    return None


def _of_json(text: str) -> Challenge | None:
    """Valid JSON that refuses: a short object with a refusing code or message and no data."""
    if len(text) > 4000:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or _has_rows(value):
        return None
    code = str(value.get("code", value.get("status", value.get("errcode", ""))))
    if "CAPTCHA" in code.upper():
        return _named("captcha")
    messages = [value.get(name) for name in ("message", "msg", "errmsg", "error", "info", "desc", "result", "data")]
    said = "。".join(message for message in messages if isinstance(message, str))[:300]
    for kind, pattern in _phrases:
        if pattern.search(said + "。"):
            return _named(kind)
    if re.search(r"(需要?|请).{0,6}(输入|填写|通过|完成).{0,6}验证码?|验证码(错误|不能为空|已?失效)|captcha", said, re.I):
        return _named("captcha")
    return _named(_refusing[int(code)]) if code in ("401", "403", "429") else None  # type: ignore[arg-type]


def _has_rows(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list):
        return bool(value)
    if isinstance(value, dict) and depth < 4:
        return any(_has_rows(item, depth + 1) for item in value.values())
    return False


def _title(text: str) -> str:
    found = re.search(r"<title[^>]{0,200}>([^<]{0,300})", text, re.I)
    return "".join(html.unescape(found.group(1)).split()) if found else ""


def _visible(text: str) -> tuple[str, int]:
    """Visible characters without white space, and how many characters are script. One pass.

    Styles do not count: a notice page whose body is missing brings little but its styles.
    """
    parts: list[str] = []
    script, at, lowered = 0, 0, text.lower()
    while at < len(text):
        opened = text.find("<", at)
        if opened < 0:
            parts.append(text[at:])
            break
        parts.append(text[at:opened])
        name = next((name for name in _unseen if lowered.startswith(name, opened + 1)), "")
        end_mark = "-->" if name == "!--" else f"</{name}" if name else ">"
        end = lowered.find(end_mark, opened + 1)
        if end < 0:
            script += len(text) - opened if name == "script" else 0
            break
        script += end - opened if name == "script" else 0
        closed = lowered.find(">", end)
        at = closed + 1 if closed >= 0 else len(text)
    return "".join(html.unescape("".join(parts)).split()), script
