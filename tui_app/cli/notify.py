"""``notify``."""

from __future__ import annotations

import mimetypes
from argparse import ArgumentParser
from pathlib import Path

from services.language import _
from tui_app.cli import arguments, given_file
from tui_app.cli.context import Context
from tui_app.cli.parser import UsageError, act

# XML and PDF as every machine should name them, whatever its own tables say.
_KINDS = {".xml": "application/xml", ".pdf": "application/pdf", ".zip": "application/zip"}


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(
        group,
        "carteiro notify --company 11222333000181 --type general \\\n"
        '    --subject "Relatório de março" --body "Segue em anexo." --attach relatorio.pdf\n'
        "  carteiro notify --company 11222333000181 --type boleto_vencido --set valor=120,00",
        _notify,
    )
    arguments.add_company(group, required=True)
    arguments.add_type(group, required=True)
    group.add_argument("--subject", metavar=_("ASSUNTO"), help=_("sem ele, o do tipo"))
    body = group.add_mutually_exclusive_group()
    body.add_argument("--body", metavar=_("TEXTO"), help=_("sem ele, o modelo do tipo"))
    body.add_argument(
        "--body-file", metavar=_("ARQUIVO"), help=_("o texto está neste arquivo, em UTF-8")
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar=_("NOME=VALOR"),
        help=_("um valor para o NOME que o modelo do tipo tem entre chaves; pode repetir"),
    )
    group.add_argument(
        "--attach",
        action="append",
        default=[],
        metavar=_("ARQUIVO"),
        help=_("um anexo; pode repetir"),
    )
    group.add_argument(
        "--key",
        metavar=_("CHAVE"),
        help=_("uma palavra sua: repetir o comando com a mesma não avisa de novo"),
    )


def _notify(context: Context) -> None:
    from services.notifications.by_hand import notify

    args = context.args
    body = args.body
    if args.body_file is not None:
        body = given_file.text(args.body_file, "body_file")
    attachments = [_attachment(name) for name in args.attach]
    company = context.company(args.company)
    told = context.do(
        notify,
        company.id,
        type_key=args.type,
        subject=args.subject,
        body=body,
        values=dict(map(_value, args.set)),
        attachments=attachments,
        key=args.key,
    )
    if told.duplicate:
        words = _("Já notificado antes com esta chave: nada foi feito")
    elif told.bell_id is None:
        words = _("Na fila de envio: e-mail {id}").format(id=told.outbox_id)
    elif told.outbox_id is None:
        words = _("Registrado no sino; nenhum e-mail sai (o sino diz por quê)")
    else:
        words = _("Registrado no sino e na fila de envio: e-mail {id}").format(id=told.outbox_id)
    context.out.give(
        {
            "id": told.notification_id,
            "outbox_id": told.outbox_id,
            "bell_id": told.bell_id,
            "duplicate": told.duplicate,
        },
        lambda: context.out.say(words),
    )


def _value(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        raise UsageError(_("--set: escreva NOME=VALOR"))
    return name, value


def _attachment(name: str) -> tuple[str, str, bytes]:
    from services.notifications.by_hand import MOST_BYTES

    kind = _KINDS.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0]
    data = given_file.read(name, "attach", MOST_BYTES + 1)
    return Path(name).name, kind or "application/octet-stream", data
