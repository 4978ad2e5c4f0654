"""The encoding ladder on invented pages: what the server says against what it sends."""

from __future__ import annotations

import codecs
import datetime as dt

import pytest

from crawlers.decoding import decode, page_of
from opportunity.notice import Origin
from opportunity.page import PageRequest

SENTENCE = "云溪市实验小学课桌椅采购项目公开招标公告，预算金额：叁拾万元整，投标截止时间为九时三十分。"
RARE = "采购人：堃㙍镇卫生院，联系人䶮先生，规格丰𠮷。"


def html(charset: str | None, text: str = SENTENCE) -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">' if charset else ""
    return f"<!DOCTYPE html><html><head>{meta}<title>公告</title></head><body>{text * 3}</body></html>"


# (name, bytes, Content-Type, the text that must come out, U+FFFD allowed)
COMBINATIONS = [
    ("header gbk, body utf-8", html(None).encode(), "text/html; charset=gbk", html(None)),
    ("header and meta gb2312, body utf-8", html("gb2312").encode(), "text/html;charset=gb2312", html("gb2312")),
    ("meta gb2312, body utf-8", html("gb2312").encode(), "text/html", html("gb2312")),
    ("header utf-8, body gbk", html(None).encode("gbk"), "text/html; charset=utf-8", html(None)),
    ("header utf-8, meta and body gbk", html("gbk").encode("gbk"), "text/html; charset=UTF-8", html("gbk")),
    (
        "gb2312 with characters of gb18030 only",
        html("gb2312", RARE).encode("gb18030"),
        "text/html; charset=gb2312",
        html("gb2312", RARE),
    ),
    ("nothing said, gb18030", html(None, RARE).encode("gb18030"), "text/html", html(None, RARE)),
    ("nothing said, utf-8", html(None, RARE).encode(), "", html(None, RARE)),
    ("utf-16 little endian without mark", html(None).encode("utf-16-le"), "text/html", html(None)),
    ("utf-16 big endian without mark", html(None).encode("utf-16-be"), "text/html; charset=utf-16", html(None)),
    ("utf-16 with mark", html(None).encode("utf-16"), "text/html; charset=gbk", html(None)),
    ("utf-16 said, utf-8 sent", html(None).encode(), "text/html; charset=utf-16", html(None)),
    ("unknown charset", html("xxx").encode("gbk"), "text/html; charset=xxx", html("xxx")),
    ("a codec that is no character set", html("rot13").encode(), "text/html; charset=base64", html("rot13")),
    ("utf-8 mark against header gbk", codecs.BOM_UTF8 + html(None).encode(), "text/html; charset=gbk", html(None)),
    ("latin-1 by default, body gbk", html(None).encode("gbk"), "text/html; charset=ISO-8859-1", html(None)),
    ("latin-1 by default, body utf-8", html(None).encode(), "text/html; charset=iso-8859-1", html(None)),
    ("big5", html("big5", "採購案號公告").encode("big5"), "text/html", html("big5", "採購案號公告")),
    ("json without charset", '{"title":"云溪市公告"}'.encode(), "application/json", '{"title":"云溪市公告"}'),
]


@pytest.mark.parametrize(("content", "content_type", "text"), [row[1:] for row in COMBINATIONS], ids=[r[0] for r in COMBINATIONS])
def test_the_right_text_comes_out(content: bytes, content_type: str, text: str) -> None:
    found, _, replaced = decode(content, content_type)
    assert found == text
    assert replaced == 0


def test_gb_labels_all_mean_gb18030() -> None:
    for label in ("gb2312", "GBK", "gb18030", "x-unknown", "cp936"):
        assert decode(html(label).encode("gbk"), f"text/html; charset={label}")[1] == "gb18030"


def test_a_cut_inside_a_character_is_counted_not_guessed() -> None:
    content = html(None).encode()
    cut = content[: content.index("公开".encode()) + 1]
    text, encoding, replaced = decode(cut, "text/html; charset=utf-8")
    assert (encoding, replaced) == ("utf-8", 1)
    assert text.endswith("项目\ufffd")
    short = "公告：云溪市".encode()[:-1]
    assert decode(short, "")[1:] == ("utf-8", 1)


def test_damaged_bytes_are_counted() -> None:
    content = html(None).encode().replace("预算".encode(), b"\xff\xfe\xff")
    text, _, replaced = decode(content, "text/html; charset=utf-8")
    assert replaced == 9
    assert "云溪市实验小学" in text


def test_replacement_characters_that_were_published_are_not_ours() -> None:
    assert decode("网站自己写错的\ufffd字符".encode(), "")[2] == 0


def test_no_bytes_raise() -> None:
    for content in (b"", b"\x00", b"\xff" * 50, bytes(range(256)) * 20, b"\xef\xbb\xbf", b"<meta charset=" * 500):
        text, encoding, replaced = decode(content, "text/html; charset=" + "a" * 300)
        assert isinstance(text, str)
        assert encoding
        assert replaced >= 0


def test_page_of_keeps_bytes_and_peer() -> None:
    page = page_of(
        PageRequest(url="http://portal.invalid/a", purpose="notice"),
        url="http://portal.invalid/b",
        status=200,
        headers={"content-type": "text/html; charset=gb2312"},
        content=html("gb2312").encode("gbk"),
        fetched_at=dt.datetime(2026, 11, 24, tzinfo=dt.UTC),
        origin=Origin.REPLICA,
    )
    assert page.text == html("gb2312")
    assert page.encoding == "gb18030"
    assert page.origin is Origin.REPLICA
    assert page.content == html("gb2312").encode("gbk")
