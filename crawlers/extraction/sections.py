"""Headings and lots: what part of the notice a place stands in.

四、响应文件提交 gives the meaning of a bare 截止时间 below it; 1.采购人信息 that of 名称. A line
采购包1： opens a lot. Only headings are looked at, never running text.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from dataclasses import dataclass

from crawlers.extraction.flat import Flat

_chinese_number = re.compile(r"[一二三四五六七八九十]{1,3}[、.]|\([一二三四五六七八九十]{1,3}\)、?")
_line_number = re.compile(r"(?:[.、](?=[^\d])|\d{1,2}(?:[、．]|\.(?!\d)|(?=[^\d.,:%年月日时点\-/()]))|\(\d{1,2}\)、?|第[一二三四五六七八九十]{1,3}[章条部节]分?)")
_stop = re.compile(r"[:。;；,，]")
_classes: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("other", re.compile(r"履约|质量保证|工资保证|公告期限|公示|媒[介体]|其[他它]|资格|联系方式$|监督|异议|质疑|投诉|系统使用费|服务费|专家|主要标的|附件")),
    ("supplier", re.compile(r"^(?:中标|成交|中选)(?:人|供应商|单位|候选人)(?:信息|情况)$")),
    ("agency", re.compile(r"代理机构|代理人|招标代理|集中采购机构")),
    ("buyer", re.compile(r"^(?:采购人|招标人|采购单位|招标单位|采购方|比选人|询价人)(?:信息|联系方式|名称|情况|联系信息)?(?:\([^()]{0,12}\))?$")),
    ("deposit", re.compile(r"保证金|投标担保")),
    ("question", re.compile(r"提问|答疑|疑问|澄清")),
    ("obtain", re.compile(r"(?:获取|发售|领取|购买|下载|出售|发放).{0,12}文件|文件.{0,6}(?:获取|发售|领取|购买|下载|出售|发放)|报名|^获取")),
    ("submit_open", re.compile(r"(?:递交|提交|上传|投标|响应|截止|接收|截标).{0,24}(?:开标|开启|磋商时间|谈判时间)")),
    ("submit", re.compile(r"(?:投标|响应|应答|报价|申请|竞标|比选|参选|磋商|谈判|首次).{0,8}(?:递交|提交|上传|送达|接收)|(?:递交|提交|上传|接收).{0,12}文件|截止时间|截标")),
    ("open", re.compile(r"开标|开启|唱标")),
    ("award", re.compile(r"(?:中标|成交|采购|中选|招标|评审|评标)(?:\(成交\))?(?:结果|信息|情况)|中标\(成交\)")),
)
_lot = re.compile(
    r"(?:(?:采购包|合同包|分包|标包|标段|标项|包件|包组|品目|子包|包)[(]?(?:号|[：:])?[一二三四五六七八九十\dA-Za-zⅠ-Ⅻ]{1,3}[)]?"
    r"|第?[一二三四五六七八九十\dA-ZⅠ-Ⅻ]{1,3}(?:标段|标包|标项|包|分包))"
)


_any_class = re.compile(
    r"履约|保证|公[告示]|媒|其[他它]|资格|联系|监督|异议|质疑|投诉|服务费|系统|专家|标的|附件|代理|采购|招标|比选|询价|中标|成交|中选|担保|提问|答疑|疑问|澄清"
    r"|文件|报名|获取|递交|提交|上传|截[止标]|接收|开标|开启|唱标|评[审标]|投标|响应"
)
_number_starts = frozenset("0123456789(第.、")
_lot_starts = frozenset("采合分标包品子第一二三四五六七八九十0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ")
_hint = re.compile(r"采购人|招标人|采购单位|招标单位|采购方|比选人|询价人|代理|集中采购|保证金|担保|文件|报名|获取|开标|开启|截止|截标|唱标|结果|成交|中标")


@dataclass(slots=True)
class Sections:
    """Sorted starts of sections with their class, and sorted starts of lots with their names."""

    starts: list[int]
    classes: list[str]
    ends: list[int]  # where each heading itself ends
    lot_starts: list[int]
    lot_names: list[str]

    def at(self, offset: int) -> str:
        index = bisect_right(self.starts, offset)
        return self.classes[index - 1] if index else "other"

    def lot_at(self, offset: int) -> str | None:
        """The lot whose heading stands before ``offset`` in the same section."""
        index = bisect_right(self.lot_starts, offset)
        if not index:
            return None
        start = self.lot_starts[index - 1]
        heading = bisect_right(self.starts, offset)
        if heading and self.starts[heading - 1] > start:
            return None
        return self.lot_names[index - 1]

    def of(self, *classes: str) -> list[tuple[int, int]]:
        """[heading end, section end) of each section of these classes; the last one is open-ended."""
        return [
            (self.ends[i], self.starts[i + 1] if i + 1 < len(self.starts) else 1 << 60)
            for i, each in enumerate(self.classes) if each in classes
        ]


def find_sections(flat: Flat) -> Sections:
    """Read all headings of a text; linear time."""
    text = flat.text
    found: list[tuple[int, str, int]] = []
    lots: list[tuple[int, str]] = []
    for match in _chinese_number.finditer(text):
        start = match.start()
        at_line = start in flat.starts
        if at_line or (start and text[start - 1] in "。;；)）!"):
            heading, end = _heading(flat, match.end())
            found.append((start, _class_of(heading) or ("other" if match[0][0] != "(" else ""), end))
    bounds = [*flat.lines, len(text)]
    for start, end in itertools.pairwise(bounds):
        length = end - start
        if length > 60 or length < 2:
            continue
        lot = _lot.match(text, start, end) if text[start] in _lot_starts else None
        if lot and (lot.end() == end or text[lot.end()] in ":(" or lot.end() - start + 2 >= length):
            lots.append((start, lot[0]))
            continue
        number = _line_number.match(text, start, end) if text[start] in _number_starts else None
        if number is None and (length > 20 or not _hint.search(text, start, end)):
            continue
        heading, stop = _heading(flat, number.end() if number else start)
        if not number and stop < end - 1:
            continue
        kind = _class_of(heading)
        if kind and (number or kind not in ("other", "award", "question")) and (stop >= end - 1 or kind != "other"):
            found.append((start, kind, stop))
    found = sorted(item for item in found if item[1])
    return Sections(
        [item[0] for item in found], [item[1] for item in found], [item[2] for item in found],
        [item[0] for item in lots], [item[1] for item in lots],
    )


def lot_mark(text: str) -> str | None:
    """The lot that a short text names (标段一, 第2包), or None."""
    match = _lot.search(text)
    return match[0] if match else None


def _heading(flat: Flat, at: int) -> tuple[str, int]:
    end = min(flat.cell_end(at) if at < len(flat.text) else at, at + 40)
    # 四、提交投标文件⏎截止时间、开标时间和地点: a heading broken over lines goes on.
    stop = _stop.search(flat.text, at, end)
    end = stop.start() if stop else end
    if not stop and end - at <= 9 and end < len(flat.text):
        after = flat.cell_end(end)
        if after - end <= 16 and re.match(r"截止|时间|信息|息|文件|的?递交|的?提交|的?获取|和|及|、", flat.text[end:after]):
            end = after
    return flat.text[at:end], end


def _class_of(heading: str) -> str | None:
    if len(heading) < 2 or not _any_class.search(heading):
        return None
    for kind, pattern in _classes:
        if pattern.search(heading):
            return kind
    return None
