"""The dialog of one record: save, leave with a question, and what another person saved meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Generic, Self, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.email_test import EmailTest
from screens.dialogs.help import HelpDialog
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.keyline import KeyLine
from services.errors import CarteiroError, Conflict, Invalid, InvalidFields, NotFound
from services.language import _, later

R = TypeVar("R")
log = logging.getLogger(__name__)


class RecordForm(Commanded, ModalScreen[R | None], Generic[R]):
    """Register or change one record; gives the saved record, or None when left.

    A subclass gives :meth:`title_words`, :meth:`save` and, for records that two people may edit
    at once, :meth:`now` and :meth:`values_of`. ``record`` is the one being changed, in the version
    that :meth:`save` passes on; None registers a new one.
    """

    DEFAULT_CSS = """
    RecordForm Form { height: auto; max-height: 1fr; }
    RecordForm #told { display: none; height: auto; padding: 0 0 1 2; color: $text-warning; }
    RecordForm #told.-shown { display: block; }
    RecordForm #told.-refusal { color: $text-error; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("record.save", "f2,ctrl+s", later("Salvar"), "save", order=1),
        Command("record.leave", "escape", later("Voltar"), "leave", order=9),
        Command("record.help", "f1", later("Ajuda"), "help", order=20, palette=False),
    )
    begin_at: str | None = None
    """The field that a test of the saved record named, to begin at it (R19)."""
    rules: ClassVar[str] = ""
    """Which form it is, for the rules of its fields (``field_rules.py``)."""

    def __init__(
        self,
        desk: Desk,
        specs: Sequence[FieldSpec],
        values: Mapping[str, Value],
        record: R | None = None,
    ) -> None:
        super().__init__()
        self.desk = desk
        self.record = record
        self._passed: Mapping[str, Value] | None = None
        self.form = Form(specs, values, made_by_hand=values if record is not None else ())

    def title_words(self) -> str:
        """The dialog's title."""
        raise NotImplementedError

    def help_words(self) -> str:
        """What the dialog is for, where its fields do not tell it."""
        return ""

    async def save(self) -> R:
        """Save what is on the form; raises what the service refuses."""
        raise NotImplementedError

    async def now(self) -> R:
        """The record as it is saved now, by whomever."""
        raise NotImplementedError

    def values_of(self, record: R) -> Mapping[str, Value]:
        """The form's values for ``record``."""
        raise NotImplementedError

    def above(self) -> Iterable[Widget]:
        """What stands between the title and the form."""
        return ()

    def below(self) -> Iterable[Widget]:
        """What stands under the form."""
        return ()

    async def saved(self, record: R) -> None:
        """What follows a save: the dialog closes."""
        self.dismiss(record)

    @property
    def unsaved(self) -> bool:
        """True when something beside the form's own fields would be lost."""
        return False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(self.title_words(), classes="dialog-title")
            yield from self.above()
            yield Foreign(id="told", block=True)
            yield self.form
            yield from self.below()
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin at the field to mend."""
        if self.begin_at is not None:
            self.mend(self.begin_at)

    def at(self, field: str | None) -> Self:
        """The same dialog, beginning at the field that a test named."""
        self.begin_at = field
        return self

    def mend(self, field: str) -> None:
        """Go to the field that a test named (R19).

        Where a form asks for one protocol only, its ``host`` is the test's ``smtp_host``. A field
        that the form does not have is passed over.
        """
        for name in (field, field.removeprefix("smtp_").removeprefix("pop_")):
            if self.form.has(name):
                self.form.focus_field(name)
                return

    def follow(self, test: EmailTest, field: str | None, tested: Mapping[str, Value]) -> None:
        """After a test of the values ``tested``: save them, or go to the field that it named (R19)."""
        self._passed = tested if test.passed else self._passed
        if test.to_save:
            self.action_save()
        elif field is not None:
            self.mend(field)

    @property
    def proven(self) -> bool:
        """True when a test passed with what is on the form."""
        return self._passed == self.form.values()

    def tell(self, words: str, *, refusal: bool = False) -> None:
        """Say something above the form, or with "" nothing any more."""
        told = self.query_one("#told", Foreign)
        told.show(words)
        told.set_class(bool(words), "-shown")
        self.set_class(bool(words), "-telling")
        told.set_class(refusal, "-refusal")

    def action_save(self) -> None:
        """Save; every refusal is shown where it is to be mended, and nothing typed is lost."""
        if self.form.check():
            run_newest(self, "save", self._save)

    async def _save(self) -> None:
        self.tell("")
        try:
            record = await self.save()
        except InvalidFields as e:
            self.form.show_errors(e.errors)
        except Conflict as e:
            await self._changed_meanwhile(e)
        except NotFound as e:
            await self._gone(e)
        except CarteiroError as e:
            self.refuse(e)
        except Exception:
            log.exception("saving in %s failed", type(self).__name__)
            self.tell(_("Ocorreu uma falha interna; os detalhes estão no log"), refusal=True)
        else:
            await self.saved(record)

    def refuse(self, error: CarteiroError) -> None:
        """Show a refusal beside its field or, where it names none of the form's, above all."""
        if isinstance(error, Invalid) or error.field in self.form.values():
            self.form.show_errors([Invalid(error.message, field=error.field)])
        else:
            self.tell(error.message, refusal=True)

    async def take_over(self) -> None:
        """What was done to the record from here is in it now; what was typed is kept."""
        self.record = await self.now()
        self.form.rebase(self.values_of(self.record))
        self.refresh_bindings()

    async def _gone(self, error: NotFound) -> None:
        """Somebody else removed the record: that is said, and what was typed is kept."""
        if self.record is not None:
            try:
                await self.now()
            except NotFound:
                words = _(
                    "Este cadastro foi excluído enquanto você o editava. O que foi digitado está "
                    "aqui: copie o que precisar, e cadastre-o de novo."
                )
                self.tell(words, refusal=True)
                return
        self.refuse(error)

    async def _changed_meanwhile(self, conflict: Conflict) -> None:
        """Somebody else saved first: what they changed is shown, what was typed is kept."""
        if self.record is None or conflict.field is not None:
            self.refuse(conflict)
            return
        try:
            self.record = await self.now()
        except CarteiroError as e:
            self.refuse(e)
            return
        theirs = self.values_of(self.record)
        taken, contested = self.form.rebase(theirs)
        lines = [conflict.message]
        lines += [
            f"• {self.form.label(name)}: {self.form.words_of(name, theirs[name])}" for name in taken
        ]
        self.tell("\n".join(lines))
        self.form.show_errors(
            Invalid(
                _("agora está “{value}”; salvar põe o que você digitou").format(
                    value=self.form.words_of(name, theirs[name])
                ),
                field=name,
            )
            for name in contested
        )

    def action_help(self) -> None:
        """All keys, and the help of the field in hand."""
        self.app.push_screen(HelpDialog(self.title_words(), self.help_words()))

    def action_leave(self) -> None:
        """Leave; typed changes are not lost without a question."""
        if self.form.typed or self.unsaved:
            run_newest(self, "leave", self._leave)
        else:
            self.dismiss(None)

    async def _leave(self) -> None:
        if await self.app.push_screen_wait(
            Confirm(
                _("Sair sem salvar?"), _("O que foi digitado se perde."), danger=True, leaving=True
            )
        ):
            self.dismiss(None)
