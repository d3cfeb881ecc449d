"""The whole life of a Microsoft mailbox on the command line: linked, dead, warned of, back again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Ran, Run
from tests.documents import generator
from tests.servers.dovecot import Dovecot
from tests.servers.entra import Entra
from tests.servers.postfix import Postfix
from tests.servers.sink import Sink

CNPJ = "11222333000181"
ISSUER = "33000167000101"
EMAIL = "nfe@padaria.example"
OWNER = "dono@padaria.example"


@pytest.fixture
def places(exchange_pop: Dovecot, exchange_smtp: Postfix) -> tuple[str, ...]:
    """The options that say where the servers are."""
    for user in (EMAIL, OWNER):
        exchange_pop.add_user(user)
        for old in exchange_pop.messages(user):
            old.unlink()
    return (
        *("--smtp-host", "localhost", "--smtp-port", str(exchange_smtp.port)),
        *("--smtp-security", "starttls", "--pop-host", "localhost"),
        *("--pop-port", str(exchange_pop.tls_port), "--pop-security", "tls"),
    )


@pytest.fixture
def signing_in(carteiro: Run, entra: Entra, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``carteiro`` that signs people in at the fake provider."""
    entra.add_account(EMAIL)
    entra.interval = 1
    monkeypatch.setenv("CARTEIRO_MICROSOFT_AUTHORITY", entra.base)
    monkeypatch.setenv("CARTEIRO_MICROSOFT_CLIENT_ID", entra.client_id)
    monkeypatch.setenv("CARTEIRO_CA_FILE", str(entra.ca_file))
    return carteiro


@contextmanager
def person(entra: Entra, email: str) -> Iterator[None]:
    """Somebody who signs in as ``email`` with the next code that is shown."""
    working = threading.Thread(target=lambda: entra.approve(entra.wait_for_code(), email))
    working.start()
    yield
    working.join()


def events(ran: Ran) -> list[dict[str, object]]:
    assert ran.status == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def link(run: Run, entra: Entra, places: tuple[str, ...], *more: str) -> int:
    with person(entra, EMAIL):
        ran = run(
            *("microsoft", "link", "--company", CNPJ, "--function", "both", "--email", EMAIL),
            *("--account", "personal", *places, *more, "--json"),
        )
    code, linked = events(ran)
    assert (code["event"], linked["event"]) == ("code", "linked")
    assert code.keys() >= {"user_code", "verification_uri", "expires_at"}
    assert linked["account"] == EMAIL
    return int(str(linked["id"]))


def notify(run: Run, subject: str) -> None:
    told = ("--type", "general", "--subject", subject, "--body", "texto")
    assert run("notify", "--company", CNPJ, *told).status == 0


def worker(run: Run) -> dict[str, object]:
    ran = run("worker", "--once", "--json")
    assert ran.status == 0, ran.err
    return dict(ran.json)


def deliver(exchange_pop: Dovecot, number: int) -> None:
    deliver_to(exchange_pop, EMAIL, number)


def deliver_to(exchange_pop: Dovecot, email: str, number: int) -> None:
    xml = generator.nfe(ISSUER, CNPJ, number)
    exchange_pop.deliver(email, generator.mail([xml], pdf_bytes=500, seed=number))


def inactivated(run: Run) -> list[dict[str, object]]:
    found = run("bell", "list", "--json").json
    return [entry for entry in found if entry["type"] == "mailbox_inactivated"]


def test_the_whole_life(
    signing_in: Run,
    entra: Entra,
    exchange_pop: Dovecot,
    sink: Sink,
    places: tuple[str, ...],
) -> None:
    """R44, R45, R46, R49: link, send, read, expire, inactivate, warn, relink, recover."""
    run = signing_in
    assert run("company", "edit", CNPJ, "--notification-email", OWNER).status == 0
    relay = ("--relay-host", "localhost", "--relay-port", str(sink.port))
    made = run(
        *("partner", "set", *relay, "--relay-security", "none"),
        *("--relay-email", "avisos@contabil.example"),
    )
    assert made.status == 0, made.err
    entra.lifetime = 60  # shorter than a token may last to be used: each use renews it

    server = link(run, entra, places)
    (agenda,) = run("microsoft", "list", "--json").json
    assert (agenda["email"], agenda["account_kind"]) == (EMAIL, "personal")
    assert agenda["ends_at"] > agenda["check_at"] > agenda["renewed_at"]
    notify(run, "viva")
    deliver(exchange_pop, 1)
    done = worker(run)
    assert (done["sent"], done["documents"]) == (1, 1)
    exchange_pop.wait_for(OWNER, 1)

    entra.refuse(EMAIL, 700082)
    notify(run, "retida")
    deliver(exchange_pop, 2)
    worker(run)
    mailboxes = run("mailbox", "list", "--company", CNPJ, "--json").json
    assert [(m["active"], m["inactive_code"]) for m in mailboxes] == [(False, 700082)] * 2
    (entry,) = inactivated(run)
    assert "inatividade" in str(entry["text"])
    (warning,) = sink.wait_for(1)
    assert warning.recipients == (OWNER,)
    assert b"AADSTS700082" in warning.raw
    waiting = run("outbox", "list", "--json").json
    assert "retida" in [m["subject"] for m in waiting if m["state"] == "deferred"]

    refused = run("server", "edit", str(server), "--active", "--json")
    assert (refused.status, refused.error["field"]) == (1, "active")
    assert run("server", "test", str(server), "--json").json[-1]["step"] == "sign_in"

    entra.accept(EMAIL)
    with person(entra, EMAIL):
        ran = run("microsoft", "relink", str(server), "--json")
    assert [e["event"] for e in events(ran)] == ["code", "linked", "reactivated"]
    done = worker(run)
    assert done["documents"] == 1
    subjects = [path.read_text("latin-1") for path in exchange_pop.wait_for(OWNER, 3)]
    assert any("retida" in text for text in subjects)
    mailboxes = run("mailbox", "list", "--company", CNPJ, "--json").json
    assert [(m["active"], m["inactive_code"]) for m in mailboxes] == [(True, None)] * 2
    assert len(inactivated(run)) == 1
    types = [entry["type"] for entry in run("bell", "list", "--json").json]
    assert types.count("mailbox_recovered") == 1


def test_whoever_signs_in_must_be_the_mailbox(
    signing_in: Run, entra: Entra, places: tuple[str, ...]
) -> None:
    """R44: another person is refused by name, and nothing is saved."""
    entra.add_account("outra@padaria.example")
    with person(entra, "outra@padaria.example"):
        ran = signing_in(
            *("microsoft", "link", "--company", CNPJ, "--function", "send", "--email", EMAIL),
            *("--account", "personal", *places, "--json"),
        )
    assert ran.status == 1
    error = json.loads(ran.err)["error"]
    assert error["field"] == "email"
    assert "outra@padaria.example" in error["message"]
    assert signing_in("server", "list", "--json").json == []


@pytest.mark.parametrize(("end", "words"), [("decline", "recusada"), ("expire", "venceu")])
def test_a_sign_in_that_comes_to_nothing(
    signing_in: Run, entra: Entra, places: tuple[str, ...], end: str, words: str
) -> None:
    """R44: refused and expired are said plainly, and nothing is saved."""
    working = threading.Thread(target=lambda: getattr(entra, end)(entra.wait_for_code()))
    working.start()
    ran = signing_in(
        *("microsoft", "link", "--company", CNPJ, "--function", "send", "--email", EMAIL),
        *("--account", "personal", *places, "--json"),
    )
    working.join()
    assert ran.status == 1
    assert words in json.loads(ran.err)["error"]["message"]
    assert signing_in("server", "list", "--json").json == []


def test_by_a_pasted_address_where_codes_are_blocked(
    signing_in: Run, entra: Entra, places: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """R44: the second way."""
    words = (
        *("microsoft", "link", "--company", CNPJ, "--function", "send", "--email", EMAIL),
        *("--account", "personal", *places, "--json"),
    )
    entra.refuse_start(53003)
    blocked = signing_in(*words)
    assert blocked.status == 1
    assert "AADSTS53003" in blocked.error["message"]

    from services.health import signing_in as service

    asked: list[str] = []
    real = service.finish

    async def pasted(settings: object, address: object, _line: str) -> object:
        asked.append(address.url)  # type: ignore[attr-defined]
        return await real(settings, address, entra.code_for(asked[0], EMAIL))  # type: ignore[arg-type]

    monkeypatch.setattr(service, "finish", pasted)
    ran = signing_in(*words, "--by", "address", stdin="http://localhost/?…\n")
    address, linked = events(ran)
    assert (address["event"], linked["event"]) == ("address", "linked")
    assert address["url"] == asked[0]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--company", CNPJ, "--function", "send", "--email", "nfe"), "email"),
        (("--company", CNPJ, "--function", "send", "--email", EMAIL, "--account", "common"), "account"),
        (("--company", CNPJ, "--function", "send", "--email", EMAIL, "--delegate", "x"), "delegate"),
        (("--company", CNPJ, "--function", "send", "--email", EMAIL, "--smtp-port", "0"), "smtp_port"),
        (("--function", "send", "--email", EMAIL, "--smtp-host", "a b"), "smtp_host"),
    ],
)  # fmt: skip
def test_bad_values_are_refused_before_anybody_signs_in(
    signing_in: Run, entra: Entra, words: tuple[str, ...], field: str
) -> None:
    """R44: naming the field."""
    ran = signing_in("microsoft", "link", *words, "--json")
    assert (ran.status, ran.error["field"]) == (1, field)
    assert not any(r.path.endswith("/devicecode") for r in entra.requests)


def test_without_a_registration_it_says_what_is_missing(carteiro: Run) -> None:
    """R4, R44."""
    ran = carteiro("microsoft", "link", "--function", "send", "--email", EMAIL, "--json")
    assert ran.status == 1
    assert "microsoft_client_id" in ran.error["message"]


def test_a_registered_server_gets_a_sign_in_instead_of_its_password(
    signing_in: Run, entra: Entra, places: tuple[str, ...]
) -> None:
    """R44, R49: links stay, the password is gone, and the host is Microsoft's until the partner says."""
    made = signing_in(
        *("mailbox", "add", "--company", CNPJ, "--function", "send", "--nickname", "NF"),
        *("--sender-name", "Padaria", "--email", EMAIL, "--password-stdin", *places[:6], "--json"),
        stdin="segredo\n",
    )
    assert made.status == 0, made.err
    (server,) = signing_in("server", "list", "--json").json
    with person(entra, EMAIL):
        ran = signing_in(
            *("microsoft", "link", "--server", str(server["id"]), "--email", EMAIL),
            *("--account", "personal", "--json"),
        )
    assert events(ran)[-1] == {"event": "linked", "id": server["id"], "account": EMAIL}
    (moved,) = signing_in("server", "list", "--json").json
    assert (moved["smtp_host"], moved["smtp_security"]) == ("smtp.office365.com", "starttls")
    assert signing_in("server", "edit", str(server["id"]), *places[:6]).status == 0
    ran = signing_in("server", "test", str(server["id"]), "--json")
    assert (ran.status, ran.json[0]["step"]) == (0, "sign_in")
    (after,) = signing_in("server", "list", "--json").json
    assert after["companies"] == server["companies"]


def test_a_shared_mailbox_is_entered_by_its_delegate(
    signing_in: Run, entra: Entra, exchange_pop: Dovecot, places: tuple[str, ...]
) -> None:
    """R44: nobody signs in as it: sent under the delegate's name, read under its own."""
    shared, delegate = "comum@padaria.example", "ana@padaria.example"
    for user in (shared, delegate):
        exchange_pop.add_user(user)
    entra.add_account(delegate)
    entra.share(shared, delegate)
    words = ("microsoft", "link", "--company", CNPJ, "--function", "both", "--email", shared)
    with person(entra, delegate):
        refused = signing_in(*words, "--account", "personal", *places, "--json")
    assert refused.status == 1
    assert delegate in json.loads(refused.err)["error"]["message"]
    with person(entra, delegate):
        ran = signing_in(*words, "--account", "personal", "--delegate", delegate, *places, "--json")
    linked = events(ran)[-1]
    assert linked["account"] == delegate
    tested = signing_in("server", "test", str(linked["id"]), "--json")
    assert tested.status == 0, tested.out
    assert [step["step"] for step in tested.json][-1] == "read_back"
    deliver_to(exchange_pop, shared, 9)
    assert worker(signing_in)["documents"] == 1
    with person(entra, delegate):
        again = signing_in("microsoft", "relink", str(linked["id"]), "--json")
    assert [e["event"] for e in events(again)] == ["code", "linked", "tested"]


def test_the_doctor_asks_the_provider(signing_in: Run, entra: Entra) -> None:
    """Whether it answers; a provider that is not there fails the check, and names it."""
    found = {check["check"]: check for check in signing_in("doctor", "--json").json}
    assert found["microsoft"] == {
        "check": "microsoft", "ok": True, "detail": entra.base, "cure": "",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTEIRO_MICROSOFT_AUTHORITY", "https://localhost:1")
        ran = signing_in("doctor", "--json")
    found = {check["check"]: check for check in ran.json}
    assert (ran.status, found["microsoft"]["ok"]) == (1, False)
    assert "localhost:1" in found["microsoft"]["detail"]
    assert found["microsoft"]["cure"]
