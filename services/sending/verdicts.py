"""What the answer to a letter means: for its recipients, for the connection, for the mailbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.errors import Invalid
from services.failure import Failure, Stage
from services.language import _
from services.outbox.outcomes import Outcome, RecipientOutcome
from services.safe_text import safe
from services.sending.letters import Letter
from services.sending.routes import Route
from services.store.mail import OutboxState
from services.wire.smtp import Delivery, Verdict

_CONNECTION_LOST = frozenset({"closed", "later", "network", "timeout"})


def judge(letter: Letter, delivery: Delivery) -> list[tuple[int, str]]:
    """Note the outcome of every recipient; those (position, address) that another mailbox may try."""
    blamed = delivery.mailbox_failure
    left: list[tuple[int, str]] = []
    for recipient, told in zip(letter.pending, delivery.outcomes, strict=True):
        outcome = RecipientOutcome(
            recipient[0],
            OutboxState(told.verdict.value),
            told.reply,
            told.failure.explanation if told.failure is not None else "",
        )
        refused = told.verdict in (Verdict.DEFERRED, Verdict.FAILED)
        if blamed and refused and told.failure and told.failure.kind == blamed.kind:
            # The mailbox's fault is no verdict on the recipient: it can be mended.
            outcome = replace(outcome, state=OutboxState.DEFERRED)
            left.append(recipient)
        letter.outcomes[recipient[0]] = outcome
    return left


def judge_all(letter: Letter, state: OutboxState, why: str) -> None:
    """Every recipient still to be sent to has this outcome."""
    for position, _address in letter.pending:
        letter.outcomes[position] = RecipientOutcome(position, state, "", why)


def put_off(letter: Letter, why: str = "") -> None:
    """Every recipient still to be sent to waits for another attempt; what was said of one stands."""
    for position, _address in letter.pending:
        letter.outcomes.setdefault(
            position, RecipientOutcome(position, OutboxState.DEFERRED, "", why)
        )


def outcome_of(
    letter: Letter, route: Route | None, error: str | None, *, held: bool = False
) -> Outcome:
    """What goes on record of a letter; without a ``route``, by the server that was tried last."""
    tried = next(reversed(letter.tried), None)
    return Outcome(
        letter.claim,
        tuple(letter.outcomes.values()),
        route.server_id if route is not None else tried,
        route.mailbox_id if route is not None else None,
        error,
        letter.transcript or None,
        held,
    )


def why_nowhere(routes: Sequence[Route], refused: Mapping[int, str]) -> str:
    """Why none of ``routes`` may carry a letter; ``refused`` are reasons by server of this run."""
    if not routes:
        return _(
            "A empresa não tem caixa de envio. Cadastre uma em Caixas de E-mail: o e-mail sai em seguida."
        )
    return "; ".join(
        _("{email} {why}")
        .format(email=route.label, why=route.why_not or refused.get(route.server_id, ""))
        .strip()
        for route in routes
    )


def worth_another_line(delivery: Delivery) -> bool:
    """True when a kept connection ended as servers end one that has served enough."""
    return not delivery.usable and all(
        told.verdict is Verdict.DEFERRED
        and told.failure is not None
        and told.failure.kind in _CONNECTION_LOST
        and told.failure.stage in (Stage.SENDER, Stage.RECIPIENT)
        for told in delivery.outcomes
    )


def unfit(error: Invalid) -> Failure:
    """Settings with which no conversation can even begin."""
    return Failure("", Stage.LOGIN, "config", explanation=error.message, field=error.field)


def reason(failure: Failure) -> str:
    """Why a mailbox failed, in words: ours and the server's."""
    return safe(" ".join(filter(None, (failure.explanation, failure.reply))) or failure.kind, 500)
