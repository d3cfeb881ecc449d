"""The checks behind the import, and checking again (R40)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from services.errors import NotFound
from services.fiscal.facts import Facts
from services.fiscal.labels import CHECKS, Checks
from services.fiscal.recognise import recognise
from services.jobs import runner
from services.jobs.checking import check_documents
from services.office import Office
from services.reading import documents, rechecking
from services.reading.columns import document_row
from services.reading.completing import complete
from services.reading.documents import DocumentView
from services.reading.taking_apart.extractor import Extractor
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.blobs import keep_blobs
from services.store.engine import Store
from services.store.mail import Blob, Document
from tests.documents import certificates, kinds
from tests.documents.generator import nfe
from tests.documents.kinds import Sample


def put(store: Store, partner_id: int, company_id: int, sample: Sample) -> int:
    """A document as an import leaves it."""
    sha256 = hashlib.sha256(sample.xml).hexdigest()
    with store.writing() as session:
        session.add(Blob(sha256=sha256, data=sample.xml, size=len(sample.xml)))
        session.flush()
        document = Document(
            partner_id=partner_id,
            company_id=company_id,
            kind=sample.kind,
            access_key=sample.key,
            event_id=sample.event_id,
            sha256=sha256,
        )
        session.add(document)
        session.flush()
        return document.id


def seen(store: Store, actor: Actor, document_id: int) -> DocumentView:
    """The document as lists and detail have it."""
    with store.reading() as session:
        return documents.view(session, actor, document_id)


async def test_labels_and_reasons_are_kept(
    store: Store, actor: Actor, company: CompanyView, tmp_path: Path
) -> None:
    """R40: every label with its reason; what nothing is known of stays as it came."""
    samples = kinds.samples()
    good, town = (
        put(store, actor.partner_id, company.id, samples[name]) for name in ("nfe", "abrasf")
    )
    junk = put(
        store,
        actor.partner_id,
        company.id,
        replace(samples["cte"], xml=b"\x00 isto n\xe3o \xe9 XML"),
    )
    assert await check_documents(store) == 3
    assert await check_documents(store) == 0
    view = seen(store, actor, good)
    assert view.checks.pop("chain") == "unasked"
    assert (set(view.checks.values()), view.check_reasons) == ({"ok"}, {})
    assert seen(store, actor, town).checks["schema"] == "unverifiable"
    assert "município" in seen(store, actor, town).check_reasons["schema"]
    assert seen(store, actor, junk).checks["schema"] == "failed"


async def test_again_once_somebody_is_trusted(
    store: Store, actor: Actor, company: CompanyView, tmp_path: Path
) -> None:
    """R40: labels stay until there are new ones; only what is asked for is checked again."""
    samples = kinds.samples()
    first, second = (
        put(store, actor.partner_id, company.id, samples[name]) for name in ("nfe", "cte")
    )
    await check_documents(store)
    file = tmp_path / "confiaveis.pem"
    file.write_bytes(certificates.trusted())
    with store.writing() as session:
        assert rechecking.check_again(session, actor, [first, first]) == 1
    assert seen(store, actor, first).checks["chain"] == "unasked"
    assert await check_documents(store, file) == 1
    assert seen(store, actor, first).checks["chain"] == "ok"
    assert seen(store, actor, second).checks["chain"] == "unasked"
    with pytest.raises(NotFound), store.writing() as session:
        rechecking.check_again(session, actor, [second, 999])
    assert seen(store, actor, second).checked_at is not None


async def test_labels_of_what_was_there_before_are_not_those_of_what_came(
    store: Store, actor: Actor, company: CompanyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R40: the protocol comes while the bare document is being checked; it is checked anew."""
    parties = (kinds.ISSUER, kinds.RECIPIENT, 77)
    bare, whole = nfe(*parties, authorised=False), nfe(*parties)
    sample = kinds.samples()["nfe"]
    document = put(store, actor.partner_id, company.id, replace(sample, xml=bare))

    class Slow(Extractor):
        """While it checks, an import completes the document."""

        async def check_many(self, xmls: Sequence[bytes]) -> list[Checks]:
            labels = await super().check_many(xmls)
            unique = (company.id, sample.kind, sample.key, "")
            sha256 = hashlib.sha256(whole).hexdigest()
            facts = recognise(whole)
            assert isinstance(facts, Facts)
            with store.writing() as session:
                keep_blobs(session, {sha256: whole})
                rows = [document_row(facts, unique, sha256)]
                assert complete(session, rows, {sha256: whole}) == {unique}
            return labels

    with monkeypatch.context() as while_slow:
        while_slow.setattr("services.reading.taking_apart.extractor.Extractor", Slow)
        await check_documents(store)
    assert seen(store, actor, document).authorised
    assert (seen(store, actor, document).checked_at, seen(store, actor, document).checks) == (
        None,
        dict.fromkeys(CHECKS, "") | {"access_key": "ok"},
    )
    assert await check_documents(store) == 1
    assert seen(store, actor, document).checks["protocol"] == "ok"


async def test_a_check_that_is_cut_leaves_no_lease(
    office: Office,
    store: Store,
    actor: Actor,
    company: CompanyView,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R40: a worker ends in the middle of a check; the next process goes on at once, not in a minute."""
    document = put(store, actor.partner_id, company.id, kinds.samples()["nfe"])
    begun = asyncio.Event()

    async def endless(self: Extractor, xmls: Sequence[bytes]) -> list[Checks]:
        begun.set()
        return await asyncio.Future()

    with monkeypatch.context() as while_endless:
        while_endless.setattr(Extractor, "check_many", endless)
        jobs = runner.Jobs(office, only={runner.READING, runner.CHECKS})
        jobs.start()
        await begun.wait()
        await jobs.drain(0.01)
    assert await check_documents(store) == 1
    assert seen(store, actor, document).checked_at is not None
