"""``guidance``: what the providers ask before a mailbox works (R51)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING

from services.language import _
from tui_app.cli.context import Context
from tui_app.cli.parser import act

if TYPE_CHECKING:
    from services.wire.guidance_terms import Guidance


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(group, 'carteiro guidance "senha de aplicativo"', _show)
    group.add_argument(
        "words",
        nargs="*",
        metavar=_("PALAVRA"),
        help=_("provedor, assunto, nome antigo de uma opção, ou um endereço de e-mail"),
    )


def _show(context: Context) -> None:
    from services.wire import guidance

    words = " ".join(context.args.words)
    one = guidance.topic(words)
    if one is not None:
        found: tuple[Guidance, ...] = (one,)
    elif "@" in words:
        found = guidance.for_address(words)
    else:
        found = guidance.search(words)

    def text() -> None:
        if not words:
            for topic in found:
                context.out.say(f"{topic.key:<24}{topic.title}")
            context.out.say(_("Passos: carteiro guidance PALAVRA, ou a chave da esquerda"))
            return
        if not found:
            context.out.say(_("Nenhuma orientação sobre isto: veja carteiro guidance"))
        for topic in found:
            context.out.say(f"{topic.title} [{topic.key}]")
            for line in topic.numbered():
                context.out.say(f"  {line}")
            for line in topic.renamed():
                context.out.say(f"  {line}")

    context.out.give([_told(topic) for topic in found], text)


def _told(topic: Guidance) -> dict[str, object]:
    return {
        "key": topic.key,
        "provider": topic.provider,
        "title": topic.title,
        "steps": topic.steps,
        "old_terms": topic.old_terms,
        "cures": [
            {
                "kinds": sorted(cure.kinds),
                "stages": sorted(cure.stages),
                "protocols": cure.protocols,
            }
            for cure in topic.cures
        ],
    }
