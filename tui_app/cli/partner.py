"""``partner``: its InvoiCy Mail, that is its relay and for whom it is on (R14)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from services.language import _
from tui_app.cli import account_options, arguments
from tui_app.cli.context import Context, password_line, whole_number
from tui_app.cli.output import yes_no
from tui_app.cli.parser import Actions, UsageError

if TYPE_CHECKING:
    from services.registry.relay import PartnerView

_TEXTS = {
    "relay_host": "host",
    "relay_security": "security",
    "relay_user": "username",
    "relay_email": "email",
}
_DECIDED = {"auth": "authenticate", "verify_certificate": "verify_certificate", "active": "active"}


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    actions = Actions(group)
    change = actions.add(
        "set",
        _("configura o relay do InvoiCy Mail; o que não for dito fica como está"),
        "carteiro partner set --relay-host smtp.relay.example --relay-port 587 \\\n"
        "    --relay-security starttls --relay-user nf@contabil.example --password-stdin \\\n"
        "    --auto-invoicy-mail on < senha.txt",
        _set,
    )
    account_options.add_place(change, "relay", _("do relay"))
    change.add_argument(
        "--relay-user", metavar=_("USUÁRIO"), help=_("sem usuário, o relay não pede login")
    )
    arguments.add_password(change)
    change.add_argument(
        "--relay-email",
        metavar=_("E-MAIL"),
        help=_("o endereço do remetente; em geral o próprio usuário"),
    )
    account_options.add_connecting(change)
    account_options.add_limits(change)
    arguments.add_state(change)
    change.add_argument(
        "--auto-invoicy-mail",
        choices=("on", "off"),
        help=_("se as empresas novas já começam com o InvoiCy Mail ligado"),
    )
    actions.add("show", _("mostra o InvoiCy Mail do parceiro"), "carteiro partner show", _show)
    actions.add("test", _("testa o relay, passo a passo"), "carteiro partner test --json", _test)
    actions.add(
        "remove-relay",
        _("exclui o relay; só quando nenhuma empresa o usa"),
        "carteiro partner remove-relay",
        _remove,
    )


def _set(context: Context) -> None:
    from services.registry import relay

    told = vars(context.args)
    changes: dict[str, Any] = {
        name: told[option] for option, name in _TEXTS.items() if told[option] is not None
    }
    changes |= {name: told[option] for option, name in _DECIDED.items() if told[option] is not None}
    port = whole_number(told["relay_port"], "relay_port", _("Porta"))
    timeout = whole_number(told["timeout"], "timeout", _("Tempo limite (segundos)"))
    changes |= {n: v for n, v in (("port", port), ("timeout", timeout)) if v is not None}
    changes |= account_options.limits_told(context)
    if told["password_stdin"]:
        changes["password"] = password_line()
    auto = None if told["auto_invoicy_mail"] is None else told["auto_invoicy_mail"] == "on"
    if not changes and auto is None:
        raise UsageError(
            _("Informe o que configurar (veja {command} --help)").format(
                command="carteiro partner set"
            )
        )
    _tell(context, context.do(relay.save, changes, auto))


def _show(context: Context) -> None:
    from services.registry import relay

    _tell(context, context.ask(relay.view))


def _test(context: Context) -> int:
    from services.health import testable
    from services.registry.relay_form import NAMES
    from services.store.models import Function
    from tui_app.cli.testing import run_test

    account = context.ask(testable.of_relay, {}, context.settings)
    status = run_test(context, account, Function.SEND, names=NAMES)
    if status == 0:
        context.do(testable.relay_passed)
    return status


def _remove(context: Context) -> None:
    from services.registry import relay

    _tell(context, context.do(relay.clear_relay))


def _tell(context: Context, partner: PartnerView) -> None:
    context.out.give(partner, lambda: _print(context, partner))


def _print(context: Context, partner: PartnerView) -> None:
    relay = partner.relay
    facts: list[tuple[str, object]] = [(_("Parceiro"), partner.name)]
    if relay is None:
        facts.append((_("Relay"), _("não configurado")))
    else:
        state = _("em uso") if relay.active else _("desativado")
        facts += [
            (_("Relay"), f"{relay.host}:{relay.port} {relay.security}"),
            (_("Usuário"), relay.username if relay.authenticate else _("sem login")),
            (_("E-mail"), relay.email),
            (_("Limites"), relay.limits or "—"),
            (_("Situação"), " ".join(filter(None, (state, relay.health_reason)))),
        ]
    facts += [
        (_("Automático para empresas novas"), yes_no(partner.auto_invoicy_mail)),
        (_("Empresas com InvoiCy Mail"), partner.companies_on),
    ]
    context.out.facts(facts)
    if partner.why_waits is not None:
        context.out.say(partner.why_waits)
