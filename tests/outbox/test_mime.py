"""What is composed is what every mail program reads: the standard parser is the judge."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import Invalid
from services.outbox.mime import Attachment, compose, encode_attachment

DATE = datetime(2026, 11, 24, 9, 30, 5, tzinfo=UTC)
NASTY = "=?utf-8?q?a=0D=0ABcc:_z@z.com?="
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def made(
    *,
    sender_name: str = "Loja da Ana",
    sender: str = "nfe@example.com",
    to: tuple[str, ...] = ("bia@example.com",),
    subject: str = "NF-e 123",
    text: str = "Olá.",
    message_id: str = "<1.2@example.com>",
    attachments: tuple[Attachment, ...] = (),
    auto_submitted: str = "auto-generated",
) -> bytes:
    parts = compose(
        sender_name=sender_name,
        sender=sender,
        to=to,
        subject=subject,
        date=DATE,
        message_id=message_id,
        text=text,
        attachments=attachments,
        auto_submitted=auto_submitted,
    )
    return b"".join(parts)


def read(wire: bytes) -> EmailMessage:
    """As the receiving server sees it: checked for the wire, dots unstuffed, then parsed."""
    assert wire.isascii()
    assert wire.endswith(b"\r\n")
    lines = wire.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert all(len(line) <= 998 for line in lines)
    assert b"." not in lines
    head = wire.partition(b"\r\n\r\n")[0]
    assert all(len(line) <= 76 or b" " not in line.strip() for line in head.split(b"\r\n"))
    plain = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    message = message_from_bytes(plain, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    assert [name.lower() for name in message] == [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "auto-submitted",
        "mime-version",
        "content-type",
        *(["content-transfer-encoding"] if not message.is_multipart() else []),
    ]
    return message


def allowed(text: str) -> bool:
    return CONTROL.search(text) is None


header_text = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200
).filter(allowed) | st.sampled_from(
    [NASTY, "", "😀" * 60, "שלום عربي", "a" * 500, "x " * 90, '"a" <b@c.d>, (x)', "\u202eevil"]
)


@given(subject=header_text)
def test_any_subject_shows_as_what_it_is(subject: str) -> None:
    """Emoji, right to left, hostile: one header, the same words; encoded words are inert."""
    message = read(made(subject=subject))
    assert message["subject"] == subject
    assert message["bcc"] is None


@given(name=header_text)
def test_any_sender_name(name: str) -> None:
    message = read(made(sender_name=name))
    (author,) = message["from"].addresses
    assert author.addr_spec == "nfe@example.com"
    # The modern parser of this Python keeps blanks between encoded words: the older one judges.
    phrase, address = parseaddr(message_from_bytes(made(sender_name=name))["from"])
    assert address == "nfe@example.com"
    assert str(make_header(decode_header(phrase))) == name.strip()


@given(text=st.text(max_size=400))
def test_any_body(text: str) -> None:
    """One message on the wire whatever the body holds; its words come back."""
    try:
        text.encode()
    except UnicodeEncodeError:
        with pytest.raises(Invalid):
            made(text=text)
        return
    message = read(made(text=text))
    content = message.get_payload(decode=True)
    assert isinstance(content, bytes)
    expected = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
    assert content.decode().replace("\r\n", "\n") == expected


@pytest.mark.parametrize(
    "text",
    [
        "a\n.\r\nMAIL FROM:<x@y>\r\n",
        "a\r.\rb",
        "\r\n.\r\n",
        ".",
        "..",
        ".\n" * 50,
        "\n" * 10,
        "x" * 5_000,
        ". " * 2_000,
        "é" * 3_000,
        "From me\nFrom you",
        "a \t\nb ",
        "\x00\x1b[2J",
    ],
    ids=range(13),
)
def test_bodies_that_tried_to_end_early(text: str) -> None:
    for attachments in ((), (Attachment("a.xml", "text/xml", encode_attachment(b"<a/>")),)):
        message = read(made(text=text, attachments=attachments))
        part = next(iter(message.iter_parts())) if attachments else message
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        expected = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
        assert content.decode().replace("\r\n", "\n") == expected


@given(
    name=st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=120
    ).filter(lambda name: allowed(name) and bool(name.strip().strip(" ."))),
    data=st.binary(max_size=300),
)
def test_any_file_name_and_content(name: str, data: bytes) -> None:
    """R31: the name in full, an ASCII one beside it, the bytes untouched, no paths."""
    wire = made(attachments=(Attachment(name, "application/xml", encode_attachment(data)),))
    (attachment,) = read(wire).iter_attachments()
    assert attachment.get_filename() == name.replace("/", "_").replace("\\", "_").strip()
    assert attachment.get_payload(decode=True) == data
    assert attachment.get_content_type() == "application/xml"
    head = wire.partition(b"Content-Disposition")[2].partition(b"\r\n\r\n")[0]
    assert re.search(rb'\r\n filename="[ -~]+"$', head)
    assert all(len(line) <= 76 for line in head.split(b"\r\n"))


@pytest.mark.parametrize(
    ("name", "fallback"),
    [
        ("NFe35.xml", 'filename="NFe35.xml"'),
        ("situação.pdf", 'filename="situacao.pdf"'),
        ("😀.pdf", 'filename="_.pdf"'),
        ('a"b%.pdf', 'filename="a_b_.pdf"'),
        (NASTY, "Bcc__z@z.com"),
        ("../../etc/passwd", 'filename=".._.._etc_passwd"'),
    ],
)
def test_file_names_for_old_programs(name: str, fallback: str) -> None:
    wire = made(attachments=(Attachment(name, "application/pdf", b"\r\n"),))
    assert fallback in wire.decode()
    assert wire.count(b"=?") == 0


def test_several_attachments_keep_their_order() -> None:
    files = [(f"{n}.xml", bytes([n]) * 1_000) for n in range(5)]
    attachments = tuple(Attachment(n, "application/xml", encode_attachment(d)) for n, d in files)
    message = read(made(attachments=attachments))
    assert [
        (part.get_filename(), part.get_payload(decode=True)) for part in message.iter_attachments()
    ] == files
    body = message.get_body()
    assert body is not None
    assert body.get_content() == "Olá.\r\n"


def test_all_recipients_are_visible_and_folded() -> None:
    """R27: one message, every address in To, lines within 76."""
    to = tuple(f"pessoa.{n}@empresa-{n}.example.com" for n in range(60))
    wire = made(to=to)
    message = read(wire)
    assert tuple(a.addr_spec for a in message["to"].addresses) == to
    assert all(len(line) <= 76 for line in wire.split(b"\r\n"))


def test_fixed_headers() -> None:
    message = read(made())
    assert message["date"].datetime == DATE
    assert message["message-id"] == "<1.2@example.com>"
    assert message["auto-submitted"] == "auto-generated"
    assert made(message_id="1.2@example.com") == made()
    assert made() == made()


@pytest.mark.parametrize("bad", ["\r\nBcc: z@z.com", "\n", "\r", "\0", "\x1b[2J", "\x85", "\u2028"])
@pytest.mark.parametrize("field", ["sender_name", "sender", "to", "subject", "message_id"])
def test_control_characters_are_refused_in_every_header(field: str, bad: str) -> None:
    """CR/LF, raw or encoded, in sender, subject, address: refused, naming the field."""
    value = {
        "sender_name": "Ana",
        "sender": "nfe@example.com",
        "to": "bia@example.com",
        "subject": "NF-e",
        "message_id": "<1@example.com>",
    }[field]
    hostile = (value + bad,) if field == "to" else value + bad
    with pytest.raises(Invalid) as caught:
        made(**{field: hostile})  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize(
    "address", [NASTY + "@example.com", "a b@c.d", "a@b,c@d", "<a@b>", "é@b.c"]
)
def test_addresses_that_would_be_read_otherwise(address: str) -> None:
    with pytest.raises(Invalid):
        made(sender=address)
    with pytest.raises(Invalid):
        made(to=("bia@example.com", address))


@pytest.mark.parametrize("kind", ["", "text", "text/xml; x=y", "text/xml\r\nX: y", "a/b/c", "é/x"])
def test_content_types(kind: str) -> None:
    with pytest.raises(Invalid):
        made(attachments=(Attachment("a.xml", kind, b""),))


def test_a_message_as_attachment_stays_bytes() -> None:
    """RFC 2046 forbids base64 for message/rfc822."""
    wire = made(attachments=(Attachment("a.eml", "message/rfc822", encode_attachment(b"x: y")),))
    (attachment,) = read(wire).iter_attachments()
    assert attachment.get_content_type() == "application/octet-stream"


@pytest.mark.parametrize("name", ["", " ", "..", "a\r\nb", "a\0b", "\ud800"])
def test_bad_file_names(name: str) -> None:
    with pytest.raises(Invalid):
        made(attachments=(Attachment(name, "text/xml", b""),))


@given(st.binary(max_size=1_000))
def test_attachments_are_lines_of_76(data: bytes) -> None:
    encoded = encode_attachment(data)
    assert all(len(line) == 76 for line in encoded.split(b"\r\n")[:-2])
    assert len(encoded) == 0 or encoded.endswith(b"\r\n")
