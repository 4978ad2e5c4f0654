"""The commands of this package: every module named ``commands_*`` beside this one mounts its own."""

from __future__ import annotations

import importlib
import pkgutil

import typer

import crawlers


def register(app: typer.Typer) -> None:
    """Mount the commands of every ``crawlers.commands_<part>`` that there is, in order of name."""
    for module in sorted(pkgutil.iter_modules(crawlers.__path__), key=lambda one: one.name):
        if module.name.startswith("commands_"):
            importlib.import_module(f"crawlers.{module.name}").register(app)
