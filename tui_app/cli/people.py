"""``init`` and ``user``."""

from __future__ import annotations

from argparse import ArgumentParser

from services.language import _
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions, act


def build(name: str, group: ArgumentParser) -> None:
    """The options of the group ``name``."""
    if name == "init":
        act(
            group,
            'carteiro init --partner "Contábil Sul" --partner-key CHAVE --user ana',
            _init,
            user=False,
        )
        group.add_argument("--partner", required=True, help=_("nome do parceiro"))
        group.add_argument("--partner-key", required=True, help=_("chave de parceiro"))
        group.add_argument(
            "--user", dest="nickname", required=True, help=_("apelido do primeiro usuário")
        )
        group.add_argument("--email", help=_("e-mail do primeiro usuário"))
        group.set_defaults(field_names={"nickname": "user"})
        return
    actions = Actions(group)
    add = actions.add(
        "add",
        _("cadastra um usuário"),
        'carteiro user add --nickname rui --name "Rui Lima" --email rui@loja.example '
        "--role company --company 11222333000181",
        _add,
    )
    add.add_argument("--nickname", required=True, help=_("apelido"))
    add.add_argument("--name", required=True, help=_("nome"))
    add.add_argument("--email", required=True, help=_("e-mail"))
    add.add_argument("--role", required=True, choices=("partner", "company"), help=_("papel"))
    add.add_argument(
        "--company", action="append", default=[], metavar="CNPJ", help=_("empresa que ele vê")
    )
    add.add_argument("--os-account", help=_("conta do sistema operacional que é esta pessoa"))
    add.set_defaults(field_names={"companies": "company"})
    actions.add("list", _("lista os usuários"), "carteiro user list --json", _list)
    remove = actions.add("remove", _("exclui um usuário"), "carteiro user remove rui", _remove)
    remove.add_argument("nickname", metavar=_("APELIDO"))


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
            args.nickname, args.name, args.email, args.role, tuple(args.company), args.os_account
        ),
    )
    context.out.give(
        user,
        lambda: context.out.say(_("Usuário {nickname} cadastrado").format(nickname=user.nickname)),
    )


def _list(context: Context) -> None:
    from services.registry import people

    users = context.ask(people.list_users)
    context.out.give(
        users,
        lambda: context.out.table(
            (_("Apelido"), _("Nome"), _("E-mail"), _("Papel"), _("Conta"), _("Empresas")),
            (
                (u.nickname, u.name, u.email, u.role, u.os_account, ", ".join(u.companies))
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
