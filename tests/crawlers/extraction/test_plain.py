"""HTML to plain text: reading order, neighbours in tables, what is dropped, and hostile markup."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.extraction import clean_plain, html_to_plain, plain_of


@pytest.mark.parametrize(("html", "plain"), [
    ("<p>甲<br>乙&nbsp;&lt;丙&gt;&#x4e01;</p>尾", "甲\n乙 <丙>丁\n尾"),
    ("<table><tr><td>预算</td><td>5万元</td></tr><tr><td>限价</td><td>4万元</td></tr></table>", "预算\t5万元\n限价\t4万元"),
    ("<table><tr><td>甲<td>乙<tr><td>丙</table>", "甲\t乙\n丙"),
    ("<table><tr><th rowspan=2>A</th><th colspan=2>B</th><th>C</th></tr><tr><td>1</td><td>2</td><td>3</td></tr></table>",
     "A\tB\t\tC\n\t1\t2\t3"),
    ("<table><tr><td>外<table><tr><td>x</td><td>y</td></tr></table></td><td>右</td></tr></table>", "外\nx\ty\n右"),
    ("<table><tr><td>一行<p>二行</p></td></tr></table>", "一行\n二行"),
    ("<table><tr><td>名称</td><td><p>甲</p><p>乙</p></td></tr></table>", "名称\t甲 乙"),
    ("<style>p{}</style><script>x</script><template>t</template><p hidden>h</p><p style='display: NONE'>d</p><p>留</p>", "留"),
    ("<div style='display:none'>只有隐藏</div>", "只有隐藏"),
    ("<html><head><title>门户</title></head><body><p>文</p></body></html>", "文"),
    ("<p>名&nbsp;&nbsp;称：</p><p>甲\u200b乙</p>", "名 称：\n甲乙"),
    ("<pre>一\n  二</pre>", "一\n二"),
    ("<ul><li>一<li>二</ul>", "一\n二"),
    ("<!-- 注 --><p>a<!-- b -->c</p>", "ac"),
    ("<meta charset=gb2312><p>中文</p>", "中文"),
    ("<td>裸</td><td>格</td>", "裸\n格"),
    ("a &amp; b", "a & b"),
    ("价格<100元", "价格<100元"),
    ("", ""),
    ("   \n ", ""),
])
def test_reading_order(html: str, plain: str) -> None:
    assert html_to_plain(html) == plain


def test_a_long_cell_of_many_lines_keeps_its_lines() -> None:
    body = "".join(f"<p>{'第' * 100}{n}</p>" for n in range(6))
    plain = html_to_plain(f"<table><tr><td>正文</td><td>{body}</td></tr></table>")
    assert plain.startswith("正文\t第") and plain.count("\n") == 5


def test_columns_stay_aligned_under_spans_over_several_rows() -> None:
    html = ("<table><tr><td>包</td><td>内容</td><td>价</td></tr><tr><td>1</td><td>a</td><td rowspan=3>9</td></tr>"
            "<tr><td>2</td><td>b</td></tr><tr><td>3</td><td>c</td></tr><tr><td>4</td><td>d</td><td>8</td></tr></table>")
    assert html_to_plain(html).split("\n") == ["包\t内容\t价", "1\ta\t9", "2\tb", "3\tc", "4\td\t8"]


@pytest.mark.parametrize(("html", "kept"), [
    ("<div>" * 100_000 + "深<p>x</p>" + "</div>" * 100_000 + "后", "深\nx\n后"),
    ("<b>" * 100_000 + "深", "深"),
    ("<table><tr><td>" * 20_000 + "深" + "</td></tr></table>" * 20_000 + "后", "深\n后"),
    ("<td>" * 100_000 + "深", "深"),
    ("</div>" * 100_000 + "深", "深"),
    ("<p " * 100_000, ""),
    ("<table><tr><td rowspan=999999999 colspan=999999999>x</td><td>y</td></tr></table>", "x\ty"),
    ("<table><tr><td rowspan=99999 colspan=99999>x</td><td>y</td></tr></table>", "x" + "\t" * 60 + "y"),
])
def test_hostile_markup_is_bounded(html: str, kept: str) -> None:
    assert html_to_plain(html) == kept


def test_a_body_may_be_plain_or_html() -> None:
    assert plain_of("<p>a</p>b") == "a\nb"
    assert plain_of("报价<100，数量>3\r\n下一行\u3000 x") == "报价<100，数量>3\n下一行 x"
    assert clean_plain("甲\t乙\n\n 丙 ") == "甲\t乙\n丙"


_markup = st.lists(st.sampled_from([
    "<p>", "</p>", "<br>", "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th colspan=3>", "<td rowspan=2>", "<div>", "</div>",
    "<script>", "</script>", "<b>", "</b>", "甲", "乙 ", "\n", "\t", "&nbsp;", "&lt;", "<", "&", "<!--", "-->", "预算金额：", "5万元", "\x00", "\x0b",
]), max_size=60).map("".join)


@settings(max_examples=150)
@given(_markup)
def test_any_markup_gives_tidy_text_and_the_same_again(html: str) -> None:
    plain = html_to_plain(html)
    assert plain == html_to_plain(html)
    assert plain == "\n".join(line for line in plain.split("\n") if line.strip())
    assert not any(character in plain for character in "\r\x00\x0b\xa0")
