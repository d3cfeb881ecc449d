"""An e-mail of the queue told in words: why it waits, what was refused."""

from __future__ import annotations

from collections.abc import Iterator

from screens.dates import since, when
from screens.dialogs.details import Facts
from screens.widgets.numbers import grouped
from screens.widgets.status import word
from services.language import _, ngettext
from services.outbox.views import OutboxDetail, OutboxView
from services.registry.obstacles import Wait

_NAMED = 2
"""Recipients that are told by address."""


def why_words(view: OutboxView) -> str:
    """Why it waits, with the time where it goes on by itself; of others what went wrong, if anything."""
    if view.why is None:
        return view.error or ""
    until = since(view.next_attempt_at)
    if view.waits_for == Wait.LIMIT:
        return _("{why}; continua às {until}").format(why=view.why, until=until)
    if view.waits_for == Wait.PAUSE:
        return _("{why} (até {until})").format(why=view.why, until=until)
    return view.why


def short_words(view: OutboxView) -> str:
    """The same for a narrow column: what it waits for, without which mailbox."""
    words = {
        Wait.MAILBOX: _("sem caixa em uso"),
        Wait.PAUSE: _("caixa em pausa"),
        Wait.PAUSED_BY_HAND: _("caixa pausada à mão"),
        Wait.LIMIT: _("limite do provedor"),
    }
    known = words.get(Wait(view.waits_for)) if view.waits_for is not None else None
    return known or why_words(view)


def when_words(view: OutboxView) -> str:
    """When it left or is tried again; where no clock knows that, what it hangs on."""
    if view.waits_for is None:
        return when(view.sent_at)
    hangs_on = {
        Wait.MAILBOX: _("quando houver caixa"),
        Wait.PAUSED_BY_HAND: _("ao retomar a caixa"),
    }
    return when(view.next_attempt_at) or hangs_on.get(Wait(view.waits_for), "")


def told(view: OutboxView) -> str:
    """The e-mail in a few lines; what may be long comes last."""
    return "\n".join(_told(view))


def _told(view: OutboxView) -> Iterator[str]:
    names = [r.address for r in view.recipients[:_NAMED]]
    if more := len(view.recipients) - len(names):
        words = ngettext("mais {n} destinatário", "mais {n} destinatários", more)
        names.append(words.format(n=grouped(more)))
    parts = [view.subject, _("para {names}").format(names=", ".join(names))]
    if view.mailbox:
        parts.append(_("por {mailbox}").format(mailbox=view.mailbox))
    yield " · ".join(parts)
    if view.waits_for is None:
        yield _("{state} {at}").format(state=word(view.state), at=when(view.sent_at)).strip()
    elif view.waits_for == Wait.TURN:
        yield _("Sai em seguida, quando chegar a vez")
    elif view.next_attempt_at is not None:
        yield _("Próxima tentativa: {at} · já tentado: {n}").format(
            at=when(view.next_attempt_at), n=view.attempts
        )
    elif view.waits_for == Wait.PAUSED_BY_HAND:
        yield _("Espera que alguém retome a caixa (p)")
    else:
        yield _("Espera uma caixa de envio em uso")
    if view.waits_for != Wait.TURN and (why := why_words(view)):
        yield why


def facts(detail: OutboxDetail) -> Facts:
    """Everything about one e-mail: outcomes, the last refusal explained, the words, the transcript."""
    view = detail.view
    lines = [
        (_("Empresa"), view.company_nickname),
        (_("Assunto"), view.subject),
        (_("Situação"), word(view.state)),
        (_("Por que espera"), why_words(view) if view.waits_for is not None else ""),
        (_("Próxima tentativa"), when(view.next_attempt_at)),
        (_("Caixa"), view.mailbox or ""),
        (_("Tentativas"), str(view.attempts)),
        (_("Criado"), when(view.created_at)),
        (_("Enviado"), when(view.sent_at)),
        (_("Erro"), (view.error or "") if view.waits_for is None else ""),
        (_("Anexos"), ", ".join(a.filename for a in detail.attachments)),
        (_("Observação"), detail.note or ""),
        ("Message-ID", view.message_id),
    ]
    return Facts([line for line in lines if line[1]], "\n".join(_sections(detail)).strip())


def _sections(detail: OutboxDetail) -> Iterator[str]:
    yield _("Destinatários")
    for recipient in detail.view.recipients:
        why = " · ".join(filter(None, (recipient.why, recipient.reply)))
        yield f"  {word(recipient.state):<10} {recipient.address}  {why}".rstrip()
    refusal = detail.refusal
    if refusal is not None:
        yield ""
        yield _("Última recusa")
        yield f"  {refusal.reply}"
        yield f"  {refusal.explanation}"
        if refusal.field is not None:
            yield "  " + _("Campo a corrigir na caixa: {field}").format(
                field=field_words(refusal.field)
            )
        if refusal.permanent:
            yield "  " + _("Repetir sem mudar nada não adianta.")
    if len(detail.attempts) > 1:
        yield ""
        yield _("Tentativas")
        for attempt in detail.attempts:
            parts = (when(attempt.started_at), word(attempt.outcome), attempt.mailbox or "")
            yield "  " + "  ".join(filter(None, parts))
    if detail.body:
        yield ""
        yield _("Texto")
        yield detail.body
    if detail.transcript:
        yield ""
        yield _("Conversa com o servidor")
        yield detail.transcript


def field_words(field: str) -> str:
    """The label of a field of the mailbox's form."""
    labels = {
        "password": _("Senha"),
        "email": _("E-mail"),
        "authenticate": _("Autenticação"),
        "security": _("Conexão SSL"),
        "verify_certificate": _("Validar certificado"),
        "host": _("Endereço do servidor"),
        "port": _("Porta"),
        "timeout": _("Tempo limite"),
    }
    return labels.get(field, field)
