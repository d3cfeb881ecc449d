"""``outbox``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING

from screens.progress_words import progress_words
from screens.widgets.status import word
from services.fiscal.cnpj import masked
from services.language import _, ngettext
from tui_app.cli import arguments
from tui_app.cli.context import Context
from tui_app.cli.output import moment
from tui_app.cli.parser import Actions, UsageError

if TYPE_CHECKING:
    from services.outbox.views import OutboxDetail

_STATES = ("queued", "sending", "sent", "deferred", "failed", "uncertain", "cancelled")


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    actions = Actions(group)
    several = actions.add(
        "list",
        _("os e-mails da fila, o mais novo primeiro"),
        "carteiro outbox list --state failed --json",
        _list,
    )
    several.add_argument("--state", choices=_STATES, help=_("só os desta situação"))
    arguments.add_company(several, _("só os desta empresa"))
    several.add_argument(
        "--mailbox", default="", metavar=_("TEXTO"), help=_("parte do endereço da caixa de envio")
    )
    several.add_argument(
        "--filter",
        default="",
        metavar=_("TEXTO"),
        help=_("palavras da empresa, do assunto ou de um destinatário"),
    )
    status = actions.add(
        "status",
        _("como a fila anda: quantos esperam, quantos saem por minuto, quanto falta"),
        "carteiro outbox status --json",
        _status,
    )
    arguments.add_company(status, _("só a fila desta empresa"))
    show = actions.add(
        "show", _("um e-mail com destinatários e tentativas"), "carteiro outbox show 12", _show
    )
    arguments.add_id(show, "carteiro outbox list")
    retry = actions.add(
        "retry",
        _("envia de novo o que não chegou"),
        "carteiro outbox retry 12 13\n  carteiro outbox retry --all-failed",
        _retry,
    )
    arguments.add_id(retry, "carteiro outbox list", nargs="*")
    retry.add_argument("--all-failed", action="store_true", help=_("todos os que falharam"))
    cancel = actions.add(
        "cancel",
        _("retira da fila o que ainda não saiu"),
        "carteiro outbox cancel 12 13",
        _cancel,
    )
    arguments.add_id(cancel, "carteiro outbox list", nargs="+")


def _list(context: Context) -> None:
    from services.outbox import views

    args = context.args
    wanted = context.ask(
        views.ids,
        filter=args.filter,
        state=args.state,
        company_id=context.company_id(args.company),
        mailbox=args.mailbox,
    )
    found = context.rows(views.rows, wanted)
    context.out.give(
        found,
        lambda: context.out.table(
            (
                "Id",
                _("Criado"),
                _("Empresa"),
                _("Assunto"),
                _("Situação"),
                _("Tentativas"),
                _("Próxima tentativa"),
                _("Por quê"),
            ),
            (
                (
                    m.id,
                    m.created_at,
                    m.company_nickname,
                    m.subject,
                    word(m.state),
                    m.attempts,
                    m.next_attempt_at,
                    m.why or m.error,
                )
                for m in found
            ),
            _("Nenhum e-mail na fila"),
        ),
    )


def _show(context: Context) -> None:
    from services.outbox import views

    found = context.ask(views.show, context.args.id)
    told = {
        **{name: getattr(found.view, name) for name in found.view.__dataclass_fields__},
        "body": found.body,
        "note": found.note,
        "attachments": found.attachments,
        "history": found.attempts,
        "refusal": found.refusal,
    }
    context.out.give(told, lambda: _print(context, found))


def _print(context: Context, found: OutboxDetail) -> None:
    view = found.view
    context.out.facts(
        (
            ("Id", view.id),
            (_("Empresa"), f"{view.company_nickname} ({masked(view.company)})"),
            (_("Assunto"), view.subject),
            (_("Situação"), word(view.state)),
            (_("Criado"), view.created_at),
            (_("Enviado"), view.sent_at),
            (_("Por que espera"), view.why),
            (_("Próxima tentativa"), view.next_attempt_at),
            (_("Caixa"), view.mailbox),
            ("Message-ID", view.message_id),
            (_("Anexos"), ", ".join(a.filename for a in found.attachments)),
            (_("Observação"), found.note),
            (_("Erro"), view.error),
        )
    )
    context.out.table(
        (_("Destinatário"), _("Situação"), _("Resposta"), _("Motivo")),
        ((r.address, word(r.state), r.reply, r.why) for r in view.recipients),
        "",
    )
    if found.refusal is not None:
        context.out.say(f"{_('Última recusa')}: {found.refusal.reply}")
        context.out.say(found.refusal.explanation)
    for attempt in found.attempts:
        context.out.say(
            f"{moment(attempt.started_at)}  {attempt.mailbox or ''}  {word(attempt.outcome)}  "
            f"{attempt.detail or ''}"
        )


def _status(context: Context) -> None:
    from services.outbox import progress

    company_id = context.company_id(context.args.company)
    found = context.ask(progress.progress, company_id=company_id)
    context.out.give(found, lambda: context.out.say(progress_words(found)))


def _cancel(context: Context) -> None:
    from services.outbox import queue

    count = context.do(queue.cancel, context.args.ids)
    words = ngettext("{n} e-mail cancelado", "{n} e-mails cancelados", count)
    context.out.give({"cancelled": count}, lambda: context.out.say(words.format(n=count)))


def _retry(context: Context) -> None:
    from services.outbox import queue

    args = context.args
    if bool(args.ids) == args.all_failed:
        raise UsageError(
            _("Informe os ids ou --all-failed (veja {command} --help)").format(
                command="carteiro outbox retry"
            )
        )
    count = (
        context.do(queue.retry_all_failed) if args.all_failed else context.do(queue.retry, args.ids)
    )
    words = ngettext("{n} e-mail volta à fila", "{n} e-mails voltam à fila", count)
    context.out.give({"retried": count}, lambda: context.out.say(words.format(n=count)))
