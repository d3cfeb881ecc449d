"""The last days of the demonstration, by the same services as every other day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.clock import now
from services.dispatch import unattended
from services.dispatch.placing import Parcel
from services.health import activity
from services.language import _, both
from services.notifications import bell
from services.notifications.announce import announce
from services.outbox import claims, outcomes
from services.outbox.outcomes import Outcome, RecipientOutcome
from services.reading import arrivals, due
from services.reading.arrivals import Arrival
from services.reading.desk import Target
from services.reading.importing import Source, import_messages
from services.reading.taking_apart.extract import Caps, extract
from services.registry.access import Actor
from services.sending import failures
from services.sending.routes import Route, routes_of
from services.store.mail import OutboxRecipient, OutboxState
from services.wire import replies
from tui_app.demo import letters, month, nfe
from tui_app.demo.certificates import Authority
from tui_app.demo.names import Firm, stranger, suppliers
from tui_app.demo.post import NOBODY
from tui_app.demo.servers import HOST
from tui_app.demo.smtp import ACCEPTED, UNKNOWN
from tui_app.demo.world import PARTNER_READS, World, ago, meet

FIRST_NUMBER = 1_001
CUSTOMER = "cliente@cliente.example"
_DAYS = 5
"""How many days are lived through; of those before only the counts remain."""
_ON_ITS_WAY = timedelta(minutes=25)
_LEASE = 45.0
_OWNER = "history"


def fill(world: World, authority: Authority) -> int:
    """Live through the last days, up to a few hours ago; the number of the next document."""
    chance = random.Random(0)  # noqa: S311 - who got what
    numbers = iter(range(FIRST_NUMBER, FIRST_NUMBER + 10_000))
    world.do(month.count, world, _DAYS)
    for day in range(_DAYS - 1, -1, -1):
        age = timedelta(days=day, hours=7, minutes=7 * day)
        with ago(age):
            for address, firms in world.readers.items():
                some = chance.sample(firms, min(len(firms), 3))
                if day == 2 and len(firms) > 3:
                    some.append(_foreign(firms[0]))
                torn = day == 1 and address == PARTNER_READS
                world.do(_read, world, authority, address, some, numbers, torn)
            world.do(_queue, world, authority, day, numbers)
        # What came back the first time is told by an e-mail, which leaves the second time.
        for later in (timedelta(minutes=2), timedelta(minutes=4)):
            with ago(age - later):
                world.do(_sent, world)
        with ago(age - timedelta(hours=1)):
            world.do(bell.mark_all_read)
    meet(world, lambda: world.do(_sent, world))
    return next(numbers)


def _foreign(like: Firm) -> Firm:
    """A company that no mailbox serves: its document goes to quarantine."""
    return Firm(like.number, stranger().cnpj, stranger().name, None)


def _read(
    session: Session,
    actor: Actor,
    world: World,
    authority: Authority,
    address: str,
    firms: list[Firm],
    numbers: Iterator[int],
    torn: bool,
) -> None:
    """A reading of a mailbox that held a letter for each of these companies; the last one's
    document may be ``torn``."""
    target = Target(world.server_ids[address], actor.partner_id, address, HOST, "import")
    held = due.claim(session, target, _LEASE)
    assert held is not None
    arrived = []
    for place, firm in enumerate(firms, 1):
        number = next(numbers)
        supplier = suppliers()[number % 5]
        document = nfe.make(authority, supplier, firm.party, number, now() - _ON_ITS_WAY)
        if torn and place == len(firms):
            document = replace(document, xml=document.xml[: len(document.xml) // 2])
        raw = letters.with_documents(supplier, address, [document], now() - _ON_ITS_WAY)
        arrived.append(Arrival(place, f"past{number:08}", len(raw), raw))
    digests = arrivals.digests_of([each.raw for each in arrived])
    kept = arrivals.keep(session, actor.partner_id, target.server_id, arrived, digests)
    found = [
        (each.inbound_id, extract(letter.raw, Caps()))
        for each, letter in zip(kept, arrived, strict=True)
    ]
    imported = import_messages(session, Source(actor.partner_id, target.server_id), found)
    due.finish(
        session, target, held, len(arrived), imported, failure=None, worked=True, next_at=None
    )
    arrivals.note_deleted(
        session, target.server_id, [(each.uidl, each.inbound_id) for each in kept], ()
    )


def _queue(
    session: Session,
    actor: Actor,
    world: World,
    authority: Authority,
    day: int,
    numbers: Iterator[int],
) -> None:
    """Documents that companies issued, and a customer whose address is wrong."""
    for firm in [world.firms[1 + (day * 5 + n * 7) % 36] for n in range(5)]:
        number = next(numbers)
        unattended.send(session, issued(authority, firm, number))
    unattended.send(session, issued(authority, world.firms[1], next(numbers), NOBODY))
    tell_authorised(session, actor, world, firm, number)


def issued(authority: Authority, firm: Firm, number: int, *more: str) -> Parcel:
    """A document that a company has issued just now, with the addresses that it names."""
    customer = replace(suppliers()[number % 5], email=";".join((CUSTOMER, *more)))
    document = nfe.make(authority, firm.party, customer, number, now())
    return Parcel(f"{document.key}.xml", document.xml)


def tell_authorised(session: Session, actor: Actor, world: World, firm: Firm, number: int) -> None:
    """Announce to those concerned that a document was authorised."""
    announce(
        session,
        partner_id=actor.partner_id,
        company_id=world.companies[firm.number],
        type_key="document_authorized",
        subject=both(lambda: _("NF-e {number} autorizada").format(number=number)),
        body=both(lambda: _("A nota foi autorizada e enviada ao destinatário.")),
    )


def _sent(session: Session, actor: Actor, world: World) -> None:
    """What was queued has left by the first mailbox that might be used."""
    claimed = claims.claim(session, _OWNER, 1_000)
    ways = routes_of(session, {claim.company_id for claim in claimed}, world.office.settings)
    waiting: dict[int, list[OutboxRecipient]] = {}
    for recipient in session.scalars(
        select(OutboxRecipient).where(
            OutboxRecipient.message_id.in_([claim.message_id for claim in claimed]),
            OutboxRecipient.state == OutboxState.QUEUED,
        )
    ):
        waiting.setdefault(recipient.message_id, []).append(recipient)
    told = [
        _outcome(claim, ways[claim.company_id][0], waiting[claim.message_id]) for claim in claimed
    ]
    finished = outcomes.finish(session, told, _OWNER)
    activity.count_sent(session, told, finished)
    failures.tell(session, finished)


def _outcome(claim: claims.Claim, way: Route, recipients: list[OutboxRecipient]) -> Outcome:
    return Outcome(
        claim,
        tuple(
            RecipientOutcome(
                each.position, OutboxState.FAILED, UNKNOWN, replies.explain("recipient")
            )
            if each.address == NOBODY
            else RecipientOutcome(each.position, OutboxState.SENT, ACCEPTED)
            for each in recipients
        ),
        way.server_id,
        way.mailbox_id,
    )
