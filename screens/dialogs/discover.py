"""*Procurar servidor*: asks the DNS on request and fills what nobody has typed (R18)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.dialogs.confirm import Confirm
from screens.widgets.fields import Value
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.form import Form
from screens.widgets.keyline import KeyLine
from services.errors import CarteiroError, Invalid
from services.language import _, later
from services.safe_text import safe
from services.wire import discovery, guidance
from services.wire.addresses import valid_address
from services.wire.discovery import Candidate, Discovery
from services.wire.presets import preset_of_host

Protocol = Literal["smtp", "pop"]
log = logging.getLogger(__name__)
_SECURITY = {"tls": "SSL/TLS", "starttls": "STARTTLS"}


@dataclass(frozen=True, slots=True)
class Place:
    """The fields of a form that say where one protocol is spoken."""

    protocol: Protocol
    host: str = "host"
    port: str = "port"
    security: str = "security"

    @classmethod
    def of(cls, protocol: Protocol) -> Place:
        """The fields of a form that asks for both: ``smtp_host`` or ``pop_host``, and so on."""
        return cls(protocol, f"{protocol}_host", f"{protocol}_port", f"{protocol}_security")


async def discover_into(
    app: App[Any], form: Form, places: Sequence[Place], *, email: str = "email"
) -> bool:
    """Look for the servers of the address in the field ``email`` and fill ``places`` of the form.

    To be called in a worker. What was typed by hand stays, and a host outside the mail domain is
    put in only when the person confirms it. True when something was put in.
    """
    try:
        address = valid_address(str(form.values()[email] or ""))
    except Invalid as e:
        form.show_errors([Invalid(e.message, field=email)])
        return False
    values = form.values()
    kept: dict[str, str] = {
        p.protocol: str(values[p.host])
        for p in places
        if values[p.host] and form.is_by_hand(p.host)
    }
    chosen = await app.push_screen_wait(Discover(address, [p.protocol for p in places], kept))
    chosen = [c for c in chosen or () if c.protocol not in kept]
    if not chosen or not await _confirmed(app, address, chosen):
        return False
    left = [label for c in chosen for label in _fill(form, _place_of(places, c), c)]
    form.unfold()
    words = _("Preenchido pelo DNS: {servers}. Confira com Testar E-mail.").format(
        servers=", ".join(f"{c.host}:{c.port}" for c in chosen)
    )
    if left:
        words += " " + _("O que foi digitado à mão ficou: {fields}.").format(fields=", ".join(left))
    notify_safe(app, words)
    return True


async def _confirmed(app: App[Any], address: str, chosen: Sequence[Candidate]) -> bool:
    outside = [c for c in chosen if c.outside]
    if not outside:
        return True
    domain = address.rpartition("@")[2]
    return await app.push_screen_wait(
        Confirm(
            _("Servidor fora de {domain}").format(domain=domain),
            _(
                "O DNS aponta para outro domínio, o que é comum em e-mail hospedado, mas o DNS pode "
                "ser falsificado. Sua senha irá para este servidor: confirme só se ele for do seu "
                "provedor."
            ),
            [f"{c.protocol.upper()}: {c.host}:{c.port}" for c in outside],
            yes=_("Usar"),
            no=_("Não usar"),
            danger=True,
        )
    )


def _place_of(places: Sequence[Place], candidate: Candidate) -> Place:
    return next(p for p in places if p.protocol == candidate.protocol)


def _fill(form: Form, place: Place, candidate: Candidate) -> list[str]:
    """Put the candidate in; the labels of the fields that keep another value made by hand."""
    found: dict[str, Value] = {
        place.host: candidate.host,
        place.security: candidate.security,
        place.port: candidate.port,
    }
    before = form.values()
    return [
        form.label(name)
        for name, value in found.items()
        if not form.set_value(name, value) and before[name] != value
    ]


class Discover(Commanded, ModalScreen[Sequence[Candidate] | None]):
    """Asks at once; gives one server for each protocol, or None.

    ``kept`` are the hosts, by protocol, that were typed by hand and stay.
    """

    DEFAULT_CSS = """
    Discover .dialog { height: auto; max-height: 90%; }
    Discover .hint { padding: 0 0 1 0; }
    Discover OptionList {
        display: none; height: auto; max-height: 8; border: none; padding: 0; background: $surface;
    }
    Discover OptionList.-shown { display: block; }
    Discover #verdict { height: auto; padding: 1 0 0 0; }
    Discover #note { height: auto; color: $text-warning; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "discover.use",
            "f2",
            later("Usar"),
            "use",
            order=1,
            when=lambda screen: bool(screen.chosen),
        ),
        Command(
            "discover.mark",
            "space",
            later("Escolher outro"),
            "mark",
            order=2,
            when=lambda screen: screen.has_alternatives,
        ),
        Command("discover.again", "f5", later("Repetir"), "again", order=3),
        Command("discover.leave", "escape", later("Voltar"), "leave", order=4),
    )

    def __init__(
        self, email: str, protocols: Sequence[str], kept: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self._email = email
        self._domain = email.rpartition("@")[2]
        self._protocols = tuple(protocols)
        self._kept = dict(kept or {})
        self._found: tuple[Candidate, ...] = ()
        self.chosen: list[Candidate] = []
        self._list = OptionList(compact=True)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(
                _("Procurar servidor · {email}").format(email=self._email), classes="dialog-title"
            )
            yield Foreign(
                _(
                    "Daqui saem só consultas de DNS sobre o domínio {domain}: nem o endereço, nem "
                    "a senha."
                ).format(domain=self._domain),
                classes="hint",
            )
            yield self._list
            yield Foreign(block=True, id="verdict")
            yield Foreign(block=True, id="note")
        yield KeyLine()

    def on_mount(self) -> None:
        self.action_again()

    @property
    def has_alternatives(self) -> bool:
        """True when there is more than one server for a protocol."""
        return len(self._found) > len(self.chosen)

    def action_again(self) -> None:
        """Ask anew."""
        run_newest(self, "discover", self._ask)

    async def _ask(self) -> None:
        verdict = self.query_one("#verdict", Foreign)
        self._show(())
        verdict.show(_("Consultando o DNS… Esc cancela."))
        try:
            told = await discovery.discover(self._email)
        except CarteiroError as e:
            verdict.show(e.message)
            return
        except Exception:
            log.exception("discovery failed")
            verdict.show(_("Ocorreu uma falha interna; os detalhes estão no log"))
            return
        self._show(tuple(c for c in told.candidates if c.protocol in self._protocols))
        verdict.show(_verdict(told, self._found))
        self._show_note()

    def _show(self, found: tuple[Candidate, ...]) -> None:
        self._found = found
        firsts = (next((c for c in found if c.protocol == p), None) for p in self._protocols)
        self.chosen = [c for c in firsts if c is not None]
        self._list.set_class(bool(found), "-shown")
        self._draw()
        if found:
            self._list.highlighted = 0
            self._list.focus()
        self.query_one("#note", Foreign).show("")
        self.refresh_bindings()

    def _draw(self) -> None:
        at = self._list.highlighted
        self._list.set_options([self._line(candidate) for candidate in self._found])
        self._list.highlighted = at

    def _line(self, candidate: Candidate) -> Content:
        mark = "●" if candidate in self.chosen else "○"
        server = f"{candidate.host}:{candidate.port}"
        wide = max(len(f"{c.host}:{c.port}") for c in self._found)
        words = (
            f"{mark} {candidate.protocol.upper():<4} {safe(server, 60):<{min(wide, 60)}}  "
            f"{_SECURITY[candidate.security]:<8}  {safe(_source(candidate), 40)}"
        )
        return Content.assemble(words, ("  ▲" if candidate.outside else "", "$text-warning"))

    def _show_note(self) -> None:
        lines = [
            _("{p}: {host} foi digitado à mão e fica; apague-o para usar o encontrado.").format(
                p=protocol.upper(), host=host
            )
            for protocol, host in self._kept.items()
            if any(c.protocol == protocol for c in self._found)
        ]
        if any(c.outside for c in self._found):
            words = _("▲ Fora de {domain}: usá-lo pede uma confirmação.")
            lines.append(words.format(domain=self._domain))
        for candidate in self.chosen:
            line = guidance.line_for(self._email, candidate.host, candidate.protocol)
            if line and line not in lines:
                lines.append(line)
        self.query_one("#note", Foreign).show("\n".join(lines))

    def on_option_list_option_selected(self) -> None:
        """Enter takes what is marked."""
        self.action_use()

    def action_mark(self) -> None:
        """Take the server under the cursor for its protocol."""
        at = self._list.highlighted
        if at is None:
            return
        taken = self._found[at]
        self.chosen = [taken if c.protocol == taken.protocol else c for c in self.chosen]
        self._draw()
        self._show_note()

    def action_use(self) -> None:
        """Fill the form with what is marked."""
        self.dismiss(tuple(self.chosen))

    def action_leave(self) -> None:
        """Leave; a look-up under way is cancelled."""
        self.workers.cancel_group(self, "discover")
        self.dismiss(None)


def _source(candidate: Candidate) -> str:
    if candidate.source == "srv":
        return "SRV"
    preset = preset_of_host(candidate.host)
    return f"MX: {preset.name}" if preset is not None else "MX"


def _verdict(told: Discovery, found: Sequence[Candidate]) -> str:
    if found:
        words = _("Enter usa o que está marcado com ●.")
        if told.trouble:
            words += " " + _("Nem todas as consultas foram respondidas; F5 repete.")
        return words
    if told.trouble == "no_domain":
        words = _("O domínio {domain} não existe no DNS. Confira o endereço de e-mail.")
    elif told.trouble == "no_answer":
        words = _(
            "O DNS não respondeu a tempo. Confira a rede e tente de novo com F5, ou digite o "
            "endereço do servidor em Opções avançadas."
        )
    else:
        words = _(
            "Nada encontrado: {domain} não diz no DNS qual é o servidor. Peça o endereço ao "
            "provedor ou a quem cuida do domínio e digite-o em Opções avançadas."
        )
    return words.format(domain=told.domain)
