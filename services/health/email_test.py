"""*Testar E-mail*: step by step, each with its reason in plain words (R8, R19)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from services.clock import now
from services.errors import Invalid
from services.failure import Failure, Stage, WireError
from services.health.accounts import Account
from services.health.steps import Protocol, Step
from services.language import _, ngettext
from services.outbox import mime
from services.safe_text import safe, safe_block
from services.store.models import Function, Kind
from services.wire import pop3, smtp
from services.wire.endpoint import Endpoint, Login
from services.wire.replies import explain, field_of

if TYPE_CHECKING:
    from services.health.tokens import SignIns

DEADLINE = 90.0
"""Seconds that a whole test may take."""
READ_BACK_SECONDS = 30.0
"""How long the test e-mail is waited for in the mailbox that also reads."""
_POLL_SECONDS = 1.0
_LAST_MESSAGES = 20
_SMALL = 32 * 1024


OnStep = Callable[[Step], None]


async def run_test(
    account: Account,
    function: str,
    *,
    on_step: OnStep | None = None,
    hostname: str | None = None,
    deadline: float = DEADLINE,
    sign_ins: SignIns | None = None,
) -> list[Step]:
    """Test an account with the values given, saved or not; every step up to the first failure.

    An account that signs in at Microsoft does so anew by ``sign_ins``, whatever token is kept.

    ``function`` is "send", "read" or "both". Sending goes as far as an e-mail to the mailbox's
    own address, which is looked for in its reading server when both are tested; reading logs in
    and looks at the list, and never fetches, marks or deletes a message of anybody. Nothing is
    raised for what a server does; a cancelled test closes its connections.
    """
    talk = _Talk(on_step or (lambda _step: None))
    ends = asyncio.get_running_loop().time() + deadline
    if account.signs_in and sign_ins is not None:
        talk.protocol = Protocol.POP if function == Kind.READ else Protocol.SMTP
        signed_in = await _signs_in(talk, account, sign_ins, ends)
        if signed_in is None:
            return talk.steps
        account = signed_in
    if function in (Kind.SEND, Kind.BOTH):
        token = f"carteiro-{secrets.token_hex(8)}"
        reads = function == Kind.BOTH
        if await _sends(talk, account, token, hostname, ends) and reads:
            await _reads(talk, account, ends, token)
        return talk.steps
    await _reads(talk, account, ends, None)
    return talk.steps


class _Talk:
    """The steps so far, each told as it comes."""

    def __init__(self, tell: OnStep) -> None:
        self.steps: list[Step] = []
        self.transcript: list[str] = []
        self.protocol = Protocol.SMTP
        self._tell = tell
        self._began = time.perf_counter()

    def begin(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.transcript = []
        self._began = time.perf_counter()

    def passed(self, step: str, detail: str = "", *, last: bool = False) -> None:
        self._add(Step(step, True, safe(detail, 500)), last)

    def failed(self, step: str, failure: Failure) -> None:
        self._add(
            Step(
                step,
                False,
                safe(failure.reply, 2_000),
                safe(failure.explanation or explain(failure.kind), 2_000),
                failure.field or field_of(failure.kind),
                kind=failure.kind,
            ),
            True,
        )

    def _add(self, step: Step, last: bool) -> None:
        at = time.perf_counter()
        ms, self._began = round((at - self._began) * 1000, 1), at
        transcript = safe_block("\n".join(self.transcript)) if last else ""
        step = replace(step, ms=ms, transcript=transcript, protocol=self.protocol)
        self.steps.append(step)
        self._tell(step)


async def _signs_in(
    talk: _Talk, account: Account, sign_ins: SignIns, ends: float
) -> Account | None:
    """The account with a token for each direction, proven just now; None when it was refused."""
    login, pop_login = account.login_for(Function.SEND), account.login_for(Function.READ)
    assert account.server_id is not None
    assert login is not None
    assert pop_login is not None
    try:
        async with asyncio.timeout_at(ends):
            token = await sign_ins.prove(account.server_id)
    except TimeoutError:
        words = _("O serviço de entrada da Microsoft não respondeu a tempo.")
        failure = Failure("", Stage.SIGN_IN, "timeout", explanation=words)
        talk.failed(Stage.SIGN_IN, failure)
        return None
    except WireError as e:
        talk.failed(Stage.SIGN_IN, e.failure)
        return None
    talk.passed(Stage.SIGN_IN)
    return replace(
        account, login=replace(login, secret=token), pop_login=replace(pop_login, secret=token)
    )


async def _sends(
    talk: _Talk, account: Account, token: str, hostname: str | None, ends: float
) -> bool:
    """Send the test e-mail; True when it was taken."""
    talk.begin(Protocol.SMTP)
    endpoint = account.smtp
    if endpoint is None:
        talk.failed(Stage.DNS, _missing(_("Informe o servidor de envio (SMTP)"), "smtp_host"))
        return False
    connection: smtp.SmtpConnection | None = None
    at: list[str] = [Stage.DNS]

    def passed(stage: Stage, detail: str) -> None:
        at[0] = _AFTER.get(stage, stage)
        talk.passed(stage, detail)

    try:
        async with asyncio.timeout_at(ends):
            connection = await smtp.connect(
                endpoint,
                account.login,
                local_hostname=hostname,
                on_step=passed,
                transcript=talk.transcript,
            )
            payload = _letter(account, token)
            delivery = await connection.deliver(account.email, [account.email], payload)
            sent = _delivered(talk, delivery)
            await connection.quit()
            return sent
    except TimeoutError:
        talk.failed(at[0], _too_long(endpoint))
    except WireError as e:
        talk.failed(e.failure.stage, e.failure)
    except Invalid as e:
        talk.failed(at[0], _missing(e.message, e.field))
    except ValueError:
        words = _("O endereço {email} não pode ser usado como remetente")
        talk.failed(Stage.SENDER, _missing(words.format(email=account.email), "email"))
    finally:
        if connection is not None:
            connection.abort()
    return False


def _delivered(talk: _Talk, delivery: smtp.Delivery) -> bool:
    outcome = delivery.outcomes[0]
    failure = outcome.failure
    stage = failure.stage if failure is not None else Stage.QUIT
    if stage == Stage.SENDER and failure is not None:
        talk.failed("sender", failure)
        return False
    talk.passed("sender")
    if stage == Stage.RECIPIENT and failure is not None:
        talk.failed("recipient", failure)
        return False
    talk.passed("recipient")
    if failure is not None:
        talk.failed("sent", failure)
        return False
    talk.passed("sent", outcome.reply, last=True)
    return True


async def _reads(talk: _Talk, account: Account, ends: float, token: str | None) -> None:
    talk.begin(Protocol.POP)
    endpoint = account.pop
    if endpoint is None:
        talk.failed(Stage.DNS, _missing(_("Informe o servidor de leitura (POP)"), "pop_host"))
        return
    login = account.login_for(Function.READ)
    if login is None:
        talk.failed(Stage.LOGIN, _missing(_("A leitura por POP exige usuário e senha"), "password"))
        return
    at: list[str] = [Stage.DNS]

    def passed(stage: Stage, detail: str, _ms: float) -> None:
        if stage in (Stage.DNS, Stage.TCP, Stage.TLS, Stage.GREETING, Stage.LOGIN):
            at[0] = _AFTER.get(stage, stage)
            talk.passed(stage, detail)

    try:
        async with asyncio.timeout_at(ends):
            before = await _look(talk, endpoint, login, passed, ends)
            at[0] = "list"
            talk.passed(
                "list",
                ngettext("{n} mensagem", "{n} mensagens", before).format(n=before),
                last=token is None,
            )
            if token is not None:
                at[0] = "read_back"
                await _read_back(talk, endpoint, login, token, ends)
    except TimeoutError:
        talk.failed(at[0], _too_long(endpoint))
    except WireError as e:
        talk.failed(e.failure.stage, e.failure)
    except Invalid as e:
        talk.failed(at[0], _missing(e.message, e.field))


async def _look(
    talk: _Talk, endpoint: Endpoint, login: Login, on_step: pop3.OnStep, ends: float
) -> int:
    """Log in and count: STAT, LIST and UIDL only."""
    left = ends - asyncio.get_running_loop().time()
    session = await pop3.connect(endpoint, deadline=left, on_step=on_step)
    try:
        try:
            await session.login(login)
            count = (await session.stat()).count
            await session.list_messages()
        finally:
            talk.transcript.extend(session.transcript)
        await session.quit()
        return count
    finally:
        session.abort()


async def _read_back(
    talk: _Talk, endpoint: Endpoint, login: Login, token: str, ends: float
) -> None:
    """Wait until the test e-mail is in the mailbox; only small, new messages are looked at."""
    loop = asyncio.get_running_loop()
    until = min(ends, loop.time() + READ_BACK_SECONDS)
    seen: set[object] = set()
    while True:
        session = await pop3.connect(endpoint, deadline=ends - loop.time())
        try:
            await session.login(login)
            if await _holds(session, token, seen):
                talk.passed("read_back", last=True)
                return
            pause = max(_POLL_SECONDS, session.login_delay or 0)
        finally:
            session.abort()
        if loop.time() + pause > until:
            words = _(
                "O e-mail de teste foi enviado, mas não chegou a esta caixa em {n} segundos. Confira se a caixa de leitura é a do endereço de envio."
            )
            failure = Failure(endpoint.who, Stage.RETRIEVE, "timeout", field="email")
            talk.failed(
                "read_back", replace(failure, explanation=words.format(n=int(READ_BACK_SECONDS)))
            )
            return
        await asyncio.sleep(pause)


async def _holds(session: pop3.Pop3Session, token: str, seen: set[object]) -> bool:
    """Is it among what is new? QUIT only where nothing was fetched: Gmail hides what was (R38)."""
    listed = (await session.list_messages())[-_LAST_MESSAGES:]
    fresh = [m for m in listed if m.size <= _SMALL and (m.uidl or m.number) not in seen]
    seen.update(m.uidl or m.number for m in fresh)
    if not fresh:
        await session.quit()
        return False
    found = False
    async for item in session.retrieve([m.number for m in fresh], [m.size for m in fresh]):
        found = found or (isinstance(item, pop3.Retrieved) and token.encode() in item.data)
    return found


def _letter(account: Account, token: str) -> list[bytes]:
    domain = account.email.rpartition("@")[2]
    return mime.compose(
        sender_name=account.sender_name,
        sender=account.email,
        to=[account.email],
        subject=_("Teste de e-mail do Carteiro"),
        text=_("Este é o teste da caixa {email}. Nada precisa ser feito.").format(
            email=account.email
        ),
        attachments=[],
        message_id=f"<{token}@{domain}>",
        date=now(),
    )


def _too_long(endpoint: Endpoint) -> Failure:
    words = _("O teste passou do tempo máximo: o servidor responde devagar demais")
    return Failure(endpoint.who, Stage.TCP, "timeout", explanation=words, field="timeout")


def _missing(words: str, field: str | None) -> Failure:
    return Failure("", Stage.DNS, "config", explanation=words, field=field)


_AFTER: dict[str, str] = {
    Stage.DNS: Stage.TCP,
    Stage.TCP: Stage.TLS,
    Stage.TLS: Stage.GREETING,
    Stage.GREETING: Stage.LOGIN,
    Stage.LOGIN: Stage.SENDER,
}
