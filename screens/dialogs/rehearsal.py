"""Simular leitura: what a reading would do, message by message, while it is found out (R42)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.dialogs.details import Details, Facts
from screens.dialogs.progress import Bar
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.numbers import grouped
from screens.widgets.status import Tone
from services.errors import CarteiroError
from services.failure import WireError
from services.folding import holds
from services.health.conditions import reason_of
from services.language import _, later
from services.reading.foresight import Foreseen, explained, would
from services.reading.rehearsal import Rehearsal
from services.registry.mailboxes import MailboxView

log = logging.getLogger(__name__)
BEAT = 0.25


def _words() -> dict[str, tuple[str, Tone]]:
    return {
        "import": (_("● Importaria"), Tone.GOOD),
        "duplicate": (_("○ Já importado"), Tone.MUTED),
        "quarantine": (_("▲ Quarentena"), Tone.WARN),
        "nothing": (_("· Nada fiscal"), Tone.MUTED),
        "known": (_("○ Já lida"), Tone.MUTED),
        "not_sent": (_("▲ Não entregue"), Tone.BAD),
    }


class _Told:
    """What was found out so far, as a list reads it."""

    def __init__(self) -> None:
        self.items: list[Foreseen] = []

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        if not filter:
            return range(len(self.items))
        return [n for n, item in enumerate(self.items) if holds(_searched(item), filter)]

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        words = _words()
        return {
            i: (
                words[self.items[i].outcome],
                "; ".join(explained(self.items[i])),
                self.items[i].subject,
                _("sai") if self.items[i].deleted else _("fica"),
            )
            for i in ids
        }


class RehearsalDialog(Commanded, ModalScreen[None]):
    """Begins at once; Esc stops it, and closes it once it is over."""

    DEFAULT_CSS = """
    RehearsalDialog .dialog { height: 90%; }
    RehearsalDialog #counts, RehearsalDialog #end { height: auto; }
    RehearsalDialog #end { color: $text-muted; }
    RehearsalDialog #end.failed { color: $text-error; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WindowList"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "rehearsal.stop", "escape", later("Parar"), "stop", order=1, when=lambda d: not d.over
        ),
        Command(
            "rehearsal.close",
            "escape,q",
            later("Fechar"),
            "dismiss(None)",
            order=1,
            when=lambda d: d.over,
        ),
        Command("rehearsal.again", "f5", later("Repetir"), "again", order=2, when=lambda d: d.over),
    )

    def __init__(self, desk: Desk, mailbox: MailboxView) -> None:
        super().__init__()
        self.desk = desk
        self.over = True
        self._mailbox = mailbox
        self._told = _Told()
        self._rehearsal: Rehearsal | None = None
        self._shown = -1
        self._bar = Bar()
        self._counts = Foreign(id="counts")
        self._end = Foreign(id="end", block=True)
        self._list = WindowList(
            self._told,
            (
                Column("outcome", _("Aconteceria"), 14),
                Column("what", _("Documentos e motivos"), 30, wide=True),
                Column("subject", _("Assunto"), 18, wide=True),
                Column("deleted", _("No servidor"), 13, min_terminal_width=100),
            ),
            empty=_("Nenhuma mensagem no servidor."),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Foreign(
                _("Simular leitura · {email}").format(email=self._mailbox.email),
                classes="dialog-title",
            )
            yield self._bar
            yield self._counts
            yield Listing(self._list)
            yield self._end
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin, and show what is new four times a second."""
        self.set_interval(BEAT, self._show)
        self.action_again()

    def action_again(self) -> None:
        """From the start."""
        self.over = False
        self._told.items.clear()
        self._end.remove_class("failed")
        self._end.show(
            _("Nada é excluído, importado nem registrado: só se mostra o que aconteceria.")
        )
        self.refresh_bindings()
        run_newest(self, "rehearsal", self._run)

    async def _run(self) -> None:
        office = self.desk.office
        self._rehearsal = Rehearsal(
            office.store, office.settings, office.sign_ins, self.desk.actor, self._mailbox.id
        )
        try:
            async with aclosing(self._rehearsal.run()) as items:
                async for item in items:
                    self._told.items.append(item)
        except WireError as e:
            self._fail(reason_of(e.failure))
        except CarteiroError as e:
            self._fail(e.message)
        except Exception:
            log.exception("a rehearsal of mailbox %d broke", self._mailbox.id)
            self._fail(_("Ocorreu uma falha interna; os detalhes estão no log"))
        finally:
            self.over = True
            self._shown = -1
        self._show()

    def _fail(self, why: str) -> None:
        self._end.add_class("failed")
        self._end.show(f"▲ {why}")

    def _show(self) -> None:
        count = len(self._told.items)
        if count == self._shown:
            return
        self._shown = count
        total = self._rehearsal.total if self._rehearsal is not None else None
        if total is not None:
            self._bar.put(min(count / total, 1.0) if total else 1.0)
        self._counts.show(_summary(self._told.items, total))
        self._list.refresh_ids()
        self.refresh_bindings()

    def action_stop(self) -> None:
        """Leave the server; what was found out stays on the screen."""
        self.workers.cancel_group(self, "rehearsal")
        self._end.show(_("Parado. Nada foi excluído nem importado."))

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        """Enter tells all of one message."""
        item = self._told.items[message.id]

        async def facts() -> Facts:
            lines = [
                (_("Aconteceria"), would(item)),
                (_("Assunto"), item.subject),
                (_("Remetente"), item.sender),
                ("UIDL", item.uidl),
                (_("Tamanho"), _("{n} bytes").format(n=grouped(item.size))),
            ]
            return Facts(lines, "\n".join(explained(item)))

        self.app.push_screen(Details(_("Mensagem {n}").format(n=item.number), facts))


def _searched(item: Foreseen) -> str:
    return " ".join((item.subject, item.sender, item.uidl, *explained(item)))


def _summary(items: Sequence[Foreseen], total: int | None) -> str:
    if total is None:
        return _("conectando ao servidor…")
    counts = Counter(item.outcome for item in items)
    parts = [_("{n} de {total}").format(n=grouped(len(items)), total=grouped(total))]
    parts += [
        f"{words[2:].lower()}: {grouped(counts[outcome])}"
        for outcome, (words, _tone) in _words().items()
        if counts[outcome]
    ]
    return " · ".join(parts)
