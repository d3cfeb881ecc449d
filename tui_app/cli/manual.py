"""``manual``: the chapters of the manual as plain text."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from typing import TYPE_CHECKING

from services.errors import NotFound
from services.language import _
from tui_app.cli.context import Context
from tui_app.cli.parser import act

if TYPE_CHECKING:
    from screens.manual.chapters import Chapter

_WIDEST = 80


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(group, "carteiro manual microsoft | less", _show)
    group.add_argument(
        "chapter",
        nargs="*",
        metavar=_("CAPÍTULO"),
        help=_("chave ou número de um capítulo, ou palavras a procurar; sem nada, a lista deles"),
    )


def _show(context: Context) -> None:
    from screens.manual import chapters as manual

    words = " ".join(context.args.chapter)
    one = manual.chapter(words.casefold())
    if one is not None:
        _print(context, one)
        return
    found = manual.search(words)
    if not found:
        raise NotFound(
            _("O manual não fala de “{words}”: veja carteiro manual").format(words=words),
            field="chapter",
        )

    def text() -> None:
        width = max(len(hit.chapter.key) for hit in found) + 2
        for hit in found:
            context.out.say(f"{hit.chapter.key:<{width}}{hit.title}")
        context.out.say(_("Ler um capítulo: carteiro manual e a chave da esquerda"))

    context.out.give(
        [{"key": hit.chapter.key, "title": hit.title, "words": hit.words} for hit in found],
        text,
    )


def _print(context: Context, one: Chapter) -> None:
    from screens.manual.lines import lines

    told = list(lines(one, min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)))

    def text() -> None:
        for line in told:
            context.out.say(line)

    context.out.give({"key": one.key, "title": one.title, "text": "\n".join(told)}, text)
