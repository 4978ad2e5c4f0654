"""Writes docs/settings.md from the one list of settings. Run: ``.venv/bin/python -m tools.make_settings_doc``."""

from __future__ import annotations

from pathlib import Path

from opportunity.settings import Settings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "settings.md"


def settings_page() -> str:
    """The page as it should be: one row a setting."""
    lines = [
        "# 设置 Settings",
        "",
        "每项设置都是一个环境变量；除此之外程序不读取任何环境变量（本页由 `tools/make_settings_doc.py` 生成）。",
        "",
        "| 变量 | 默认值 | 说明 |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "`$XDG_DATA_HOME/market-opportunity`" if name == "home" else f"`{_shown(field.default)}`"
        lines.append(f"| `MARKET_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def _shown(default: object) -> str:
    text = default.get_secret_value() if hasattr(default, "get_secret_value") else str(default)
    return text or "（空）"


if __name__ == "__main__":
    TARGET.write_text(settings_page(), encoding="utf-8")
