"""What the recording does not show of the procurement site: cells, types, pages past the end, summaries."""

from __future__ import annotations

import pytest
from parsel import Selector

from crawlers.platforms.ccgp import list_request, summary_pairs
from crawlers.spiders.national_government_procurement import PLATFORM, SOURCE
from opportunity.errors import ReadingError
from opportunity.page import Listing
from tests.crawlers.portals import START, made_page

PAGER = "<script>Pager({size:25, current:%d, prefix:'index',suffix:'htm'});</script>"
CELLS = "发布时间：<em>2026-03-10 08:00</em> 地域：<em>河北</em> 采购人：<em>虚构水务局</em>"
ROW = '<li><a href="./gkzb/202603/t20260310_1.htm" title="供水公告">供水…</a>%s</li>'


def read(rows: str, page: int = 0, *, pager: str | None = None, rows_due: int = 0, status: int = 200) -> Listing:
    request = list_request(SOURCE, "dfgg", page, rows_due)
    text = f'<html><body><ul class="c_list_bid">{rows}</ul>{PAGER % page if pager is None else pager}</body></html>'
    return PLATFORM.read_list(SOURCE, made_page(request, text, START, status))


def test_page_two_is_index_one() -> None:
    assert list_request(SOURCE, "dfgg", 0).url == "http://www.ccgp.gov.cn/cggg/dfgg/index.htm"
    following = read(ROW % CELLS).next
    assert following is not None and following.url == "http://www.ccgp.gov.cn/cggg/dfgg/index_1.htm"


def test_links_are_relative_to_the_folder_of_the_channel() -> None:
    assert read(ROW % CELLS).rows[0].url == "http://www.ccgp.gov.cn/cggg/dfgg/gkzb/202603/t20260310_1.htm"


def test_the_type_cell_may_come_first_or_not_at_all() -> None:
    without, with_type = read(ROW % CELLS), read(ROW % ('<em rel="bxlx">公开招标公告</em>' + CELLS))
    for listing in (without, with_type):
        (row,) = listing.rows
        assert (row.facts["region"], row.facts["buyer"], row.title) == ("河北", "虚构水务局", "供水公告")
        assert PLATFORM.notice_requests(SOURCE, row)


@pytest.mark.parametrize(
    "cells", ["<em>2026-03-10 08:00</em><em>河北</em>", CELLS + "<em>又一格</em>", CELLS.replace("2026-03-10", "昨天")]
)
def test_a_row_with_other_cells_is_an_error(cells: str) -> None:
    with pytest.raises(ReadingError):
        read(ROW % cells)


@pytest.mark.parametrize("href", ["./notice.htm", "http://elsewhere.example/", "./gkzb/2026/t1.htm"])
def test_a_link_of_another_shape_is_an_error(href: str) -> None:
    with pytest.raises(ReadingError):
        read((ROW % CELLS).replace("./gkzb/202603/t20260310_1.htm", href))


@pytest.mark.parametrize("pager", ["", PAGER % 0 + PAGER % 0, PAGER % 3])
def test_the_pager_must_be_there_once_and_be_of_this_page(pager: str) -> None:
    with pytest.raises(ReadingError):
        read(ROW % CELLS, pager=pager)


def test_a_missing_page_past_the_first_is_the_limit_of_what_is_kept() -> None:
    listing = read("", 24, status=404, pager="<p>404 Not Found</p>")
    assert listing.rows == () and listing.next is None and listing.total_capped
    with pytest.raises(ReadingError):
        read("", 0, status=404, pager="<p>404 Not Found</p>")


def test_fewer_rows_than_on_the_first_page_are_half_a_list() -> None:
    with pytest.raises(ReadingError, match="首页有 2 条"):
        read(ROW % CELLS, 3, rows_due=2)
    assert len(read(ROW % CELLS, 24, rows_due=2).rows) == 1, "the last page may be short"


@pytest.mark.parametrize(("folder", "type"), [("newgg", ""), ("gkzb", "新型公告"), ("zbgg", "公开招标公告")])
def test_unknown_and_contradicting_types_are_refused_before_anything_is_fetched(folder: str, type: str) -> None:
    cell = f'<em rel="bxlx">{type}</em>' if type else ""
    (row,) = read((ROW % (cell + CELLS)).replace("gkzb", folder)).rows
    with pytest.raises(ReadingError):
        PLATFORM.notice_requests(SOURCE, row)


def test_summaries_are_read_as_pairs_whatever_their_places() -> None:
    table = (
        "<div class='table'><table><tr><td colspan='4'><b>公告信息：</b></td></tr>"
        "<tr><td class='title'>品目</td><td colspan='3'><p></p></td></tr>"
        "<tr><td class='title'>行政区域</td><td>河北省</td><td class='title'>公告时间</td><td>2026年03月10日  08:00</td></tr>"
        "<tr><td class='title'>采购单位</td><td>虚构水务局</td></tr><tr><td class='title'>采购单位</td><td>虚构水务局</td></tr>"
        "</table></div>"
    )
    assert summary_pairs(Selector(text=table, type="html")) == [
        ("品目", ""), ("行政区域", "河北省"), ("公告时间", "2026年03月10日 08:00"), ("采购单位", "虚构水务局"),
        ("采购单位", "虚构水务局"),
    ]  # fmt: skip
    with pytest.raises(ReadingError):
        summary_pairs(Selector(text="<div class='table'><table><tr><td class='title'>品目</td></tr></table></div>"))


def test_a_page_with_fewer_rows_than_every_page_has_is_doubted_unless_it_is_the_last() -> None:
    assert read(ROW % CELLS).doubts == ("有的页不足 20 条（第 1 页 1 条），可能漏行",)
    assert read("".join(ROW.replace("_1.htm", f"_{n}.htm") % CELLS for n in range(20))).doubts == ()
    assert read(ROW % CELLS, 24).doubts == ()
