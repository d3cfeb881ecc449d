"""How the queue moves, in one line: of the screen and of the command line."""

from __future__ import annotations

from screens.bulk import span
from screens.widgets.numbers import grouped
from services.language import _, ngettext
from services.outbox.progress import Progress


def progress_words(progress: Progress) -> str:
    """ "1.240 saindo · 320/min · faltam 4 min · 12 esperam a hora · 3 falharam"."""
    parts: list[str] = []
    if progress.leaving:
        parts.append(_("▸ {n} a enviar").format(n=grouped(progress.leaving)))
        if progress.seconds_left is None:
            parts.append(_("nada saiu em 1 minuto"))
        else:
            parts.append(_("{n}/min").format(n=grouped(progress.per_minute)))
            parts.append(_("faltam {time}").format(time=span(progress.seconds_left)))
    elif progress.last_minute:
        words = ngettext("{n} enviado no último minuto", "{n} enviados no último minuto", progress.last_minute)  # fmt: skip
        parts.append(words.format(n=grouped(progress.last_minute)))
    for n, one, many in (
        (progress.later, _("{n} espera a hora"), _("{n} esperam a hora")),
        (progress.held, _("{n} sem saída agora"), _("{n} sem saída agora")),
        (progress.failed, _("{n} falhou"), _("{n} falharam")),
    ):
        if n:
            parts.append((one if n == 1 else many).format(n=grouped(n)))
    return " · ".join(parts) or _("Nada espera envio")
