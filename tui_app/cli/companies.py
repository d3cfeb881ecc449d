"""``company``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from services.language import _
from tui_app.cli import many_companies
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions

if TYPE_CHECKING:
    from services.registry.companies import CompanyView

_TEXTS = ("cnpj", "nickname", "legal_name", "headquarters", "notification_email", "sender_name")


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    actions = Actions(group)
    add = actions.add(
        "add",
        _("cadastra uma empresa"),
        "carteiro company add --cnpj 11.222.333/0001-81 --nickname Padaria \\\n"
        '    --legal-name "Padaria Ltda" --notification-email dono@padaria.example \\\n'
        "    --document-import on",
        _add,
    )
    _options(add, required=True)
    edit = actions.add(
        "edit",
        _("altera uma empresa"),
        "carteiro company edit 11222333000181 --document-import on",
        _edit,
    )
    edit.add_argument("company", metavar="CNPJ", help=_("a empresa, pelo CNPJ com ou sem máscara"))
    _options(edit, required=False)
    several = actions.add(
        "list", _("lista as empresas"), "carteiro company list --filter padaria --json", _list
    )
    several.add_argument(
        "--filter", default="", metavar=_("TEXTO"), help=_("CNPJ ou parte do nome")
    )
    several.add_argument(
        "--document-import",
        choices=("on", "off"),
        help=_("só com a Importação de Documentos ligada (on) ou desligada (off)"),
    )
    several.add_argument(
        "--invoicy-mail",
        choices=("on", "off"),
        help=_("só com o InvoiCy Mail ligado (on) ou desligado (off)"),
    )
    remove = actions.add(
        "remove", _("exclui uma empresa"), "carteiro company remove 11222333000181", _remove
    )
    remove.add_argument(
        "company", metavar="CNPJ", help=_("a empresa, pelo CNPJ com ou sem máscara")
    )
    many_companies.build(actions)


def _options(parser: ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--cnpj",
        metavar="CNPJ",
        required=required,
        help=_("com ou sem máscara") if required else _("o CNPJ certo, no lugar do atual"),
    )
    parser.add_argument(
        "--nickname",
        metavar=_("APELIDO"),
        required=required,
        help=_("como a empresa é chamada aqui"),
    )
    parser.add_argument(
        "--legal-name", metavar=_("NOME"), required=required, help=_("razão social")
    )
    parser.add_argument("--headquarters", metavar="CNPJ", help=_("a matriz, se é filial"))
    parser.add_argument(
        "--notification-email",
        metavar=_("E-MAIL"),
        help=_("quem a empresa quer avisado; vários separados por ;"),
    )
    parser.add_argument(
        "--sender-name",
        metavar=_("NOME"),
        help=_("nome do remetente dos e-mails que saem pelo InvoiCy Mail"),
    )
    many_companies.switches(parser)


def _values(context: Context) -> dict[str, Any]:
    told = vars(context.args)
    values: dict[str, Any] = {n: told[n] for n in _TEXTS if told[n] is not None}
    return values | many_companies.switched(context)


def _add(context: Context) -> None:
    from services.registry import companies

    made = context.do(companies.add, companies.CompanyDraft(**_values(context)))
    _tell(context, made, _("Empresa {nickname} cadastrada"))


def _edit(context: Context) -> None:
    from services.registry import companies

    before = context.company(context.args.company)
    made = context.do(companies.edit, before.id, _values(context))
    _tell(context, made, _("Empresa {nickname} alterada"))


def _list(context: Context) -> None:
    from services.fiscal.cnpj import masked
    from services.registry import companies

    args = context.args
    wanted = context.ask(
        companies.ids,
        filter=args.filter,
        document_import=many_companies.on_off(args.document_import),
        invoicy_mail=many_companies.on_off(args.invoicy_mail),
    )
    found = context.rows(companies.rows, wanted)
    context.out.give(
        found,
        lambda: context.out.table(
            (
                _("CNPJ"),
                _("Apelido"),
                _("Razão social"),
                _("E-mail para notificações"),
                _("Importação"),
                _("InvoiCy Mail"),
            ),
            (
                (
                    masked(c.cnpj),
                    c.nickname,
                    c.legal_name,
                    c.notification_email,
                    c.document_import,
                    c.invoicy_mail,
                )
                for c in found
            ),
            _("Nenhuma empresa com estas condições")
            if args.filter or args.document_import or args.invoicy_mail
            else _("Nenhuma empresa: cadastre com carteiro company add"),
        ),
    )


def _remove(context: Context) -> None:
    from services.registry import companies

    company = context.company(context.args.company)
    context.do(companies.remove, company.id)
    context.out.give(
        {"id": company.id, "removed": company.cnpj},
        lambda: context.out.say(_("Empresa {nickname} excluída").format(nickname=company.nickname)),
    )


def _tell(context: Context, company: CompanyView, words: str) -> None:
    context.out.give(company, lambda: context.out.say(words.format(nickname=company.nickname)))
    if company.invoicy_mail and not context.out.as_json:
        from services.registry import relay

        if why_not := context.ask(relay.view).why_not:
            context.out.say(why_not)
