"""Accents, emoji, long names, right-to-left and hostile text arrive and show as what they are."""

from __future__ import annotations

import unicodedata
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

from services.office import Office
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.sending.tick import Sender
from tests.cli.conftest import Run, bare  # noqa: F401 - fixtures are found by name here
from tests.screens.conftest import Opened, console  # noqa: F401
from tests.sending.conftest import AddMailbox
from tests.servers.sink import Sink

# Accents both ways, emoji of one and of many code points, another direction, markup of the
# screen's, an override that would turn "fdp.exe" round, and more than any list has room for.
WORDS = "Ação n\u0303 🚚 👩\u200d👧 ❤\ufe0f شركة [red]x[/] \u202eexe.pdf"
LONG = f"{WORDS} {'Ç' * 400}"
ESCAPES = "\x1b]52;c;cm0=\x07 \x1b[2J \x9b31m"
INERT = "·]52;c;cm0=· ·[2J ·31m"
NAME = "n\u0303 🚚 شركة \u202efdp.exe"
TO = "dono@padaria.example"


async def test_from_every_field_to_every_place(
    office: Office,
    actor: Actor,
    company: CompanyView,
    mailbox: AddMailbox,
    sender: Sender,
    sink: Sink,
    console: Opened,  # noqa: F811
    bare: Run,  # noqa: F811
    tmp_path: Path,
) -> None:
    """R26, R31: what arrives says the same, letter by letter; what shows acts on no terminal."""
    office.do_now(companies.edit, actor, company.id, {"nickname": NAME, "notification_email": TO})
    mailbox(sink.port, sender_name=WORDS, nickname=NAME)
    note = tmp_path / f"{NAME}.xml"
    note.write_bytes(b"<nota/>")
    body = f"{WORDS}\n{ESCAPES}\n.\nFim"
    told = bare(
        *("notify", "--company", company.cnpj, "--type", "general", "--subject", LONG),
        *("--body", body, "--attach", str(note), "--json"),
    )
    assert told.status == 0, told.err
    await sender.run_due()

    (sunk,) = sink.messages()
    assert (sunk.sender, sunk.recipients) == ("nfe@padaria.example", (TO,))
    plain = message_from_bytes(sunk.raw)
    assert str(make_header(decode_header(plain["subject"]))) == LONG
    ((phrase, address),) = getaddresses([plain["from"]])
    assert (str(make_header(decode_header(phrase))), address) == (WORDS, "nfe@padaria.example")
    message = message_from_bytes(sunk.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    text = message.get_body()
    assert text is not None
    assert text.get_content().rstrip("\n") == f"{WORDS}\n{INERT}\n.\nFim"
    # A name that turns itself round to look like another's kind is the one thing that is mended.
    assert [part.get_filename() for part in message.iter_attachments()] == [
        note.name.replace("\u202e", "·")
    ]
    assert message["bcc"] is None

    number = str(told.json["outbox_id"])
    for words in (("bell", "list"), ("outbox", "list"), ("outbox", "show", number)):
        for how in ((), ("--json",)):
            said = bare(*words, *how)
            assert said.status == 0
            assert not acting(said.out), words
            if not how:
                assert shown("🚚", "شركة", within=said.out), words
    entry = bare("bell", "list", "--json").json[0]
    assert entry["company_nickname"] == NAME

    async with console((120, 40)) as c:
        await c.at_home()
        await c.press("b")
        await c.shows("Ação")
        assert not acting(c.text.replace("\n", ""))
        await c.press("enter")
        await c.in_front("BellEntryDetails")
        await c.shows("Fim", "🚚", "[red]x[/]", "·exe.pdf", "❤ ")
        assert not acting(c.text.replace("\n", ""))
        await c.press("escape", "6")
        await c.shows("Ação")
        await c.press("enter")
        await c.shows("[red]x[/]", "·exe.pdf", TO)
        assert not acting(c.text.replace("\n", ""))


def acting(text: str) -> list[str]:
    """The characters of ``text`` that do something to a terminal or turn it round."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return [
        character
        for character in text
        if (unicodedata.category(character) == "Cc" and character != "\n")
        or unicodedata.bidirectional(character) in turning
    ]


def shown(*words: str, within: str) -> bool:
    return all(word in within for word in words)
