"""What happens in the demonstration's world while its pictures are taken."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from services import clock
from services.dispatch import unattended
from services.failure import Failure, Stage
from services.health import facts
from services.reading import arrivals
from services.reading.arrivals import Arrival
from services.reading.importing import Source, import_messages
from services.reading.taking_apart.extract import Caps, extract
from services.registry.access import Actor
from services.store import exchange
from services.store.models import Function
from services.wire import aadsts
from tests.demo.album.page import Happening
from tui_app.demo import letters, nfe
from tui_app.demo.demo import Demo
from tui_app.demo.history import issued
from tui_app.demo.names import stranger, suppliers
from tui_app.demo.world import ago

_READER = "xml@empresa01.example"
_ASTRAY = 2_001
"""The number of a document that came to a mailbox of neither company in it."""
_SIGNED_IN = ("fiscal@empresa05.example", "contato@empresa06.example")
_TABLES = {"empresas-2026.csv": (7_340, 3), "filiais.csv": (1_480, 26)}
"""By name: their bytes, and how many hours ago they were changed."""


def today(demo: Demo, number: int) -> None:
    """What waits: in a mailbox a document to import, one of another company, and none; in the
    outbox documents that were issued just now; in the exchange folder tables."""
    post, supplier, at = demo.servers.post, suppliers()[0], clock.now()
    for firm in (demo.world.firms[1].party, stranger()):
        document = nfe.make(demo.authority, supplier, firm, number, at)
        post.deliver(_READER, letters.with_documents(supplier, _READER, [document], at))
        number += 1
    post.deliver(
        _READER,
        f"From: {supplier.name} <vendas@fornecedor.example>\r\nTo: {_READER}\r\n"
        "Subject: Newsletter 12\r\n\r\nSem nota fiscal.\r\n".encode(),
    )
    for issuer in (demo.world.firms[8], demo.world.firms[21], demo.world.firms[33]):
        demo.world.office.do_now(unattended.send, issued(demo.authority, issuer, number))
        number += 1
    for name, (size, hours) in _TABLES.items():
        table = exchange.folder(demo.settings) / name
        table.write_bytes(bytes(size))
        changed = (at - timedelta(hours=hours)).timestamp()
        os.utime(table, (changed, changed))


def astray(demo: Demo) -> None:
    """A document of two companies of the partner's came to the mailbox of a third (R39)."""
    firms, at = demo.world.firms, clock.now()
    document = nfe.make(demo.authority, firms[10].party, firms[12].party, _ASTRAY, at)
    raw = letters.with_documents(firms[10].party, _READER, [document], at)
    demo.world.do(_read, demo.world.server_ids[_READER], Arrival(9, "astray", len(raw), raw))


def _read(session: Session, actor: Actor, server_id: int, letter: Arrival) -> None:
    digests = arrivals.digests_of([letter.raw])
    (kept,) = arrivals.keep(session, actor.partner_id, server_id, [letter], digests)
    found = [(kept.inbound_id, extract(letter.raw, Caps()))]
    import_messages(session, Source(actor.partner_id, server_id), found)


def revoked(demo: Demo) -> None:
    """Microsoft refuses more mailboxes with the code of one that is refused already (R45)."""
    refusal = Failure(
        demo.servers.microsoft.base.removeprefix("https://"),
        Stage.SIGN_IN,
        "inactivated",
        "AADSTS50173: The provided grant has expired due to it being revoked.",
        permanent=True,
        explanation=aadsts.description(50173),
        code=50173,
    )
    for minutes, address in enumerate(_SIGNED_IN, 1):
        with ago(timedelta(hours=2) - timedelta(minutes=2 * minutes)):
            server_id = demo.world.server_ids[address]
            note = partial(facts.note_failure, function=Function.READ)
            demo.world.office.do_now(note, server_id, refusal)


HAPPENINGS: dict[Happening, Callable[[Demo], None]] = {"astray": astray, "revoked": revoked}
"""By name."""
