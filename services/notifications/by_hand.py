"""A notification that a person or a script of theirs gives: checked, audited, announced."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy.orm import Session

from services import language
from services.clock import now
from services.errors import InvalidFields
from services.fiscal import cnpj as cnpjs
from services.language import _, both
from services.notifications.announce import Announced, announce
from services.notifications.templates import fill, places, spoken, templates
from services.notifications.types import NotificationType, type_of
from services.registry import access, audit
from services.registry.access import Actor
from services.registry.fields import Form
from services.safe_text import has_control
from services.store.models import Company

MOST_BODY = 200_000
MOST_BYTES = 25_000_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def notify(
    session: Session,
    actor: Actor,
    company_id: int,
    *,
    type_key: str,
    subject: str | None = None,
    body: str | None = None,
    values: Mapping[str, str] | None = None,
    attachments: Sequence[tuple[str, str, bytes]] = (),
    key: str | None = None,
) -> Announced:
    """Announce in the name of a company that this user may see (R26-R28, R35, R53).

    Without ``subject`` or ``body`` the words are the type's, in the installation's language (R29).
    Their places are filled with what is known (``{company}``, ``{legal_name}``, ``{cnpj}``,
    ``{partner}``, ``{title}``, ``{date}``, ``{time}``, in a text ``{subject}`` too) and with
    ``values``; a text of the partner's that has a place ``{body}`` stands round ``body``.
    ``attachments`` are file name, content type and bytes, 25 MB in all; ``key`` makes it happen
    once. Raises ``InvalidFields`` naming what cannot be accepted.
    """
    company = access.company(session, actor, company_id)
    form = Form()
    given = _given(form, values or {})
    worded = partial(_worded, session, actor, company, type_key, (subject, body), given)
    with language.speaking(spoken(session)):
        words = subject, body = worded(form)
    for filename, content_type, _data in attachments:
        form.text("attach", _("Anexo"), filename, 255)
        form.text("attach", _("Anexo"), content_type, 127)
    if key is not None:
        key = form.text("key", _("Chave de idempotência"), key, 200)
    if not body.strip():
        form.refuse("body", _("Texto: preenchimento obrigatório"))
    if len(body) > MOST_BODY or "\0" in body:
        form.refuse("body", _("Texto: no máximo {most} caracteres, sem NUL").format(most=MOST_BODY))
    if sum(len(data) for _name, _type, data in attachments) > MOST_BYTES:
        form.refuse("attach", _("Anexos: no máximo 25 MB ao todo"))
    form.done()
    announced = announce(
        session,
        partner_id=actor.partner_id,
        company_id=company.id,
        type_key=type_key,
        subject=both(lambda: _else(worded, words)[0]),
        body=both(lambda: _else(worded, words)[1]),
        attachments=attachments,
        key=key,
    )
    if not announced.duplicate:
        audit.record(
            session,
            actor,
            "notify",
            "notification",
            announced.notification_id,
            company_id=company.id,
            after={"type": type_key, "subject": subject, "attachments": len(attachments)},
        )
    return announced


def _worded(
    session: Session,
    actor: Actor,
    company: Company,
    type_key: str,
    own: tuple[str | None, str | None],
    given: Mapping[str, object],
    form: Form,
) -> tuple[str, str]:
    """Subject and text in the language in force; what is the person's ``own`` in any."""
    subject, body = own
    known = type_of(session, company.partner_id, type_key)
    of_type = templates().get(type_key)
    told: dict[str, object] = {**_known(company, actor, known), **given}
    if subject is None:
        template = known.title if of_type is None else of_type.subject
        subject = _filled(form, "subject", template, told)
    subject = form.text("subject", _("Assunto"), subject, 900)
    told["subject"] = subject
    if body is None or (known.own and "body" in places(known.text)):
        told |= {} if body is None else {"body": body}
        body = _filled(form, "body", known.text, told)
    return subject, body


def _else(worded: Callable[[Form], tuple[str, str]], words: tuple[str, str]) -> tuple[str, str]:
    """What ``worded`` says, or ``words`` where a template of this language asks for more."""
    form = Form()
    told = worded(form)
    try:
        form.done()
    except InvalidFields:
        return words
    return told


def _known(company: Company, actor: Actor, known: NotificationType) -> dict[str, object]:
    at = now().astimezone()
    return {
        "company": company.nickname,
        "legal_name": company.legal_name,
        "cnpj": cnpjs.masked(company.cnpj),
        "partner": actor.partner_name,
        "title": known.title,
        "date": f"{at:%d/%m/%Y}",
        "time": f"{at:%H:%M}",
    }


def _given(form: Form, values: Mapping[str, str]) -> dict[str, object]:
    for name, value in values.items():
        if _NAME.fullmatch(name) is None:
            form.refuse(
                "set", _("{name}: letras minúsculas sem acento, números e _").format(name=name[:40])
            )
        elif len(value) > MOST_BODY or has_control(value.replace("\n", "")):
            form.refuse(
                "set", _("{name}: longo demais, ou com caractere de controle").format(name=name)
            )
    return dict(values)


def _filled(form: Form, field: str, template: str, values: Mapping[str, object]) -> str:
    missing = [name for name in places(template) if name not in values]
    if missing:
        form.refuse(
            "set",
            _("O modelo deste tipo pede: {names} (informe com --set NOME=VALOR)").format(
                names=", ".join(missing)
            ),
        )
        return "-"
    if not template and field == "body":
        form.refuse(field, _("Texto: este tipo não tem modelo; informe o texto"))
        return "-"
    return fill(template, values)
