"""What the form of an e-mail server holds, what it means by default, what of it is wrong (R5, R17)."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy.orm import Session

from services.language import _
from services.registry import prefilling
from services.registry.access import Actor
from services.registry.fields import Form
from services.registry.protocols import (
    DEFAULT_PORTS,
    ENDPOINT,
    PROTOCOL,
    SECURITIES,
    functions_of,
)
from services.store.models import EmailServer, Function, Kind
from services.wire.addresses import valid_address, valid_host

KINDS = (Kind.SEND, Kind.READ, Kind.BOTH)
MOST = 1_000_000
"""The highest limit that can be set."""
_MOST_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class ServerDraft:
    """What a person fills in (R17); None means "as usual for this address".

    ``kind`` is "send", "read" or "both": only the places of its protocols count. ``timeout`` in
    seconds; ``delete_after`` is ``import``, ``never`` or a number of days (R38); ``password``
    None keeps the one that is stored. The limits None are the provider's, and 0 is none (R34).
    """

    kind: str
    nickname: str
    sender_name: str
    email: str
    partner_key: str
    username: str | None = None
    password: str | None = None
    active: bool = True
    smtp_host: str | None = None
    smtp_port: int | None = None
    smtp_security: str | None = None
    pop_host: str | None = None
    pop_port: int | None = None
    pop_security: str | None = None
    authenticate: bool = True
    verify_certificate: bool = True
    timeout: int = 30
    delete_after: str = "import"
    most_connections: int | None = None
    most_per_minute: int | None = None
    most_per_day: int | None = None

    def __repr__(self) -> str:
        """Without password and partner key: drafts end in tracebacks and logs."""
        return f"ServerDraft({self.kind!r}, {self.nickname!r}, {self.email!r})"


@dataclass(frozen=True, slots=True)
class ServerClean:
    """A form without errors; everything decided but the password, which may stay as it is.

    The place of a protocol that ``kind`` does not ask for is None.
    """

    kind: str
    nickname: str
    sender_name: str
    email: str
    username: str
    password: str | None
    active: bool
    smtp_host: str | None
    smtp_port: int | None
    smtp_security: str | None
    pop_host: str | None
    pop_port: int | None
    pop_security: str | None
    authenticate: bool
    verify_certificate: bool
    timeout: int
    delete_after: str
    most_connections: int | None
    most_per_minute: int | None
    most_per_day: int | None

    def __repr__(self) -> str:
        """Without the password."""
        return f"ServerClean({self.kind!r}, {self.nickname!r}, {self.email!r})"


COLUMNS = tuple(field.name for field in fields(ServerClean) if field.name != "password")
"""The columns of an e-mail server that come from its form."""


def prefill(
    session: Session,
    actor: Actor,
    kind: str,
    email: str,
    *,
    smtp_host: str | None = None,
    pop_host: str | None = None,
) -> dict[str, Any]:
    """The values of :class:`ServerDraft` that this address most likely needs (R18).

    Those of the server registered last for the same host (or, where none is named, for the other
    protocol's host or an address of the same domain), otherwise the preset of the provider. What
    is shared by both protocols comes from the first that knows it. Never a secret.
    """
    hosts = {Function.SEND: smtp_host, Function.READ: pop_host}
    found: dict[str, Any] = {}
    for function in functions_of(kind):
        beside = pop_host if function == Function.SEND else smtp_host
        known = prefilling.known(session, actor, function, email, hosts[function], beside=beside)
        found = _prefixed(PROTOCOL[function], known) | found
    return found


def with_defaults(
    session: Session,
    actor: Actor,
    draft: ServerDraft,
    functions: Collection[Function] | None = None,
) -> ServerDraft:
    """``draft`` with what was left open filled in; a value of the person's is never replaced (R18).

    ``functions`` are those whose place may be filled in: all of the kind, unless named.
    """
    filled: dict[str, Any] = {}
    for function in functions_of(draft.kind):
        if functions is not None and function not in functions:
            continue
        protocol = PROTOCOL[function]
        place = {name: getattr(draft, f"{protocol}_{name}") for name in ENDPOINT}
        known: dict[str, Any] = {}
        if None in place.values() or place["host"] == "":
            beside = draft.pop_host if protocol == "smtp" else draft.smtp_host
            known = prefilling.known(
                session, actor, function, draft.email, place["host"], beside=beside
            )
        decided = prefilling.decided(function, place, known)
        filled |= _prefixed(protocol, dict(zip(ENDPOINT, decided, strict=True)))
        if "username" in known:
            filled.setdefault("username", known["username"])
    filled["username"] = draft.username or filled.get("username") or draft.email
    return replace(draft, **filled)


def check(draft: ServerDraft, partner_key: str | None, *, password_kept: bool) -> ServerClean:
    """The form without errors, or ``InvalidFields`` with every one of them (R5, R17, R22).

    ``partner_key`` is the partner's own, None where the form has none; ``password_kept`` says
    that a password is stored already, so that none need be given.
    """
    form = Form()
    kind = form.one_of("kind", _("Tipo"), draft.kind, KINDS)
    functions = functions_of(draft.kind)
    nickname = form.text("nickname", _("Apelido da caixa"), draft.nickname, 60)
    sender_name = form.text(
        "sender_name",
        _("Nome do remetente"),
        draft.sender_name,
        200,
        required=Function.SEND in functions,
    )
    email = form.checked("email", _("E-mail"), draft.email, valid_address) or ""
    logs_in = draft.authenticate is not False
    username = form.text("username", _("Usuário"), draft.username, 254, required=logs_in)
    password = form.secret(
        "password", _("Senha"), draft.password, required=logs_in and not password_kept
    )
    if partner_key is not None:
        _check_key(form, draft.partner_key, partner_key)
    smtp = _place(form, draft, Function.SEND) if Function.SEND in functions else _NOWHERE
    pop = _place(form, draft, Function.READ) if Function.READ in functions else _NOWHERE
    clean = ServerClean(
        kind,
        nickname,
        sender_name,
        email,
        username,
        password,
        form.flag("active", _("Caixa ativa"), draft.active),
        *smtp,
        *pop,
        authenticate=form.flag("authenticate", _("Autenticação"), draft.authenticate),
        verify_certificate=form.flag(
            "verify_certificate", _("Validar certificado"), draft.verify_certificate
        ),
        timeout=form.whole("timeout", _("Tempo limite (segundos)"), draft.timeout, 1, 600),
        delete_after=_delete_after(form, draft.delete_after),
        most_connections=form.whole_or_none(
            "most_connections", _("Conexões ao mesmo tempo"), draft.most_connections, 0, 100
        ),
        most_per_minute=form.whole_or_none(
            "most_per_minute", _("E-mails por minuto"), draft.most_per_minute, 0, MOST
        ),
        most_per_day=form.whole_or_none(
            "most_per_day", _("E-mails por dia"), draft.most_per_day, 0, MOST
        ),
    )
    form.done()
    return clean


def implied(draft: ServerDraft, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from ``changes`` for values of ``draft`` that were only defaults."""
    found: dict[str, Any] = {}
    if "email" in changes and "username" not in changes and draft.username == draft.email:
        found["username"] = changes["email"]
    for function, protocol in PROTOCOL.items():
        port, security = f"{protocol}_port", f"{protocol}_security"
        if security in changes and port not in changes:
            ports = DEFAULT_PORTS[Function(function)]
            now = getattr(draft, port)
            if now is not None and now == ports.get(getattr(draft, security) or ""):
                found[port] = ports.get(changes[security], now)
    return found


def columns(clean: ServerClean) -> dict[str, Any]:
    """The columns of an e-mail server that come from ``clean``."""
    return {name: getattr(clean, name) for name in COLUMNS}


def draft_of(server: EmailServer, partner_key: str) -> ServerDraft:
    """What is saved, as a draft."""
    return ServerDraft(partner_key=partner_key, **{name: getattr(server, name) for name in COLUMNS})


_Place = tuple[str | None, int | None, str | None]
_NOWHERE: _Place = (None, None, None)


def _place(form: Form, draft: ServerDraft, function: Function) -> _Place:
    sends = function == Function.SEND
    protocol = PROTOCOL[function]
    label = _("Servidor SMTP") if sends else _("Servidor POP")
    typed = getattr(draft, f"{protocol}_host")
    host = None
    if typed:
        host = form.checked(f"{protocol}_host", label, typed, valid_host)
    else:
        words = _("{label}: informe o endereço do servidor")
        form.refuse(f"{protocol}_host", words.format(label=label))
    return (
        host,
        form.whole(
            f"{protocol}_port",
            _("Porta SMTP") if sends else _("Porta POP"),
            getattr(draft, f"{protocol}_port"),
            1,
            65_535,
        ),
        form.one_of(
            f"{protocol}_security",
            _("Segurança SMTP") if sends else _("Segurança POP"),
            getattr(draft, f"{protocol}_security"),
            SECURITIES,
        ),
    )


def _check_key(form: Form, typed: str, own: str) -> None:
    """Whoever guesses learns neither the key nor how near the guess was (R22)."""
    given = form.text("partner_key", _("Chave de parceiro"), typed, 100)
    if form.ok("partner_key") and not hmac.compare_digest(given.encode(), own.encode()):
        form.refuse(
            "partner_key",
            _(
                "Chave de parceiro: esta não é a chave do seu parceiro; confira também maiúsculas e minúsculas"
            ),
        )


def _delete_after(form: Form, value: str) -> str:
    word = str(value).strip()
    if word in ("import", "never"):
        return word
    if word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= _MOST_DAYS:
        return str(int(word))
    form.refuse(
        "delete_after",
        _("Excluir do servidor: import, never ou o número de dias (1 a {most})").format(
            most=_MOST_DAYS
        ),
    )
    return "import"


def _prefixed(protocol: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{protocol}_{n}" if n in ENDPOINT else n: value for n, value in values.items()}
