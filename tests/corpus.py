"""Invented notices, seeded: the same seed and number always give the same notice.

Rich in what makes substring search hard: figures and ranges with marks, model numbers, English,
traditional and full-width forms, line breaks inside words, white space, rare characters. Nobody
and nothing in them exists.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from opportunity.notice import (
    SHANGHAI,
    Attachment,
    Fields,
    FieldValue,
    Moment,
    Notice,
    NoticeRecord,
    NoticeType,
    Origin,
    Region,
    Value,
)

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=SHANGHAI)
DAY = dt.timedelta(days=1)
SOURCES = ("invented_city", "invented_province", "invented_nation")
REGIONS = (
    Region(code="330000", name="浙江省"), Region(code="330200", name="浙江省宁波市"),
    Region(code="330203", name="浙江省宁波市海曙区"), Region(code="320500", name="江苏省苏州市"),
    Region(code="110000", name="北京市"), Region(code="440300", name="广东省深圳市"),
    Region(code="650100", name="新疆维吾尔自治区乌鲁木齐市"), Region(code="320000", name="江苏省"),
)
_PLACES = ("云泽", "临浦", "青麓", "沙塘", "望湖", "臺山新區", "東關", "白鹭洲", "石埠口", "北沟", "南浔河", "后溪")
_BODIES = ("人民医院", "第三中学", "水务集团", "交通运输局", "档案馆", "大数据中心", "农业農村局", "圖書館", "体育发展中心", "消防救援支队")
_THINGS = (
    "智慧城市运营平台", "视频监控设备", "雨污分流管网", "在建工程质量检测", "充电桩", "医用直线加速器", "课桌椅", "无人机巡检",
    "電梯維保", "绿地养护", "ＬＥＤ显示屏", "档案数字化", "老旧小区改造", "校园安防监控", "食堂食材配送", "污水處理廠提標改造",
    "服务器与存储", "公务用车租赁", "桥梁加固", "信息系统等级保护测评", "京东卡福利采购", "北京东路道路大修",
)
_ACTS = ("采购项目", "施工总承包", "监理服务", "設計服務", "维护服务", "采购服务", "（第二次）", "（三标段）", "EPC总承包", "框架协议采购")
_MODELS = ("PD1728", "X-300A", "iPhone 16", "SDS-2B", "GB/T 50328-2014", "USB3.0", "5G", "H.265", "Cat.6A", "Φ300", "DN200", "±0.5%")
_ENGLISH = ("Power over Ethernet", "OpenHarmony", "Dell™ PowerEdge", "Wi-Fi 6", "naïve Bayes", "e-mail", "ISO 9001:2015")
_RARE = ("〇", "㎡", "①", "龘", "𠮷", "㈱", "é", "ﬁ", "Ⅳ", "㊣", "瞭解", "覆核", "裏面")


def sentence(r: random.Random) -> str:
    """One invented sentence of a notice."""
    return r.choice(_SENTENCES)(r)


def organisation(r: random.Random) -> str:
    return f"{r.choice(_PLACES)}{r.choice(('市', '县', '區', ''))}{r.choice(_BODIES)}"


def company(r: random.Random) -> str:
    return f"{r.choice(_PLACES)}{r.choice('宏恒盛瑞远达')}{r.choice('图信通建科')}{r.choice(('工程有限公司', '科技（集团）有限公司', '咨询有限公司'))}"


def number(r: random.Random) -> str:
    return f"{r.choice(('YZ', 'LP', 'QL'))}{r.choice('CJZ')}-{r.randint(2024, 2026)}-{r.randint(1, 9999):04d}{r.choice(('', '号', '-2'))}"


def amount(r: random.Random) -> str:
    figure = r.choice((f"{r.randint(1, 9999)},{r.randint(0, 999):03d}", f"{r.randint(1, 99999)}.{r.randint(0, 99):02d}", str(r.randint(1, 10**8))))
    return f"{figure}{r.choice(('元', '万元', '萬元', ' 元'))}"


def date_text(r: random.Random) -> str:
    month, day, hour = r.randint(1, 12), r.randint(1, 28), r.randint(8, 18)
    return r.choice((f"2026年{month}月{day}日{hour}时30分", f"2026-{month:02d}-{day:02d} {hour}:00", f"２０２６年{month}月{day}日"))


def _broken(r: random.Random, text: str) -> str:
    """The same text as portals print it: a line break or a space in the middle of a word, now and then."""
    if r.random() < 0.75 or len(text) < 4:
        return text
    at = r.randint(1, len(text) - 1)
    return text[:at] + r.choice(("\n", " ", "\u3000", "\r\n", "\u200b", "\t")) + text[at:]


_SENTENCES: tuple[Callable[[random.Random], str], ...] = (
    lambda r: f"一、项目名称：{title(r)}。",
    lambda r: f"项目编号：{number(r)}",
    lambda r: f"预算金额：{amount(r)}；最高限价：{amount(r)}。",
    lambda r: f"受{organisation(r)}委托，{company(r)}就{r.choice(_THINGS)}{r.choice(_ACTS)}进行公开招标。",
    lambda r: f"投标人须提供{r.choice(_MODELS)}型{r.choice(_THINGS)}不少于{r.randint(1, 500)}台（套），响应时间≤{r.randint(1, 60)}分钟。",
    lambda r: f"提交投标文件截止时间：{date_text(r)}（北京时间），逾期概不受理。",
    lambda r: f"本次施工范围为{r.randint(1, 9)}-{r.randint(10, 29)}号楼及{r.choice(_PLACES)}路段，总长{r.randint(1, 90)}.{r.randint(1, 9)}km，面积{r.randint(100, 9999)}㎡。",
    lambda r: f"The system shall support {r.choice(_ENGLISH)} and {r.choice(_MODELS)} (v{r.randint(1, 9)}.{r.randint(0, 9)}).",
    lambda r: f"履約保證金為合同總價的{r.randint(1, 10)}％，質量保修期{r.randint(1, 5)}年，{r.choice(_RARE)}等条款详见附件{r.choice('①②③')}。",
    lambda r: f"联系人：{r.choice('甲乙丙丁')}某，电话：0000-0000{r.randint(0, 9999):04d}",
    lambda r: f"中标供应商：{company(r)}，中標金額：{amount(r)}。",
    lambda r: f"{r.randint(1, 9)}.{r.randint(1, 9)} 投标人具有{r.choice('一二三')}级及以上资质，近三年完成过{r.choice(_THINGS)}类业绩{r.randint(1, 5)}项。",
    lambda r: f"评标办法：综合评分法（价格{r.randint(1, 9)}0分，技术{r.randint(1, 9)}0分）。",
    lambda r: f"{r.choice(_RARE)}{r.choice(_RARE)}\u3000{r.choice(_MODELS)}／{r.choice(_MODELS)}",
)


def title(r: random.Random) -> str:
    return f"{organisation(r)}{r.choice(('', '2026年度', '關於'))}{r.choice(_THINGS)}{r.choice(_ACTS)}"


def body(r: random.Random, characters: int) -> str:
    parts: list[str] = []
    while sum(map(len, parts)) < characters:
        parts.append(_broken(r, sentence(r)))
    return r.choice(("\n", "\n\n", "　\n")).join(parts)


def given(value: Value) -> tuple[FieldValue, ...]:
    return (FieldValue(value=value, where="given", start=0, end=0, text=str(value)),)


def _moment(r: random.Random, low: int, high: int) -> Moment:
    at = NOW + DAY * r.randint(low, high) + dt.timedelta(minutes=r.choice((0, 0, 30, 720)))
    return at.date() if r.random() < 0.3 else at


def _fields(r: random.Random) -> Fields:
    """Facts, each of them unknown now and then; few distinct values, so that orders have ties."""
    fields: dict[str, tuple[FieldValue, ...]] = {}
    if r.random() < 0.85:
        fields["type"] = given(r.choice(list(NoticeType)))
    if r.random() < 0.8:
        fields["region"] = given(r.choice(REGIONS))
    if r.random() < 0.85:
        fields["published"] = given(_moment(r, -60, 0))
    for name in ("budget", "award_amount"):
        if r.random() < 0.6:
            fields[name] = given(Decimal(r.choice((100, 5000, 123456, 1000000))) + Decimal(r.randint(0, 3)) / 4)
    for name in ("registration_end", "deadline", "opening_time"):
        if r.random() < 0.5:
            fields[name] = given(_moment(r, -20, 20))
    if r.random() < 0.8:
        fields["buyer"] = given(organisation(r))
    if r.random() < 0.5:
        fields["agency"] = given(company(r))
    if r.random() < 0.6:
        fields["project_number"] = given(number(r))
    if r.random() < 0.4:
        fields["suppliers"] = tuple(given(company(r))[0] for _ in range(r.randint(1, 3)))
    return fields


@dataclass(frozen=True, slots=True)
class Corpus:
    """Notices by number; ``shortest`` and ``longest`` bound the body's characters."""

    seed: int = 1
    shortest: int = 60
    longest: int = 600

    def notice(self, index: int, version: int = 1) -> Notice:
        r = random.Random(f"{self.seed}/{index}/{version}")
        attachments = tuple(
            Attachment(name=f"{r.choice(_THINGS)}清单{n}.xlsx", url=f"https://notices.invalid/{index}/{n}")
            for n in range(r.choice((0, 0, 0, 1, 2)))
        )
        return Notice(
            source=SOURCES[index % len(SOURCES)], key=str(index), title=title(r),
            body=body(r, r.randint(self.shortest, self.longest)), url=f"https://notices.invalid/{index}",
            origin=Origin.IMPORT, given=_fields(r), attachments=attachments,
        )

    def notices(self, count: int) -> Iterator[Notice]:
        return (self.notice(index) for index in range(count))

    def records(self, count: int) -> list[NoticeRecord]:
        return [record(notice, seq=index + 1) for index, notice in enumerate(self.notices(count))]


def record(notice: Notice, *, seq: int, version: int = 1, first_seq: int | None = None) -> NoticeRecord:
    """A stored notice without a store, as of change ``seq``."""
    first = first_seq if first_seq is not None else seq
    seen = NOW - DAY * 30 + dt.timedelta(minutes=first // 7)  # several share a minute: ties
    return NoticeRecord(
        notice=notice, version=version, reading=1, reader="given", extracted={}, seq=seq, first_seq=first,
        first_seen_at=seen, last_seen_at=seen, opportunity_id=notice.id,
    )
