"""Engines: one file each, found by the name that ``settings.engine`` gives before its first colon."""

from __future__ import annotations

import importlib
from pathlib import Path

from indexer.engine import Engine, WordCutter
from opportunity.errors import ConfigurationError
from opportunity.settings import Settings

_FOLDER = Path(__file__).parent


def engine_modules() -> tuple[str, ...]:
    """The names of the engine files: modules of this folder without an underscore in their name."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("[a-z]*.py") if "_" not in file.stem))


def module_for(name: str) -> str:
    """The engine file for a name: the file of that name, or the one whose name begins it (elastic…)."""
    fitting = [stem for stem in engine_modules() if name.startswith(stem)]
    if not fitting:
        raise ConfigurationError(
            f"没有名为“{name}”的检索引擎，可用：{'、'.join(engine_modules())}。请检查 MARKET_ENGINE。", engine=name
        )
    return max(fitting, key=len)


def open_engine(settings: Settings, cutter: WordCutter, *, home_id: str) -> Engine:
    """The engine that ``settings.engine`` names; ``home_id`` keeps the indexes of two homes apart."""
    name = settings.engine.split(":", 1)[0]
    module = importlib.import_module(f"{__name__}.{module_for(name)}")
    engine: Engine = module.open_engine(settings, cutter, home_id=home_id)
    return engine
