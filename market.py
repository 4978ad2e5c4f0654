"""The command ``market``: mounts each package's commands and composes them; nothing imports this."""

from __future__ import annotations

import importlib
import sys

import typer

from opportunity.errors import BadInput, MarketError

PACKAGES = ("crawlers", "search_api", "schedules")

app = typer.Typer(
    name="market",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="找市场：采集公开招标采购公告，按词精确检索，每个数值都有出处。",
)

for package in PACKAGES:
    importlib.import_module(f"{package}.commands").register(app)


def main() -> None:
    """Run the command; an error of ours is one sentence on stderr and an exit code, never a traceback.

    Exit codes: 2 what was given cannot be used, 1 any other failure, 130 interrupted.
    """
    try:
        app(standalone_mode=True)
    except MarketError as error:
        typer.secho(f"错误：{error.message}", fg="red", err=True)
        sys.exit(2 if isinstance(error, BadInput) else 1)
    except KeyboardInterrupt:
        typer.echo("已停止。", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
