"""The grammar of the command line; a group's own options are built only when it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from services.errors import CarteiroError
from services.language import _
from tui_app.cli import arguments

if TYPE_CHECKING:
    from tui_app.cli.context import Context

Run: TypeAlias = "Callable[[Context], int | None]"

# The words of argparse that a person meets, by its own message ids.
_WORDS = {
    "usage: ": "uso: ",
    "options": "opções",
    "positional arguments": "argumentos",
    "show this help message and exit": "mostra esta ajuda e sai",
    "the following arguments are required: %s": "faltam argumentos obrigatórios: %s",
    "unrecognized arguments: %s": "argumentos desconhecidos: %s",
    "expected one argument": "espera um valor",
    "expected at least one argument": "espera ao menos um valor",
    "invalid choice: %(value)r (choose from %(choices)s)": "valor inválido: %(value)r (escolha entre %(choices)s)",
    "invalid %(type)s value: %(value)r": "não é um número inteiro: %(value)r",
    "argument %(argument_name)s: %(message)s": "argumento %(argument_name)s: %(message)s",
    "not allowed with argument %s": "não combina com o argumento %s",
    "ignored explicit argument %r": "não leva valor: %r",
    "one of the arguments %s is required": "informe um destes argumentos: %s",
}

# And those that are not plain enough in English either.
_PLAINER = {
    "positional arguments": "arguments",
    "ignored explicit argument %r": "takes no value: %r",
    "invalid %(type)s value: %(value)r": "not a whole number: %(value)r",
}


class UsageError(CarteiroError):
    """The command was not written as the program understands it."""

    code = "usage"
    exit_status = 2


class Parser(argparse.ArgumentParser):
    """Refuses by raising, so that ``--json`` holds for wrong usage too."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where the help is."""
        raise _usage(message, self.prog)


class _Version(argparse.Action):
    """Prints which Carteiro this is; the version is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_told: object) -> NoReturn:
        """End with 0."""
        from tui_app.checkup.version import version

        sys.stdout.write(f"carteiro {version()}\n")
        parser.exit()


def commands() -> dict[str, tuple[str, str]]:
    """Every command: the module that builds it, and its one line of help."""
    return {
        "demo": (
            "demo",
            _("um ambiente para experimentar: nada sai desta máquina e nada fica nela"),
        ),
        "init": ("people", _("cria o parceiro e o primeiro usuário")),
        "partner": ("partner", _("InvoiCy Mail do parceiro: relay e ativação automática")),
        "user": ("people", _("usuários do parceiro e das empresas")),
        "company": ("companies", _("empresas: cadastro, extensões, planilhas")),
        "mailbox": ("mailboxes", _("caixas de e-mail de uma empresa")),
        "server": ("servers", _("servidores de e-mail do parceiro")),
        "microsoft": ("microsoft", _("contas Microsoft: vincular e vincular de novo")),
        "discover": ("discover", _("procura no DNS o servidor de um endereço de e-mail")),
        "guidance": ("guidance", _("o que os provedores pedem: senha de aplicativo, POP")),
        "manual": ("manual", _("o manual, por capítulos")),
        "notification-email": ("notification_emails", _("endereços que recebem notificações")),
        "notification-type": ("notification_emails", _("tipos de notificação")),
        "recipients": ("notification_emails", _("quem recebe um tipo, por quê e por qual caixa")),
        "notify": ("notify", _("envia uma notificação")),
        "send-document": ("send_document", _("envia XML autorizado e DANFE por e-mail")),
        "outbox": ("outbox", _("fila de envio: o que espera, saiu ou falhou")),
        "read": ("reading", _("lê as caixas agora e importa o que há nelas")),
        "document": ("documents", _("documentos importados")),
        "quarantine": ("quarantine", _("o que não pôde ser importado")),
        "receipt": ("quarantine", _("o recibo de uma mensagem lida: ela chegou?")),
        "health": ("health", _("caixas paradas: desde quando, por quê, a quem atingem")),
        "bell": ("bell", _("notificações do sino")),
        "audit": ("audit", _("quem alterou o quê, e quando")),
        "worker": ("worker", _("envia, lê e confere, sem tela")),
        "doctor": ("doctor", _("confere a instalação e diz como corrigi-la")),
        "backup": ("backup", _("copia tudo para um arquivo, com o Carteiro em uso")),
        "restore": ("backup", _("põe um backup no lugar do banco de dados")),
        "metrics": ("metrics", _("números para o Prometheus")),
        "key": ("key", _("a chave que guarda as senhas: onde está, e a troca por outra")),
        "extra": ("extra", _("o DANFE em PDF: instala o que o imprime, ou deixa de usá-lo")),
    }


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Understand ``argv``; raises :class:`UsageError`, or ends the process after ``--help``."""
    argparse._ = _argparse_words  # type: ignore[attr-defined]
    top = Parser(
        prog="carteiro",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_("Caixas de e-mail de empresas que emitem documentos fiscais."),
        epilog=_(
            "Sem comando, abre o console. Exemplos:\n"
            "  carteiro company list --json\n"
            "  carteiro company add --help   as opções de um comando\n"
            "  carteiro doctor --help        os ajustes, e por quanto tempo se guarda o quê\n"
            "  carteiro manual               o manual, por capítulos\n\n"
            "Código de saída: 0 feito, 1 recusado ou falhou, 2 uso errado,\n"
            "3 não permitido, 4 não encontrado, 5 conflito."
        ),
    )
    add_globals(top)
    add_mouse(top)
    top.add_argument(
        "--version",
        action=_Version,
        nargs=0,
        dest=argparse.SUPPRESS,
        help=_("mostra a versão e sai"),
    )
    words = top.add_subparsers(dest="command", metavar=_("COMANDO"), parser_class=Parser)
    wanted = _command_of(argv)
    for name, (module, line) in commands().items():
        if name != wanted:
            words.add_parser(name, help=line, add_help=False)
            continue
        # A command that acts by itself adds its own globals: its options may use their names.
        group = words.add_parser(
            name,
            help=line,
            description=_sentence(line),
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        import_module(f"tui_app.cli.{module}").build(name, group)
    if wanted is not None and wanted not in commands() and not {"-h", "--help"} & {*argv}:
        raise _usage(_unknown(wanted), top.prog)
    args, unknown = top.parse_known_args(
        argv,
        argparse.Namespace(
            json=False, lang=None, as_user=None, config=None, mouse=True, field_names={}
        ),
    )
    if unknown:
        path: list[str | None] = [top.prog, args.command, getattr(args, "action", None)]
        raise _usage(
            _argparse_words("unrecognized arguments: %s") % " ".join(unknown),
            " ".join(word for word in path if word),
        )
    if args.command is not None and not hasattr(args, "run"):
        raise UsageError(
            _("carteiro {command}: falta a ação (veja carteiro {command} --help)").format(
                command=args.command
            )
        )
    return args


def add_globals(parser: argparse.ArgumentParser, *, user: bool = True) -> None:
    """The options that every command takes; ``user`` False where ``--user`` means another thing."""
    group = parser.add_argument_group(_("opções gerais"))
    absent = argparse.SUPPRESS
    group.add_argument("--json", action="store_true", default=absent, help=_("saída em JSON"))
    group.add_argument(
        "--lang",
        type=arguments.language,
        metavar="pt_BR|en",
        default=absent,
        help=_("idioma desta execução"),
    )
    group.add_argument(
        "--config", metavar=_("ARQUIVO"), default=absent, help=_("outro carteiro.toml")
    )
    if user:
        group.add_argument(
            "--user",
            dest="as_user",
            metavar=_("APELIDO"),
            default=absent,
            help=_(
                "age como este usuário; só para a conta dona da pasta de estado. "
                "Por SSH, os ajustes vêm só do carteiro.toml (docs/ssh.md)"
            ),
        )


def add_mouse(parser: argparse.ArgumentParser) -> None:
    """``--no-mouse``, where a console is opened."""
    parser.add_argument(
        "--no-mouse",
        dest="mouse",
        action="store_false",
        default=argparse.SUPPRESS,
        help=_("no console, deixa o mouse com o terminal, para selecionar e colar"),
    )


def act(
    parser: argparse.ArgumentParser, example: str, run: Run, *, user: bool = True
) -> argparse.ArgumentParser:
    """Let ``parser`` do ``run``; ``example`` closes its help."""
    parser.epilog = _("Exemplo:\n  {example}").format(example=example)
    add_globals(parser, user=user)
    parser.set_defaults(run=run)
    return parser


class Actions:
    """The actions of a group: ``company add``, ``company list`` …"""

    def __init__(self, group: argparse.ArgumentParser) -> None:
        add_globals(group)
        self._group = group
        self._words = group.add_subparsers(
            dest="action", metavar=_("AÇÃO"), required=True, parser_class=Parser
        )

    def add(
        self, name: str, line: str, example: str, run: Run, *, user: bool = True
    ) -> argparse.ArgumentParser:
        """One action with its line of help, an example and what it does.

        The example of the first is the group's too.
        """
        if self._group.epilog is None:
            self._group.epilog = _(
                "Exemplo:\n  {example}\n\nAs opções de uma ação: {command} AÇÃO --help"
            ).format(example=example, command=self._group.prog)
        parser: argparse.ArgumentParser = self._words.add_parser(
            name,
            help=line,
            description=_sentence(line),
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        return act(parser, example, run, user=user)


def _usage(message: str, command: str) -> UsageError:
    """What is wrong and where the help is."""
    return UsageError(
        _("{message} (veja {command} --help)").format(message=message, command=command)
    )


def _unknown(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, commands(), 1)
    if not near:
        return _("{word}: este comando não existe").format(word=word)
    return _("{word}: este comando não existe; o mais parecido é {near}").format(
        word=word, near=near[0]
    )


def _sentence(line: str) -> str:
    end = "" if line.endswith("?") else "."
    return line[0].upper() + line[1:] + end


def _command_of(argv: Sequence[str]) -> str | None:
    """The command word: the first that is neither a global option nor the value of one."""
    skip = False
    for word in argv:
        if skip:
            skip = False
        elif word in ("--lang", "--config", "--user"):
            skip = True
        elif not word.startswith("-"):
            return word
    return None


def _argparse_words(message: str) -> str:
    from services.language import chosen

    return (_WORDS if chosen() == "pt_BR" else _PLAINER).get(message, message)
