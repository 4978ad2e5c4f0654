"""What portals send instead of content is named; what only speaks of captchas and logins is not. All pages invented."""

from __future__ import annotations

import datetime as dt

import pytest

from crawlers.challenges import challenge
from crawlers.decoding import page_of
from opportunity.notice import Origin
from opportunity.page import Page, PageRequest


def shown(
    text: str, status: int = 200, kind: str = "text/html; charset=utf-8", headers: dict[str, str] | None = None
) -> Page:
    return page_of(
        PageRequest(url="http://portal.invalid/x", purpose="notice"),
        url="http://portal.invalid/x",
        status=status,
        headers={"content-type": kind, **(headers or {})},
        content=text.encode(),
        fetched_at=dt.datetime(2026, 11, 24, tzinfo=dt.UTC),
        origin=Origin.REPLICA,
    )


def document(body: str, title: str = "", head: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


SCRIPT = "<script>" + "var _0x1=['\\x61','\\x62'];(function(a,b){a.push(b)})(_0x1,0x1f);" * 60 + "</script>"

REFUSALS: list[tuple[str, Page, str]] = [
    ("captcha by title", shown(document("<img src=/code.png><input name=code>", "安全验证")), "captcha"),
    ("slider", shown(document("<p>请拖动滑块完成拼图</p>" + SCRIPT)), "captcha"),
    ("captcha by text", shown(document("为了保护网站安全，请完成验证后继续访问")), "captcha"),
    ("captcha to go on", shown(document("请输入图片中的验证码以继续访问本站 <input name=captcha>")), "captcha"),
    ("too often", shown(document("频繁访问!")), "rate_limit"),
    ("too often, longer", shown(document("<div>您的访问过于频繁，请稍后再试</div>", "提示")), "rate_limit"),
    ("strange behaviour", shown(document("您的访问行为异常，请联系管理员")), "rate_limit"),
    ("wait a minute", shown(document("操作太频繁了，请60秒后重试")), "rate_limit"),
    ("needs javascript", shown(document("<noscript>请开启JavaScript并刷新页面</noscript>")), "challenge"),
    ("cookie challenge", shown(document("", head="<script>document.cookie='__jsl_clearance=1';location.reload()</script>")), "challenge"),
    ("rendered data in a hidden field", shown("<textarea id=r style='display:none'>{\"a\":\"" + "5d09" * 40 + "\"}</textarea>"
     + document("", head="<meta name=aliyun_waf_aa content=1>" + SCRIPT)), "challenge"),
    ("script and nothing else", shown(document(SCRIPT)), "challenge"),
    ("loading", shown("<html><body><div>努力加载中...</div><script src=/a.js></script></body></html>"), "challenge"),
    ("cloud header", shown(document("one moment"), headers={"cf-mitigated": "challenge"}), "challenge"),
    ("cookie name", shown(document(""), headers={"set-cookie": "acw_sc__v2, path"}), "challenge"),
    ("just a moment", shown(document("Checking your browser", "Just a moment...")), "captcha"),
    ("login by title", shown(document("<form><input name=u><input type=password name=p></form>", "用户登录")), "login"),
    ("login by text", shown(document("您还没有登录，请先登录。")), "login"),
    ("login form", shown(document("<h3>系统登录</h3>账号<input name=u>密码<input type='password'>")), "login"),
    ("session over", shown(document("登录超时")), "login"),
    ("maintenance", shown(document("<h1>系统维护中</h1>预计今晚恢复")), "maintenance"),
    ("maintenance by title", shown(document("请稍后再来", "网站维护中")), "maintenance"),
    ("upgrade", shown(document("平台正在升级，暂停服务。")), "maintenance"),
    ("denied", shown(document("您的请求存在威胁，已被拦截", "访问被拦截")), "blocked"),
    ("address banned", shown(document("您的IP地址10.2.3.4已被封禁")), "blocked"),
    ("error page", shown(document("<p>返回首页</p>", "错误页面！某采购网")), "error_page"),
    ("gateway with 200", shown(document("nginx", "502 Bad Gateway")), "error_page"),
    ("json captcha code", shown('{"success":false,"code":"NEED_CAPTCHA"}', kind="application/json"), "captcha"),
    ("json captcha message", shown('{"code":829,"message":"请输入验证码","data":null}', kind="application/json"), "captcha"),
    ("json too often", shown('{"code":800,"msg":"访问过于频繁"}', kind="application/json"), "rate_limit"),
    ("json login", shown('{"code":"401","msg":"unauthorized"}', kind="application/json"), "login"),
    ("json not logged in", shown('{"success":false,"msg":"您尚未登录，请先登录"}', kind="application/json"), "login"),
    ("202 with a shell", shown(document("<script src=/a.js></script>"), 202), "challenge"),
    ("405 of a firewall", shown(document("request id 1234"), 405), "blocked"),
    *[(f"status {status}", shown(document("正文" * 2000), status), kind)
      for status, kind in [(401, "login"), (403, "blocked"), (412, "challenge"), (429, "rate_limit"), (521, "challenge"),
                           (418, "blocked"), (451, "blocked")]],
]  # fmt: skip


@pytest.mark.parametrize(("page", "kind"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_refusals_are_named(page: Page, kind: str) -> None:
    found = challenge(page)
    assert found is not None
    assert found.kind == kind
    assert found.sentence
    assert found.label == ("network" if kind in ("maintenance", "error_page") else "blocked")


LONG = "云溪市实验小学采购课桌椅一批，供应商须具备独立承担民事责任的能力。" * 30
CONTENT: list[tuple[str, Page]] = [
    ("how to get the file", shown(document(LONG + "供应商请先登录云溪市公共资源交易平台，输入手机验证码后下载文件。", "课桌椅采购公告"))),
    ("short notice with login", shown(document("<h1>更正公告</h1>原公告中“登录平台下载”改为“登录交易系统后下载招标文件”，其余不变。", "更正公告"))),
    ("short notice with code", shown(document("<h1>补充通知</h1>请各投标人登录系统输入验证码后下载澄清文件。联系电话：0000-0000", "补充通知"))),
    ("captcha system is bought", shown(document("<h1>采购公告</h1>采购短信验证码服务与安全验证系统一套，预算10万元。", "短信验证码服务采购公告"))),
    ("maintenance is bought", shown(document("<h1>中标公告</h1>信息系统维护服务，中标人：云溪某公司。", "信息系统维护服务中标公告"))),
    ("upgrade project", shown(document("<h1>公开招标公告</h1>网站升级改造项目，预算20万元，投标截止2026年12月1日。", "网站升级改造项目公开招标公告"))),
    ("login form in the page head", shown(document("<form>登录 <input name=u><input type=password></form>" + LONG, "公告"))),
    ("short, by title", shown(document("<p>采购人：某局。预算：5万元。</p>", "某局办公系统升级"))),
    ("firewall is bought", shown(document("<h1>询价公告</h1>采购Web应用防火墙两台、滑动门一樘，最高限价5万元。", "防火墙询价公告"))),
    ("vendor script on a real page", shown(document(LONG + "<script>var a='acw_sc__v2'</script>" + SCRIPT, "公告"))),
    ("list of rows", shown(document("<ul>" + "".join(f"<li><a href={n}>第{n}号公告</a></li>" for n in range(20)) + "</ul>", "列表"))),
    ("proved empty list", shown(document("<div class=list><p>共 0 条</p></div><div>暂无数据</div>" + "栏目导航" * 30, "采购公告"))),
    ("json list", shown('{"code":200,"message":"success","data":{"records":[{"title":"短信验证码服务：请先登录"}],"total":1}}')),
    ("json empty", shown('{"code":200,"message":"success","data":{"records":[],"total":0}}')),
    ("json without code", shown('{"result":{"totalcount":0,"records":[]}}')),
    ("404", shown(document("未找到", "某页"), 404)),
    ("500", shown("", 500)),
    ("202 with content", shown(document(LONG), 202)),
    ("plain text", shown("更正公告：开标时间改为9时30分。", kind="text/plain")),
    ("empty", shown("")),
]  # fmt: skip


@pytest.mark.parametrize("page", [row[1] for row in CONTENT], ids=[row[0] for row in CONTENT])
def test_content_is_not_taken_for_a_refusal(page: Page) -> None:
    assert challenge(page) is None


def test_hostile_markup_is_judged_in_linear_time() -> None:
    for text in ("<script" * 30_000, "<" * 200_000, "<!--" * 50_000, "<title>" * 30_000, "<input " * 28_000, "[" * 100_000,
                 "请" * 500, "<textarea>" * 20_000, "&#x4e00;" * 25_000):  # fmt: skip
        challenge(shown(text))
