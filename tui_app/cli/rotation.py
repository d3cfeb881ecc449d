"""``server rotate``: one new password for every registration of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.errors import Refused
from services.language import _, ngettext
from tui_app.cli import arguments
from tui_app.cli.context import Context, password_line
from tui_app.cli.parser import Actions, UsageError

if TYPE_CHECKING:
    from services.health.rotate_test import LoginTest


def build(actions: Actions) -> None:
    """The action."""
    rotate = actions.add(
        "rotate",
        _(
            "troca a senha em todos os cadastros da mesma conta, depois de testá-la em cada servidor"
        ),
        "carteiro server rotate 3 --password-stdin < senha.txt",
        _rotate,
    )
    arguments.add_id(rotate, "carteiro server list")
    arguments.add_password(rotate)
    rotate.add_argument(
        "--only-this", action="store_true", help=_("só neste cadastro, não nos outros da conta")
    )


def _rotate(context: Context) -> None:
    from services.health import rotate_test, testable
    from services.registry import rotation, servers

    args = context.args
    if not args.password_stdin:
        raise UsageError(_("A senha vem pela entrada padrão: use --password-stdin"))
    server = context.ask(servers.view, args.id)
    others = [] if args.only_this else context.ask(rotation.siblings, server.id)
    told = [
        (server.id, server.nickname, server.email),
        *((each.server_id, each.nickname, each.email) for each in others),
    ]
    wanted = [each[0] for each in told]
    password = password_line()
    accounts = context.ask(testable.of_registrations, wanted, context.settings)
    tests = context.run(
        rotate_test.test_all(
            accounts,
            password,
            hostname=context.settings.hostname,
            on_test=lambda test: context.out.say(_line(test)),
        )
    )
    failed = next((test for test in tests if not test.ok), None)
    if failed is not None:
        raise Refused(
            _("Nenhuma senha foi trocada: {protocol} {place} não a aceitou. {why}").format(
                protocol=failed.protocol.upper(),
                place=f"{failed.host}:{failed.port}",
                why=failed.explanation,
            ),
            field="password",
        )
    changed = context.do(rotation.rotate, wanted, password)

    def text() -> None:
        words = ngettext("Senha trocada em {n} cadastro", "Senha trocada em {n} cadastros", changed)
        context.out.say(words.format(n=changed))
        for number, nickname, email in told:
            context.out.say(f"  {number}  {nickname}  {email}")

    context.out.give(
        {
            "rotated": [
                {"id": number, "nickname": nickname, "email": email}
                for number, nickname, email in told
            ],
            "tested": [
                {
                    "protocol": test.protocol,
                    "host": test.host,
                    "port": test.port,
                    "username": test.username,
                }
                for test in tests
            ],
        },
        text,
    )


def _line(test: LoginTest) -> str:
    mark = "✓" if test.ok else "✗"
    return f"{mark} {test.protocol} {test.host}:{test.port} {test.username}"
