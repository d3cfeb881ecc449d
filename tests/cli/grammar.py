"""Every command of the grammar with its parser, as a person can call them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module

from tui_app.cli.parser import Parser, commands


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Groups and actions: ``company``, ``company add`` …, in the language in force."""
    for name, (module, line) in commands().items():
        group = Parser(prog=f"carteiro {name}", description=line)
        import_module(f"tui_app.cli.{module}").build(name, group)
        yield name, group
        for word, action in actions(group).items():
            yield f"{name} {word}", action


def actions(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The actions of a group; none of a command that acts by itself."""
    return {
        word: under
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for word, under in action.choices.items()
    }
