"""What would become of messages: the decisions of a reading, without what they do (R42)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.clock import now
from services.errors import Refused
from services.fiscal.cnpj import masked
from services.fiscal.labels import kind_words
from services.language import _
from services.reading.columns import Unique, storable
from services.reading.desk import Target
from services.reading.importing import FOREIGN, Source, foresee, reason_words
from services.reading.memory import Known, Plan, Wanted, allowed, plan, policy_of, remembered
from services.reading.receipts import Found
from services.reading.routing import Destination, destinations
from services.reading.taking_apart.findings import Extracted
from services.reading.taking_apart.problems import Problem
from services.registry import access, mailboxes
from services.registry.access import Actor
from services.store.mail import InboundMessage
from services.store.models import Company, EmailServer, Function, Mailbox
from services.wire.pop3 import Listed


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would happen to one message; subject, sender and parts are foreign text.

    ``outcome``: "import" with at least one new document, "duplicate" with none that is new,
    "quarantine" when anything of it would be held, "nothing" without a fiscal document, "known"
    when it was read before, "not_sent" when the server did not hand it over. ``held`` is what
    would be in quarantine; ``deleted`` says that the server would delete it at the end.
    """

    number: int
    uidl: str
    size: int
    outcome: str
    deleted: bool = False
    subject: str = ""
    sender: str = ""
    found: tuple[Found, ...] = ()
    held: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A mailbox and whose documents it is read for; ``companies`` are the CNPJs that the person sees.

    ``mine`` is False where companies read it too that the person does not see (R53): of what is
    theirs only the outcome is told.
    """

    target: Target
    linked: dict[str, Destination]
    companies: dict[int, str]
    mine: bool


def stage(session: Session, actor: Actor, mailbox_id: int) -> Stage:
    """What a dry run of this reading mailbox works with.

    Raises ``NotFound`` for one that ``actor`` does not see, ``Refused`` for one that no reading
    would touch.
    """
    actor = access.current(session, actor)
    view = mailboxes.view(session, actor, mailbox_id)
    if view.function != Function.READ:
        raise Refused(_("A caixa {id} é de envio").format(id=mailbox_id), field="mailbox")
    if not view.active:
        raise Refused(_("A caixa {id} está inativa").format(id=mailbox_id), field="mailbox")
    server = session.get_one(EmailServer, view.server_id)
    readers = select(Mailbox.company_id).where(
        Mailbox.server_id == server.id, Mailbox.function == Function.READ
    )
    seen = session.execute(
        select(Company.id, Company.cnpj).where(
            Company.id.in_(readers), access.visible(actor, Company.partner_id, Company.id)
        )
    )
    companies = {row[0]: row[1] for row in seen}
    return Stage(
        Target(
            server.id,
            server.partner_id,
            server.email,
            server.pop_host or "",
            allowed(server.delete_after, server.username),
        ),
        destinations(session, server.id),
        companies,
        mine=actor.is_partner or set(session.scalars(readers)) <= companies.keys(),
    )


@dataclass
class Foresight:
    """Decides as a reading of ``stage`` would, and remembers what earlier messages would bring."""

    stage: Stage
    _before: set[Unique] = field(default_factory=set)
    _contents: set[str] = field(default_factory=set)

    def plan(self, session: Session, listed: Sequence[Listed]) -> tuple[list[Foreseen], Plan]:
        """What is known of the messages that the server lists, and which would be fetched."""
        known = remembered(session, self.stage.target.server_id)
        todo = plan(listed, known, policy_of(self.stage.target.delete_after), now())
        fetched = {place.number for place in todo.fetch}
        deleted = {place.number for place in todo.delete}
        told = [
            Foreseen(
                item.number, item.uidl or "", item.size, "known", deleted=item.number in deleted
            )
            for item in listed
            if item.number not in fetched
        ]
        return self._with_words(session, told, known), todo

    def of(
        self, session: Session, arrivals: Sequence[tuple[Wanted, str, Extracted | Problem]]
    ) -> list[Foreseen]:
        """What would become of messages that were fetched, each with its SHA-256."""
        digests = {digest for _place, digest, _what in arrivals}
        there = set(
            session.scalars(
                select(InboundMessage.sha256).where(
                    InboundMessage.server_id == self.stage.target.server_id,
                    InboundMessage.sha256.in_(digests),
                )
            )
        )
        fresh = []
        for place, digest, what in arrivals:
            if digest not in there and digest not in self._contents:
                self._contents.add(digest)
                fresh.append((place.number, what))
        target = self.stage.target
        source = Source(target.partner_id, target.server_id)
        receipts = {
            receipt["id"]: receipt
            for receipt in foresee(session, source, fresh, self.stage.linked, self._before)
        }
        deletes = policy_of(target.delete_after).days == 0
        told = []
        for place, _digest, what in arrivals:
            receipt = receipts.get(place.number)
            if receipt is not None:
                told.append(self._told(place, receipt, deletes=deletes))
                continue
            words = what if isinstance(what, Extracted) and self.stage.mine else Extracted()
            told.append(
                Foreseen(
                    place.number,
                    place.uidl,
                    place.size,
                    "known",
                    deletes,
                    storable(words.subject, 998),
                    storable(words.sender, 998),
                )
            )
        return told

    def too_large(self, place: Wanted, size: int) -> Foreseen:
        """One that would not be fetched and would stay on the server, with an entry in quarantine."""
        held = (Problem("too_large", f"{size // 2**20} MB"),)
        return Foreseen(place.number, place.uidl, size, "quarantine", held=held)

    def not_sent(self, place: Wanted) -> Foreseen:
        """One that the server listed and did not hand over."""
        return Foreseen(place.number, place.uidl, place.size, "not_sent")

    def _told(self, place: Wanted, receipt: dict[str, object], *, deletes: bool) -> Foreseen:
        found, held = receipt["found"], receipt["held"]
        assert isinstance(found, list)
        assert isinstance(held, list)
        outcome = "nothing"
        if held:
            outcome = "quarantine"
        elif found:
            new = any(item["outcome"] == "imported" for item in found)
            outcome = "import" if new else "duplicate"
        shown = [item for item in found if item["company_id"] in self.stage.companies]
        if self.stage.mine:
            shown = found
        if not self.stage.mine and not shown:
            return Foreseen(place.number, place.uidl, place.size, outcome, deletes)
        return Foreseen(
            place.number,
            place.uidl,
            place.size,
            outcome,
            deletes,
            str(receipt["subject"]),
            str(receipt["sender"]),
            tuple(
                Found(
                    item["kind"],
                    item["access_key"],
                    self.stage.companies.get(item["company_id"]),
                    item["outcome"],
                )
                for item in shown
            ),
            tuple(Problem(row["reason"], row["detail"], row["part"]) for row in held)
            if self.stage.mine
            else (),
        )

    def _with_words(
        self, session: Session, told: list[Foreseen], known: dict[str, Known]
    ) -> list[Foreseen]:
        """The same, with subject and sender from the receipts, where the person may read them."""
        if not self.stage.mine or not told:
            return told
        wanted = [known[item.uidl].inbound_id for item in told]
        words: dict[int, tuple[str, str]] = {}
        for start in range(0, len(wanted), 500):
            rows = session.execute(
                select(InboundMessage.id, InboundMessage.subject, InboundMessage.sender).where(
                    InboundMessage.id.in_(wanted[start : start + 500])
                )
            )
            words |= {row[0]: (row[1], row[2]) for row in rows}
        return [
            replace(item, subject=subject, sender=sender)
            for item in told
            for subject, sender in (words.get(known[item.uidl].inbound_id, ("", "")),)
        ]


def would(item: Foreseen) -> str:
    """The outcome in plain words."""
    words = {
        "import": _("importaria"),
        "duplicate": _("já importado"),
        "quarantine": _("iria para a quarentena"),
        "nothing": _("nenhum documento fiscal"),
        "known": _("já lida"),
        "not_sent": _("o servidor não a entregou"),
    }[item.outcome]
    return _("{outcome}; sairia do servidor").format(outcome=words) if item.deleted else words


def _kind(kind: str) -> str:
    """As lists write it; which event it is nobody knows before it is imported."""
    return kind if kind.startswith("Evento") else kind_words(kind)


def explained(item: Foreseen) -> list[str]:
    """A line for each document and for each thing that would be held; foreign text."""
    lines = []
    for found in item.found:
        if found.outcome == FOREIGN:
            continue
        old = "" if found.outcome == "imported" else _(" (já importado)")
        lines.append(f"{_kind(found.kind)} {found.access_key} → {masked(found.company or '')}{old}")
    lines += [
        f"{reason_words(problem.reason)}: {problem.part_name} {problem.detail}".rstrip(": ")
        for problem in item.held
    ]
    return lines
