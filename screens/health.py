"""Saúde: which mailboxes are down, since when, why, and whom that holds up (R50)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.events import Resize
from textual.timer import Timer
from textual.widget import Widget

from screens.activity_words import activity_lines
from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.activity import ActivityDialog
from screens.dialogs.agenda import Agenda
from screens.dialogs.arrivals import ArrivalsDialog
from screens.dialogs.email_test import EmailTest
from screens.dialogs.linking import relink
from screens.dialogs.mailbox_form import MailboxForm
from screens.dialogs.progress import run_watched
from screens.dialogs.server_form import ServerForm
from screens.frame import FramedScreen
from screens.health_source import TroubleSource, name_of
from screens.health_words import incident_words, trouble_words
from screens.retesting import Retesting
from screens.widgets.columns import Column
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.numbers import grouped
from screens.widgets.status import widest
from services.errors import CarteiroError
from services.health import activity, retest
from services.health.activity import Activity
from services.health.troubles import STATES, Trouble
from services.language import _, later, ngettext
from services.registry import company_views, mailboxes, server_views
from services.store.models import Function, Kind

_PULSE_SECONDS = 60.0


class TroubleList(WindowList):
    """Space unfolds an incident, and marks a mailbox."""

    def __init__(self, source: TroubleSource, columns: Sequence[Column], *, empty: str) -> None:
        super().__init__(source, columns, empty=empty)
        self._known = source

    def sign(self, row_id: int) -> tuple[str, str] | None:
        """Whether an incident is unfolded."""
        if self._known.incident(row_id) is not None:
            return ("−" if self._known.is_open(row_id) else "+", "strong")
        return super().sign(row_id)

    def action_mark(self) -> None:
        """Unfold, or mark."""
        if self._known.incident(self.current) is not None:
            self.action_choose()
        else:
            super().action_mark()


class HealthScreen(FramedScreen):
    """The worst first; what is under the cursor is told in full below the list."""

    key = "health"
    DEFAULT_CSS = """
    HealthScreen #told {
        height: auto; min-height: 5; max-height: 9; padding: 0 1; border-top: solid $primary 40%;
    }
    HealthScreen #told.empty { display: none; }
    HealthScreen #pulse { height: 3; padding: 0 1; color: $foreground 75%; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "health.retest",
            "T",
            later("Testar todas"),
            "retest",
            later("Testa as marcadas, ou todas; as que passam voltam ao uso"),
            order=1,
            when=lambda screen: bool(screen.list.row_count),
        ),
        Command(
            "health.test",
            "t",
            later("Testar"),
            "test",
            order=2,
            when=lambda screen: bool(screen.list.row_count),
        ),
        Command(
            "health.edit",
            "e",
            later("Editar"),
            "edit",
            order=3,
            when=lambda screen: bool(screen.list.row_count),
        ),
        Command(
            "health.relink",
            "l",
            later("Vincular de novo"),
            "relink",
            later(
                "Entra de novo na conta Microsoft; o teste que passa põe a caixa de volta em uso"
            ),
            order=4,
            when=lambda screen: screen.chosen is not None and screen.chosen.wants_sign_in,
        ),
        Command(
            "health.agenda",
            "v",
            later("Vencimentos"),
            "agenda",
            later("Contas Microsoft: renovadas quando, vencem quando"),
            order=5,
        ),
        Command(
            "health.activity",
            "m",
            later("Movimento"),
            "activity",
            later("O que cada caixa enviou, leu e falhou, por hora e por dia"),
            order=6,
        ),
        Command(
            "health.arrivals",
            "p",
            later("Chegadas"),
            "arrivals",
            later("Documentos esperados e recebidos, por empresa"),
            order=7,
        ),
        Command("health.reload", "r", later("Atualizar"), "reload", palette=False),
        Command("health.back", "escape,q", later("Voltar"), "app.go('home')", palette=False),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._source = TroubleSource(desk)
        self.list = TroubleList(
            self._source,
            (
                Column("state", _("Situação"), widest(STATES)),
                Column("email", _("Caixa"), 18, wide=True),
                Column("since", _("Desde"), 11),
                Column("why", _("Motivo"), len("AADSTS700082"), wide=True),
                Column("waiting", _("Na fila"), 7, align="right"),
                Column("companies", _("Emp."), 5, align="right"),
            ),
            empty=_(
                "Todas as caixas estão bem.\n\nQuando uma parar, falhar ou for inativada pelo "
                "provedor, ela aparece aqui sozinha: desde quando, por quê, que empresas atinge e "
                "quantos e-mails esperam por ela."
            ),
        )
        self._told = Foreign(block=True, id="told", classes="empty")
        self._later: Timer | None = None
        self._pulse = Foreign(block=True, id="pulse")
        self._activity: Activity | None = None

    @classmethod
    def title_words(cls) -> str:
        return _("Saúde")

    def help_words(self) -> str:
        return _(
            "As caixas que não estão bem, as piores primeiro. O mesmo código em três ou mais "
            "caixas em poucos minutos é um incidente, numa linha só: Enter ou Espaço mostra as "
            "caixas dele. 't' testa a caixa sob o cursor, 'T' testa todas de novo e reativa as "
            "que passam; 'e' abre o cadastro. Em pausa é o que volta sozinho: não se testa. 'Na "
            "fila' são os e-mails que não têm outra saída agora. 'v' mostra quando vencem as "
            "contas Microsoft. No alto, o que todas as caixas enviaram, leram e falharam, uma "
            "barra por hora e por dia: 'm' mostra por caixa, e 'p' os documentos esperados e "
            "recebidos por empresa."
        )

    def body(self) -> Iterable[Widget]:
        yield self._pulse
        yield Listing(self.list, title=self.title_words())
        yield self._told

    def on_mount(self) -> None:
        """The counts are read again from time to time: they change by the hour."""
        self._read_activity()
        self.set_interval(_PULSE_SECONDS, self._read_activity)

    def on_resize(self, event: Resize) -> None:
        """As many bars as there is room for."""
        super().on_resize(event)
        self.call_after_refresh(self._show_activity)

    def _read_activity(self) -> None:
        run_newest(self, "pulse", self._ask_activity)

    async def _ask_activity(self) -> None:
        try:
            self._activity = await self.desk.ask(activity.activity)
        except CarteiroError as e:
            self.refuse(e.message)
        self._show_activity()

    def _show_activity(self) -> None:
        if self._activity is not None:
            self._pulse.show("\n".join(activity_lines(self._activity, self._pulse.size.width)))

    async def refresh_live(self) -> None:
        """At most as often as leaves nine tenths of the time to the person's keys."""
        if self._later is None:
            pause = self._source.resting()
            self._later = self.set_timer(pause, self._refresh) if pause else None
            if self._later is None:
                self._refresh()

    def _refresh(self) -> None:
        self._later = None
        self.list.refresh_ids()

    def action_reload(self) -> None:
        """Read the list again."""
        self.list.refresh_ids()

    # What is under the cursor.

    def on_window_list_counted(self) -> None:
        """The rows were read: what is told of the one under the cursor may be another."""
        self._tell()
        self.refresh_bindings()

    def on_window_list_highlighted(self) -> None:
        """Another row: tell of that."""
        self._tell()
        self.refresh_bindings()

    @property
    def chosen(self) -> Trouble | None:
        """The mailbox under the cursor."""
        return self._source.trouble(self.list.current)

    def _tell(self) -> None:
        incident, trouble = self._source.incident(self.list.current), self.chosen
        self._told.set_class(incident is None and trouble is None, "empty")
        if incident is not None:
            self._told.show(incident_words(incident))
        elif trouble is not None:
            self._told.show(trouble_words(trouble))

    def on_window_list_chosen(self) -> None:
        """Enter unfolds an incident, or opens the mailbox."""
        self.action_edit()

    def action_edit(self) -> None:
        """The form of what is under the cursor; of an incident its mailboxes."""
        chosen = self.list.current
        if chosen is None:
            return
        trouble = self._source.trouble(chosen)
        if trouble is None:
            self._source.turn(chosen)
            self.list.refresh_ids()
        else:
            run_newest(self, "form", self._edit, trouble)

    async def _edit(self, trouble: Trouble, field: str | None = None) -> None:
        try:
            if trouble.kind == Kind.RELAY:
                from screens.dialogs.partner_form import show_partner

                await show_partner(self.app, self.desk, field)
            elif self.desk.actor.is_partner or trouble.mailbox_id is None:
                server = await self.desk.ask(server_views.view, trouble.server_id)
                await self.app.push_screen_wait(ServerForm(self.desk, server).at(field))
            else:
                mailbox = await self.desk.ask(mailboxes.view, trouble.mailbox_id)
                company = await self.desk.ask(company_views.view, mailbox.company_id)
                form = MailboxForm(self.desk, company, Function(mailbox.function), mailbox)
                await self.app.push_screen_wait(form.at(field))
        except CarteiroError as e:
            self.refuse(e.message)
        self.list.refresh_ids()

    def action_activity(self) -> None:
        """By mailbox (R50)."""
        self.app.push_screen(ActivityDialog(self.desk))

    def action_arrivals(self) -> None:
        """What is usual and what came, by company."""
        self.app.push_screen(ArrivalsDialog(self.desk))

    def action_agenda(self) -> None:
        """What of Microsoft sign-ins ends when (R44)."""
        self.app.push_screen(Agenda(self.desk))

    def action_relink(self) -> None:
        """Sign in again at Microsoft, and test (R49)."""
        trouble = self.chosen
        if trouble is not None:
            run_newest(self, "form", self._relink, trouble.server_id)

    async def _relink(self, server_id: int) -> None:
        await relink(self.app, self.desk, server_id)
        self.list.refresh_ids()

    # Testing.

    def action_test(self) -> None:
        """Testar E-mail of the mailbox under the cursor; of an incident all its mailboxes."""
        chosen = self.list.current
        trouble = self._source.trouble(chosen)
        if trouble is not None:
            run_newest(self, "form", self._try, trouble)
        elif chosen is not None:
            self._retest(self._source.concerned(chosen))

    async def _try(self, trouble: Trouble) -> None:
        field = await self.app.push_screen_wait(self._test(trouble))
        # One's own doing is seen at once, however long the list rests.
        self.list.refresh_ids()
        if field is not None:
            await self._edit(trouble, field)

    def _test(self, trouble: Trouble) -> EmailTest:
        return EmailTest(
            self.desk,
            name_of(trouble),
            trouble.tested,
            lambda: self.desk.ask(retest.account, trouble, self.desk.settings),
            False,
            lambda: self.desk.do(retest.passed, trouble),
            opens_form=True,
        )

    def action_retest(self) -> None:
        """Test the marked mailboxes, or all, and bring back those that pass (R49)."""
        marks = self.list.marks
        self._retest(
            [each for each in self._source.troubles if not marks or each.server_id in marks]
        )

    def _retest(self, troubles: Sequence[Trouble]) -> None:
        worth = retest.worth_testing(troubles)
        if worth:
            run_newest(self, "retest", self._watch, worth)
        else:
            notify_safe(self.app, _("Só há caixas em pausa: elas voltam sozinhas"))

    async def _watch(self, troubles: Sequence[Trouble]) -> None:
        outcome = await run_watched(self.app, Retesting(self.desk, troubles))
        if not outcome.behind:
            words = (
                ngettext("{n} caixa de volta ao uso", "{n} caixas de volta ao uso", outcome.done)
                if outcome.done
                else _("Nenhuma caixa voltou ao uso")
            )
            severity = "information" if outcome.whole else "warning"
            notify_safe(self.app, words.format(n=grouped(outcome.done)), severity)
        self.list.action_unmark()
        self.list.refresh_ids()
