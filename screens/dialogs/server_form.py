"""The form of an e-mail server of the partner: *Outro Provedor* (R17–R20)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from textual.containers import Vertical
from textual.widget import Widget

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.discover import Place, discover_into
from screens.dialogs.email_test import EmailTest
from screens.dialogs.guidance import GuidanceDialog
from screens.dialogs.link_companies import link_companies
from screens.dialogs.linking import can_relink, relink
from screens.dialogs.microsoft_fields import completed, has_account, of_account
from screens.dialogs.record_form import RecordForm
from screens.dialogs.rotate import offer_rotation
from screens.dialogs.server_fields import (
    PLACES,
    changes_of,
    draft_of,
    fields,
    reads,
    saved_names,
    sends,
    values_of,
)
from screens.widgets.fields import Value
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.inactivated import Inactivated
from screens.widgets.numbers import grouped
from services.errors import CarteiroError
from services.health import testable
from services.language import _, later
from services.registry import server_form, server_views, servers
from services.registry.protocols import default_port
from services.registry.server_views import ServerView
from services.wire import guidance

PAUSE = 0.15
"""Seconds without a key until the address and the hosts are looked up in what is known."""


class ServerForm(RecordForm[ServerView]):
    """Register or change a server. Once registered it stays open: *Vincular Empresas* is there (R20)."""

    DEFAULT_CSS = """
    ServerForm Form { max-height: 68vh; }
    ServerForm.-telling Form { max-height: 45vh; }
    ServerForm #told { max-height: 6; }
    ServerForm #guidance { display: none; color: $text-warning; max-height: 2; }
    ServerForm #guidance.-shown { display: block; }
    ServerForm #links { padding: 0 0 0 2; color: $text-primary; }
    ServerForm #links.-later { color: $text-muted; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("server_form.test", "f5", later("Testar E-mail"), "test", order=2),
        Command(
            "server_form.link",
            "f8",
            later("Vincular Empresas"),
            "link",
            order=3,
            when=lambda form: form.record is not None,
        ),
        Command(
            "server_form.discover",
            "f6",
            later("Procurar servidor"),
            "discover",
            later("Procura o servidor no DNS: daqui saem só consultas de DNS sobre o domínio"),
            order=10,
        ),
        Command(
            "server_form.guidance",
            "f7",
            later("Orientação"),
            "guidance",
            later("O que o provedor deste e-mail pede: senha de aplicativo, POP, vincular a conta"),
            order=11,
        ),
        Command(
            "server_form.relink",
            "f3",
            later("Vincular de novo"),
            "relink",
            later(
                "Entra de novo na conta Microsoft; o teste que passa põe a caixa de volta em uso"
            ),
            order=2,
            when=lambda form: can_relink(form.record),
        ),
    )
    rules: ClassVar[str] = "server"

    def __init__(self, desk: Desk, view: ServerView | None = None) -> None:
        super().__init__(desk, (), {}, view)
        self.form = self._make_form()
        self._prefilled: set[str] = set()
        self._inactivated = Inactivated("F3")
        self._links = -1 if view is None else view.companies_count

    def _make_form(self) -> Form:
        view = self.record
        return Form(
            *of_account(
                fields(editing=view is not None),
                values_of(view, self.desk.actor.partner_name),
                view,
            ),
            made_by_hand=() if view is None else saved_names(view),
        )

    def title_words(self) -> str:
        return _("Novo servidor de e-mail") if self.record is None else _("Editar servidor")

    def above(self) -> Iterable[Widget]:
        yield self._inactivated

    def below(self) -> Iterable[Widget]:
        yield Foreign(id="guidance", block=True)
        yield Foreign(id="links")

    def on_mount(self) -> None:
        """Say what goes for the server as it stands."""
        self._inactivated.tell(self.record)
        self._show_guidance()
        self._show_links()

    # Saving.

    async def save(self) -> ServerView:
        values = completed(self.form.values(), self.record)
        if self.record is None:
            return await self.desk.do(servers.add, draft_of(values))
        changes = changes_of(values)
        if not self.form.has("password"):
            del changes["username"], changes["authenticate"]
        return await self.desk.do(
            servers.edit, self.record.id, changes, version=self.record.version
        )

    async def now(self) -> ServerView:
        assert self.record is not None
        return await self.desk.ask(server_views.view, self.record.id)

    def values_of(self, record: ServerView) -> Mapping[str, Value]:
        values = values_of(record, self.desk.actor.partner_name)
        return of_account((), values, record)[1]

    async def saved(self, record: ServerView) -> None:
        """A new server stays open, to be linked; a changed one closes, after its new password
        was offered to the other registrations of the same account.

        A new one that was tested before it was saved is not to be tested again.
        """
        if self.record is None:
            if self.proven:
                with suppress(CarteiroError):
                    await self.desk.do(testable.server_passed, record.id)
            await self._go_on_with(record)
            return
        if password := str(self.form.values().get("password") or ""):
            await offer_rotation(self.app, self.desk, record.id, password)
        self.dismiss(record)

    async def _go_on_with(self, record: ServerView) -> None:
        self.record = record
        old, self.form = self.form, self._make_form()
        with self.app.batch_update():
            await self.query_one(".dialog", Vertical).mount(self.form, after=old)
            await old.remove()
            self.query_one(".dialog-title", Foreign).show(self.title_words())
            self._links = record.companies_count
            self._show_links()
            self.tell(_("Salvo. F8 vincula as empresas que vão usá-lo; Esc volta à lista."))
        self.form.focus_field("nickname")
        self.refresh_bindings()

    # What is known of the address.

    def on_form_changed(self, message: Form.Changed) -> None:
        """Address and hosts tell the provider: fill what nobody has typed (R18)."""
        name, form = message.name, self.form
        if message.form is not form:
            return
        if name in ("kind", "email", "smtp_host", "pop_host"):
            self._show_guidance()
        if name in ("kind", "email") or (name.endswith("_host") and form.is_by_hand(name)):
            run_newest(self, "prefill", self._prefill)
        for function, protocol in PLACES.items():
            if name == f"{protocol}_security" and form.is_by_hand(name):
                form.set_value(f"{protocol}_port", default_port(function, str(message.value)))

    async def _prefill(self) -> None:
        await asyncio.sleep(PAUSE)
        form, values = self.form, self.form.values()
        hosts = {
            f"{protocol}_host": str(values[f"{protocol}_host"] or "") or None
            for protocol in PLACES.values()
            if form.is_by_hand(f"{protocol}_host")
        }
        found = await self.desk.ask(
            server_form.prefill, str(values["kind"]), str(values["email"] or ""), **hosts
        )
        # What an address left behind that was typed over goes again.
        first = values_of(None, "")
        for name in self._prefilled - found.keys():
            form.set_value(name, first[name])
        self._prefilled = {name for name, value in found.items() if form.set_value(name, value)}

    def _show_guidance(self) -> None:
        """One line of what the provider asks; F7 shows the whole (R51)."""
        line = "" if has_account(self.record) else guidance.line_for(*self._provider)
        shown = self.query_one("#guidance", Foreign)
        shown.show(_("{line} · F7 mostra como").format(line=line) if line else "")
        shown.set_class(bool(line), "-shown")

    @property
    def _provider(self) -> tuple[str, str | None, str | None]:
        """Address, host and protocol: what tells a provider's guidance."""
        values = self.form.values()
        host = str(values["smtp_host"] if sends(values) else values["pop_host"]) or None
        protocol = None
        if not (sends(values) and reads(values)):
            protocol = "smtp" if sends(values) else "pop"
        return str(values["email"] or ""), host, protocol

    def action_guidance(self) -> None:
        """The guidance, at the provider of the address (R51)."""
        found = guidance.for_address(*self._provider)
        self.app.push_screen(GuidanceDialog(found[0].key if found else None))

    def action_discover(self) -> None:
        """Procurar servidor: on request only, by DNS questions about the domain (R18)."""
        values = self.form.values()
        places = [Place.of("smtp")] if sends(values) else []
        places += [Place.of("pop")] if reads(values) else []
        run_newest(self, "discover", discover_into, self.app, self.form, places)

    # Test and links.

    def action_test(self) -> None:
        """Testar E-mail with the values on the screen, saved or not, in every direction (R19)."""
        run_newest(self, "test", self._test)

    async def _test(self) -> None:
        tested = self.form.values()
        draft = draft_of(completed(tested, self.record))
        # A name and a key say nothing of the mail server: the test does not wait for them.
        draft = replace(
            draft,
            nickname=draft.nickname or draft.email,
            sender_name=draft.sender_name or draft.email,
        )
        server_id = None if self.record is None else self.record.id
        try:
            await self.desk.ask(testable.of_server_draft, draft, server_id, self.desk.settings)
        except CarteiroError as e:
            self.refuse(e)
            return
        test = EmailTest(
            self.desk,
            draft.email,
            draft.kind,
            lambda: self.desk.ask(testable.of_server_draft, draft, server_id, self.desk.settings),
            True,
            self._note_passed if self.record is not None and not self.form.changed else None,
        )
        self.follow(test, await self.app.push_screen_wait(test), tested)

    async def _note_passed(self) -> bool:
        """What is saved works: jobs use it again at once (R48, R49)."""
        assert self.record is not None
        return await self.desk.do(testable.server_passed, self.record.id)

    def action_relink(self) -> None:
        """Sign in again at Microsoft, and test (R49); what was typed here stays."""
        run_newest(self, "test", self._relink)

    async def _relink(self) -> None:
        assert self.record is not None
        if await relink(self.app, self.desk, self.record.id):
            await self.take_over()
            self._inactivated.tell(self.record)

    def action_link(self) -> None:
        """Vincular Empresas (R20)."""
        if self.record is not None:
            self.app.push_screen(link_companies(self.desk, self.record))

    async def refresh_live(self) -> None:
        """Companies were linked, here or elsewhere: the count follows."""
        if self.record is None:
            return
        found = await self.desk.ask(server_views.rows, [self.record.id])
        if self.record.id in found:
            self._links = found[self.record.id].companies_count
            self._show_links()

    def _show_links(self) -> None:
        shown = self.query_one("#links", Foreign)
        shown.set_class(self.record is None, "-later")
        shown.show(
            _("Vincular Empresas: depois de salvar")
            if self.record is None
            else _("Empresas vinculadas: {n} · F8 vincula").format(n=grouped(self._links))
        )
