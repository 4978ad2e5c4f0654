"""Which links of a notice are documents, and which two links are one document."""

from __future__ import annotations

import pytest
from parsel import Selector

from crawlers.platforms.documents import joined, linked_documents
from opportunity.notice import Attachment

PAGE = "http://a.example/x/y.htm"


def found(text: str, css: str = "#content") -> list[tuple[str, str]]:
    node = Selector(text=f'<html><body class="attachments"><div id="content">{text}</div></body></html>', type="html")
    return [(one.name, one.url) for one in linked_documents(node.css(css)[0], PAGE)]


def test_documents_linked_in_a_body_once_each_in_reading_order() -> None:
    assert found('<a href="a.pdf">甲</a><a href="a.pdf">又</a><a href="/b.DOCX?x=1"></a><a href="c.htm">丙</a>') == [
        ("甲", "http://a.example/x/a.pdf"), ("b.DOCX?x=1", "http://a.example/b.DOCX?x=1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/get?id=7">招标文件.doc</a>', '<a href="/get?name=a.zip">图纸</a>',
        '<a href="/api/attach/preview?attachId=1">招标文件</a>', '<a href="/frame/attachdown.jspx?attachGuid=7">图纸</a>',
        '<a href="/information/file/0017">清单</a>', '<a href="/oss/download?uuid=1">清单</a>',
        '<a href="/web/downloadFile/77">清单</a>', '<a href="/upload/files/77">清单</a>', '<a href="/get?fileId=77">清单</a>',
        '<div class="attach"><p><a href="/77">清单</a></p></div>', '<ul class="list fjxx"><li><a href="/77">清单</a></li></ul>',
        '<a class="attachment-link" href="/77">清单</a>', '<div id="attach"><a href="/77.html">清单</a></div>',
    ],
)  # fmt: skip
def test_links_without_an_ending_are_documents_by_their_address_or_their_box(link: str) -> None:
    assert len(found(link)) == 1


@pytest.mark.parametrize(
    "link",
    [
        '<a href="http://b.example/">平台</a>', '<a href="/login">登录</a>', '<a href="/profile/7">简介</a>',
        '<a href="/download/">下载专区</a>', '<a href="/attach/help.html">帮助</a>', '<a href="javascript:download(1)">附件</a>',
        '<a href="#attach">附件</a>', '<a href="mailto:a@b.example?subject=files/">写信</a>', '<a>附件.doc</a>',
        '<a href="http://[bad/a.doc">附件.doc</a>', '<a href="">附件.doc</a>', '<p class="unattached"><a href="/77">见此</a></p>',
    ],
)  # fmt: skip
def test_other_links_are_not_documents(link: str) -> None:
    """Nor does a mark above the node that is read make everything in it a document."""
    assert found(link) == []


def document(name: str, url: str) -> Attachment:
    return Attachment(name=name, url=f"http://a.example/{url}")


def test_a_document_listed_in_two_places_is_one() -> None:
    first = (document("公告.docx", "1"), document("附件.pdf", "2"), document("附件.pdf", "3"))
    second = (document("公告.docx", "b1"), document("附件.pdf", "b2"), document("附件.pdf", "b3"), document("清单.xls", "b4"))
    third = (document("换了名", "1"), document("清单.xls", "b4"), document("附件.pdf", "c1"), document("另一份", "c2"))
    assert [one.url.rsplit("/")[-1] for one in joined(first, second, third)] == ["1", "2", "3", "b4", "c2"]


def test_equal_names_in_one_place_are_different_documents_however_often_another_place_says_them() -> None:
    first, second = (document("附件", "1"),), (document("附件", "2"), document("附件", "3"))
    assert [one.url.rsplit("/")[-1] for one in joined(first, second)] == ["1", "3"]
    assert len(joined(second)) == 2
