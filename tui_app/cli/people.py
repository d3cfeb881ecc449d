"""``init`` and ``user``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from services.fiscal.cnpj import masked
from services.language import LANGUAGES, _
from tui_app.cli import arguments
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions, act

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.registry.access import Actor
    from services.registry.people import UserView

_SESSION = "session"


def build(name: str, group: ArgumentParser) -> None:
    """The options of the group ``name``."""
    if name == "init":
        act(
            group,
            'carteiro init --partner "Contábil Sul" --partner-key CHAVE --user ana',
            _init,
            user=False,
        )
        group.add_argument(
            "--partner", metavar=_("NOME"), required=True, help=_("nome do parceiro")
        )
        group.add_argument(
            "--partner-key",
            metavar=_("CHAVE"),
            required=True,
            help=_("chave de parceiro: pedida de novo ao cadastrar servidores de e-mail"),
        )
        group.add_argument(
            "--user",
            dest="nickname",
            metavar=_("APELIDO"),
            required=True,
            help=_("apelido do primeiro usuário: a conta que dá este comando entra como ele"),
        )
        group.add_argument("--email", metavar=_("E-MAIL"), help=_("e-mail do primeiro usuário"))
        group.set_defaults(field_names={"nickname": "user"})
        return
    actions = Actions(group)
    add = actions.add(
        "add",
        _("cadastra um usuário"),
        'carteiro user add --nickname rui --name "Rui Lima" --email rui@loja.example \\\n'
        "    --role company --company 11222333000181",
        _add,
    )
    _about(add, required=True)
    add.add_argument(
        "--company",
        action="append",
        default=[],
        metavar="CNPJ",
        help=_("empresa que o usuário vê; pode repetir"),
    )
    add.add_argument(
        "--os-account",
        metavar=_("CONTA"),
        help=_("conta do sistema operacional desta pessoa"),
    )
    add.add_argument(
        "--language",
        type=arguments.language,
        metavar="|".join(LANGUAGES),
        help=_("idioma do programa para esta pessoa"),
    )
    add.set_defaults(field_names={"companies": "company"})
    edit = actions.add(
        "edit",
        _("altera um usuário; o que não for dito fica como está"),
        "carteiro user edit rui --email rui@nova.example --grant 11222333000181",
        _edit,
    )
    edit.add_argument("who", metavar=_("APELIDO"), help=_("o apelido atual"))
    _about(edit, required=False)
    edit.add_argument(
        "--os-account",
        metavar=_("CONTA"),
        help=_("conta do sistema operacional desta pessoa; vazio retira"),
    )
    edit.add_argument(
        "--language",
        type=_language_or_session,
        metavar="|".join((*LANGUAGES, _SESSION)),
        help=_("idioma do programa para esta pessoa; session: o da sessão dela"),
    )
    arguments.add_state(edit, _("pode entrar de novo"), _("não entra mais; o cadastro fica"))
    edit.add_argument(
        "--company",
        action="append",
        metavar="CNPJ",
        help=_("as empresas que o usuário vê, no lugar das atuais; pode repetir"),
    )
    edit.add_argument(
        "--grant",
        action="append",
        default=[],
        metavar="CNPJ",
        help=_("passa a ver também esta empresa; pode repetir"),
    )
    edit.add_argument(
        "--revoke",
        action="append",
        default=[],
        metavar="CNPJ",
        help=_("deixa de ver esta empresa; pode repetir"),
    )
    edit.set_defaults(field_names={"companies": "company"})
    several = actions.add("list", _("lista os usuários"), "carteiro user list --json", _list)
    several.add_argument(
        "--filter", default="", metavar=_("TEXTO"), help=_("parte do apelido, nome ou e-mail")
    )
    remove = actions.add("remove", _("exclui um usuário"), "carteiro user remove rui", _remove)
    remove.add_argument("nickname", metavar=_("APELIDO"), help=_("o apelido do usuário"))


def _about(parser: ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--nickname",
        metavar=_("APELIDO"),
        required=required,
        help=_("como o usuário é chamado aqui; único"),
    )
    parser.add_argument("--name", metavar=_("NOME"), required=required, help=_("nome da pessoa"))
    parser.add_argument(
        "--email",
        metavar=_("E-MAIL"),
        required=required,
        help=_("e-mail da pessoa") if required else _("e-mail da pessoa; vazio retira"),
    )
    parser.add_argument(
        "--role",
        required=required,
        choices=("partner", "company"),
        help=_("partner vê todas as empresas; company, só as suas"),
    )


def _language_or_session(typed: str) -> str:
    return typed if typed == _SESSION else arguments.language(typed)


def _init(context: Context) -> None:
    from services.registry import people

    args = context.args
    actor = context.office.do_now(
        people.initialise,
        partner=args.partner,
        partner_key=args.partner_key,
        nickname=args.nickname,
        email=args.email,
    )
    context.out.give(
        {
            "partner": actor.partner_name,
            "user": {
                "id": actor.user_id,
                "nickname": actor.nickname,
                "os_account": actor.os_account,
            },
        },
        lambda: context.out.say(
            _("Parceiro {partner} criado; a conta {account} é o usuário {nickname}").format(
                partner=actor.partner_name, account=actor.os_account, nickname=actor.nickname
            )
        ),
    )


def _add(context: Context) -> None:
    from services.registry import people

    args = context.args
    user = context.do(
        people.add_user,
        people.UserDraft(
            args.nickname,
            args.name,
            args.email,
            args.role,
            tuple(args.company),
            args.os_account,
            language=args.language,
        ),
    )
    context.out.give(
        user,
        lambda: context.out.say(_("Usuário {nickname} cadastrado").format(nickname=user.nickname)),
    )


def _edit(context: Context) -> None:
    user = context.office.do_now(_change, context.actor, context.args)
    context.out.give(
        user,
        lambda: context.out.say(_("Usuário {nickname} alterado").format(nickname=user.nickname)),
    )


def _change(session: Session, actor: Actor, args: Namespace) -> UserView:
    """All that was told, in one unit of work: it happens as a whole or not at all."""
    from services.registry import companies, people

    told = vars(args)
    values = ("nickname", "name", "email", "role", "os_account", "active")
    changes = {name: told[name] for name in values if told[name] is not None}
    if args.language is not None:
        changes["language"] = args.language if args.language in LANGUAGES else None
    if args.company is not None:
        changes["companies"] = tuple(args.company)
    user = people.by_nickname(session, actor, args.who)
    seen = [companies.by_cnpj(session, actor, cnpj).id for cnpj in args.grant]
    hidden = [companies.by_cnpj(session, actor, cnpj).id for cnpj in args.revoke]
    if changes:
        people.edit_user(session, actor, user.id, changes)
    if seen:
        people.grant(session, actor, user.id, seen)
    if hidden:
        people.revoke(session, actor, user.id, hidden)
    return people.view(session, actor, user.id)


def _list(context: Context) -> None:
    from services.registry import people

    names = {"partner": _("parceiro"), "company": _("empresa")}
    users = context.ask(people.list_users, filter=context.args.filter)
    context.out.give(
        users,
        lambda: context.out.table(
            (
                _("Apelido"),
                _("Nome"),
                _("E-mail"),
                _("Papel"),
                _("Conta"),
                _("Ativo"),
                _("Empresas"),
            ),
            (
                (
                    u.nickname,
                    u.name,
                    u.email,
                    names[u.role],
                    u.os_account,
                    u.active,
                    _("todas") if u.role == "partner" else ", ".join(map(masked, u.companies)),
                )
                for u in users
            ),
            _("Nenhum usuário"),
        ),
    )


def _remove(context: Context) -> None:
    from services.registry import people

    nickname = context.args.nickname
    context.do(people.remove_user, nickname)
    context.out.give(
        {"removed": nickname},
        lambda: context.out.say(_("Usuário {nickname} excluído").format(nickname=nickname)),
    )
