"""Taking back the claims of the dead: what is known of them is kept, what is in doubt said (R33)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.language import _
from services.outbox.claims import Claim, Dead
from services.outbox.journal import Trace
from services.outbox.outcomes import Finished, Outcome, RecipientOutcome, finish
from services.outbox.schedule import pause
from services.store.mail import OutboxAttempt, OutboxMessage, OutboxRecipient, OutboxState

Traces = Mapping[tuple[int, int], Trace]
_WAITING = (OutboxState.QUEUED, OutboxState.DEFERRED)


def take_back(
    session: Session, dead: Collection[Dead], traces: Mapping[str, Traces]
) -> tuple[int, list[Outcome], list[Finished]]:
    """Take back claims: how many, and of the e-mails among them whose outcome is on record now
    that outcome and what became of them.

    ``traces`` are those of claimants of whom a journal was found. What the server had answered is
    recorded as if the process had lived to do so. An e-mail of which no text has left is due at
    once. Where the server may have the text it is too, for the first time, with the same
    Message-ID; for the second time it is left to a person as uncertain, so that nobody gets a
    third copy. Of a claim without a journal (another host's) nothing is known: it is due at once,
    its attempt uncertain. A claim that was renewed or ended since it was looked at is left alone.
    """
    taken = 0
    outcomes: list[Outcome] = []
    finished: list[Finished] = []
    # In the order in which outcomes are recorded: two that wait for each other's rows never end.
    for claim in sorted(dead, key=lambda each: each.message_id):
        if not _still_dead(session, claim):
            continue
        taken += 1
        of_owner = traces.get(claim.owner) if claim.owner is not None and claim.gone else None
        if of_owner is None:
            _again(session, claim, OutboxState.UNCERTAIN)
            continue
        trace = of_owner.get((claim.message_id, claim.fence), Trace())
        if trace.in_doubt:
            outcome = _in_doubt(session, claim, trace)
            outcomes.append(outcome)
            finished += _finished(session, claim, outcome)
        elif trace.outcome is not None:
            outcomes.append(trace.outcome)
            finished += finish(session, [trace.outcome], claim.owner or "")
        else:
            _again(session, claim, OutboxState.DEFERRED)
    return taken, outcomes, finished


def _still_dead(session: Session, claim: Dead) -> bool:
    """Locks the row until the end of the unit of work."""
    return (
        session.scalar(
            select(OutboxMessage.id)
            .where(
                OutboxMessage.id == claim.message_id,
                OutboxMessage.fence == claim.fence,
                OutboxMessage.state == OutboxState.SENDING,
                OutboxMessage.lease_until == claim.until,
            )
            .with_for_update()
        )
        is not None
    )


def _again(session: Session, claim: Dead, attempt: OutboxState) -> None:
    """Due at once; ``attempt`` is what becomes of the attempt that ended with its process."""
    at = now()
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == claim.message_id)
        .values(
            state=OutboxState.DEFERRED,
            lease_owner=None,
            lease_until=None,
            next_attempt_at=at,
            error=_ended(),
        ),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(OutboxAttempt)
        .where(OutboxAttempt.message_id == claim.message_id, OutboxAttempt.fence == claim.fence)
        .values(outcome=attempt, ended_at=at, detail=_ended()),
        execution_options={"synchronize_session": False},
    )


def _in_doubt(session: Session, claim: Dead, trace: Trace) -> Outcome:
    """Once more, or left to a person; what was answered for some recipients stands."""
    twice = _was_in_doubt(session, claim)
    again = not twice and _has_time(session, claim)
    state = OutboxState.DEFERRED if again else OutboxState.UNCERTAIN
    why = _ended() if again else _may_have_arrived(twice=twice)
    answered = {r.position: r for r in trace.outcome.recipients} if trace.outcome else {}
    told = [r for r in answered.values() if r.state not in _WAITING]
    pending = session.scalars(
        select(OutboxRecipient.position).where(
            OutboxRecipient.message_id == claim.message_id, OutboxRecipient.state.in_(_WAITING)
        )
    )
    known = {r.position for r in told}
    told += [RecipientOutcome(p, state, why=why) for p in pending if p not in known]
    of_claim = trace.outcome or Outcome(Claim(claim.message_id, claim.fence, 0, 0), ())
    return replace(of_claim, recipients=tuple(told), error=why, held=False)


def _finished(session: Session, claim: Dead, outcome: Outcome) -> list[Finished]:
    finished = finish(session, [outcome], claim.owner or "")
    if any(each.state == OutboxState.DEFERRED for each in finished):
        _again(session, claim, OutboxState.UNCERTAIN)
    return finished


def _was_in_doubt(session: Session, claim: Dead) -> bool:
    return (
        session.scalar(
            select(OutboxAttempt.fence)
            .where(
                OutboxAttempt.message_id == claim.message_id,
                OutboxAttempt.fence < claim.fence,
                OutboxAttempt.outcome == OutboxState.UNCERTAIN,
            )
            .limit(1)
        )
        is not None
    )


def _has_time(session: Session, claim: Dead) -> bool:
    """False for what would be given up as never delivered, which nobody knows (R33)."""
    attempts, give_up_at = session.execute(
        select(OutboxMessage.attempts, OutboxMessage.give_up_at).where(
            OutboxMessage.id == claim.message_id
        )
    ).one()
    return now() + pause(attempts) <= give_up_at


def _ended() -> str:
    return _("O processo que enviava terminou antes de registrar o resultado")


def _may_have_arrived(*, twice: bool) -> str:
    if twice:
        return _(
            "Duas vezes o processo que enviava terminou depois de entregar o texto ao servidor e "
            "antes da resposta: pode ter chegado. Confira com o destinatário; se não chegou, reenvie."
        )
    return _(
        "O processo que enviava terminou depois de entregar o texto ao servidor e antes da "
        "resposta, no fim dos 5 dias de tentativas: pode ter chegado. Confira com o destinatário; "
        "se não chegou, reenvie."
    )
