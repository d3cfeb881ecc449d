"""A document by e-mail from the console: seen before it goes, sent once (R31)."""

from __future__ import annotations

import hashlib

import pytest

from services.dispatch import printing
from services.outbox import views
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from services.store.mail import Blob, Document
from tests.dispatch.conftest import invoice
from tests.screens.conftest import Opened

FOREIGN = "60701190000104"


@pytest.fixture(autouse=True)
def no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The optional extra is not installed."""
    monkeypatch.setattr(printing, "is_installed", lambda: False)
    monkeypatch.setattr("screens.dialogs.send_document.is_installed", lambda: False)


def keep(store: Store, actor: Actor, company: CompanyView, xml: bytes) -> None:
    """A document as an import leaves it."""
    digest = hashlib.sha256(xml).hexdigest()
    with store.writing() as session:
        session.add(Blob(sha256=digest, data=xml, size=len(xml)))
        session.flush()
        session.add(
            Document(
                partner_id=actor.partner_id,
                company_id=company.id,
                kind="NFe",
                access_key=xml.partition(b'Id="NFe')[2][:44].decode(),
                number=12,
                issuer_name="Padaria",
                sha256=digest,
            )
        )


def queued(store: Store, actor: Actor) -> list[tuple[str, list[str]]]:
    with store.reading() as session:
        found = views.rows(session, actor, views.ids(session, actor))
    return [(view.subject, [r.address for r in view.recipients]) for view in found.values()]


async def test_to_whom_it_names_and_to_others(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R28, R31, R32: the plan follows the typing; what has no way out says so; each time is its own."""
    keep(store, actor, company, invoice())
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("7")
        await c.shows("Padaria")
        await c.press("m")
        await c.in_front("SendDocument")
        await c.shows("Vai para cliente@loja.example", "caixa de envio ativa", "Só o XML")
        await c.press("f2")
        await c.told("e-mail 1", "cliente@loja.example", "sem o DANFE")
        await c.in_front("DocumentsScreen")
        await c.press("m")
        await c.in_front("SendDocument")
        await c.type("contador@escritorio.example;x")
        await c.shows("Vai para contador@escritorio.example", "Fica de fora")
        await c.press("f2")
        await c.told("e-mail 2", "contador@escritorio.example")
    subject = "NF-e 12, série 1 – Padaria São João Ltda"
    assert sorted(queued(store, actor)) == [
        (subject, ["cliente@loja.example"]),
        (subject, ["contador@escritorio.example", "x"]),
    ]


async def test_anothers_document_is_forwarded(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R31: not to whom it names, but to whom the person says; a bad address is refused at its field."""
    keep(store, actor, company, invoice(issuer=FOREIGN))
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("7")
        await c.shows("Padaria")
        await c.press("m")
        await c.in_front("SendDocument")
        await c.shows("informe a quem")
        await c.type("sem arroba")
        await c.press("f2")
        await c.shows("Nenhum endereço é válido")
        assert queued(store, actor) == []
        await c.press(*["backspace"] * 10)
        await c.type("contador@escritorio.example")
        await c.shows("Padaria São João a encaminha")
        await c.press("f2")
        await c.told("e-mail 1")
    assert [to for _subject, to in queued(store, actor)] == [["contador@escritorio.example"]]
