"""The command ``market extract``: what is read from a notice, with its evidence."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from opportunity.errors import BadInput
from opportunity.notice import Fields

_field_titles = {
    "title": "标题", "type": "类型", "project_number": "项目编号", "buyer": "采购人", "agency": "代理机构", "suppliers": "供应商",
    "region": "地区", "published": "发布时间", "budget": "预算金额", "ceiling_price": "最高限价", "award_amount": "中标金额",
    "deposit": "保证金", "registration_end": "报名截止", "deposit_due": "保证金截止", "question_end": "提问截止",
    "deadline": "投标截止", "opening_time": "开标时间",
}


def register(app: typer.Typer) -> None:
    """Mount ``extract``."""
    app.command("extract")(extract_command)


def extract_command(
    file: Annotated[str, typer.Argument(help="公告文件（.html .txt .json .jsonl，- 为标准输入），或已存页面的哈希")],
    as_json: Annotated[bool, typer.Option("--json", help="结果以 JSON 输出")] = False,
    as_jsonl: Annotated[
        bool, typer.Option("--jsonl", help="文件每行一条 {id, title, body}，每行输出一条 {id, plain, fields}")
    ] = False,
    title: Annotated[str, typer.Option(help="公告标题；不给则取自文件")] = "",
) -> None:
    """读出一则公告的各个字段，每个值都给出它在原文中的位置。"""
    if as_jsonl:
        raise typer.Exit(_many(file))
    from crawlers.extraction import extract
    from crawlers.extraction.as_json import fields_json

    stated, plain = _one_notice(file)
    fields = extract(title or stated, plain)
    if as_json:
        typer.echo(json.dumps({"plain": plain, "fields": fields_json(fields)}, ensure_ascii=False))
    else:
        _print(fields)


def _many(file: str) -> int:
    """Every row to one line; a bad row is told on stderr with its line, and the exit code is then 1."""
    bad = 0
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            sys.stdout.write(_row(line) + "\n")
        except ValueError as error:
            bad += 1
            typer.echo(f"第 {number} 行未读：{error}", err=True)
    sys.stdout.flush()
    if bad:
        typer.echo(f"共 {bad} 行未读，其余已输出。", err=True)
    return 1 if bad else 0


def _row(line: bytes) -> str:
    from crawlers.extraction import extract, plain_of
    from crawlers.extraction.as_json import fields_json

    row = _parsed(line.removeprefix(b"\xef\xbb\xbf"))
    title, body = _text(row, "title"), _text(row, "body")
    if not title and not body:
        raise ValueError("没有标题（title）也没有正文（body）")
    plain = plain_of(body)
    out = {"id": row.get("id"), "plain": plain, "fields": fields_json(extract(title, plain))}
    text = json.dumps(out, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # lone surrogates cannot be written as UTF-8; escapes can
        text = json.dumps(out)
    return text


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except UnicodeDecodeError as error:
        raise ValueError("不是 UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError("不是 JSON") from error
    if not isinstance(row, dict):
        raise ValueError("不是 JSON 对象")
    return row


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} 不是文字")
    return value


def _lines(file: str) -> Iterator[bytes]:
    if file == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as stream:
            yield from stream
    except OSError as error:
        raise BadInput(f"不能读取文件 {file}：{error.strerror or error}", file=file) from error


def _one_notice(file: str) -> tuple[str, str]:
    """Title and plain text of one notice file, or of a stored page named by its hash."""
    from crawlers.decoding import decode
    from crawlers.extraction import plain_of

    content = b"".join(_lines(file)) if file == "-" or Path(file).is_file() else _stored_page(file)
    text = decode(content)[0].removeprefix("\ufeff")
    if file.endswith(".json"):
        try:
            row = _parsed(content.removeprefix(b"\xef\xbb\xbf"))
            body = next((text for key in ("body", "content", "html") if (text := _text(row, key))), "")
            return _text(row, "title"), plain_of(body)
        except ValueError as error:
            raise BadInput(f"{file}：{error}", file=file) from error
    return _html_title(text), plain_of(text)


def _stored_page(name: str) -> bytes:
    if len(name) != 64 or not all(character in "0123456789abcdef" for character in name):
        raise BadInput(f"没有这个文件：{name}", file=name)
    from opportunity.settings import Settings
    from opportunity.store import open_store

    store = open_store(Settings(), create=False)
    try:
        return store.load_page(name)
    finally:
        store.close()


def _html_title(text: str) -> str:
    """The <title> of a page where it names a notice; many portals put only their own name there."""
    from crawlers.extraction import clean_plain

    low = text[:20_000].lower()
    start = low.find("<title")
    start = low.find(">", start) + 1 if start >= 0 else 0
    end = low.find("</title", start) if start else -1
    found = " ".join(clean_plain(text[start:end]).split()) if end > start else ""
    return found if any(word in found for word in ("公告", "公示", "采购", "招标", "项目", "工程", "通知")) else ""


def _print(fields: Fields) -> None:
    from rich.console import Console
    from rich.table import Table

    from crawlers.extraction.as_json import fields_json

    table = Table(title=None if fields else "没有读出字段")
    for heading in ("字段", "值", "原文", "位置", "可信度"):
        table.add_column(heading, overflow="fold")
    for name, found in fields_json(fields).items():
        for one in found if isinstance(found, list) else [found]:
            value = one["value"]
            shown = value["name"] if isinstance(value, dict) else one.get("chinese", value)
            place = f"{'标题' if one['in'] == 'title' else '正文'} {one['start']}–{one['end']}"
            table.add_row(_field_titles.get(name, name), str(shown), one["text"], place, str(one["confidence"]))
    Console().print(table)
