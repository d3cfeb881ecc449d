"""Server replies become kinds and plain words."""

from __future__ import annotations

import csv
import time
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.wire import replies
from services.wire.replies import Protocol

ROWS = list(
    csv.DictReader(
        resources.files("services.wire")
        .joinpath("server_replies.csv")
        .read_text("utf-8")
        .splitlines()
    )
)
WIRE_KINDS = {"network", "timeout", "certificate", "tls", "dns", "closed", "protocol", "size"}


def protocol_of(reply: str) -> Protocol:
    return "pop3" if reply.startswith("-ERR") else "smtp"


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_every_sample_meets_its_own_rule(row: dict[str, str]) -> None:
    rule = replies.rule_of(row["sample"], protocol=protocol_of(row["sample"]))
    assert rule == (row["id"], row["class"], row["permanent"] == "True")


@pytest.mark.parametrize("kind", sorted({row["class"] for row in ROWS} | WIRE_KINDS))
def test_every_kind_is_explained(kind: str) -> None:
    """R19: in plain words, each kind with words of its own."""
    assert kind in replies.kinds()
    assert len(replies.explain(kind)) > 30
    assert kind == "other" or replies.explain(kind) != replies.explain("other")


def test_an_unknown_kind_still_says_something() -> None:
    assert replies.explain("brand new") == replies.explain("other")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("535-5.7.8 Username and Password not\r\n535 5.7.8 accepted", ("password", True)),
        (
            "535-5.7.139 Authentication unsuccessful, basic\n535 5.7.139 authentication is disabled",
            ("use_oauth", True),
        ),
        ("421-4.7.0 Try again\n421 4.7.0 later", ("later", False)),
        ("550-5.1.1 no such\n550 5.1.1 user", ("recipient", True)),
        ("hello?", ("protocol", False)),
        ("", ("protocol", False)),
    ],
)
def test_smtp_replies_of_several_lines(reply: str, expected: tuple[str, bool]) -> None:
    assert replies.classify(reply, protocol="smtp") == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("-ERR Temporary authentication failure", ("later", False)),
        ("-ERR [SYS/TEMP] Temporary authentication failure", ("later", False)),
        ("-ERR [AUTH] Authentication failed.", ("password", True)),
        ("-ERR Authentication failed.", ("password", True)),
        ("-ERR Login incorrect", ("password", True)),
        ("-ERR Usuario ou senha invalidos", ("password", True)),
        ("-ERR [AUTH] Application-specific password required: https://x", ("app_password", True)),
        ("-ERR no such message", ("other", False)),
    ],
)
def test_pop_refusals_without_a_rule_of_their_own(reply: str, expected: tuple[str, bool]) -> None:
    assert replies.classify(reply, protocol="pop3") == expected


def test_what_concerns_others_never_blames_the_mailbox() -> None:
    """R34, R48: recipient, size, greylisting, network and hour leave the mailbox in peace."""
    for kind in (*WIRE_KINDS, "recipient", "recipient_busy", "later", "slow", "busy", "other"):
        assert not replies.blames_mailbox(kind)
    for kind in ("password", "use_oauth", "app_password", "quota", "sender", "admin", "auth"):
        assert replies.blames_mailbox(kind)


def test_pauses() -> None:
    """R34: quota, too fast and not now ask for a pause; a wrong password does not."""
    assert {k for k in replies.kinds() if replies.pauses_mailbox(k)} == {"quota", "slow", "later"}


def test_fields_to_mend() -> None:
    """R19: the field that mends it."""
    assert replies.field_of("password") == "password"
    assert replies.field_of("starttls") == "security"
    assert replies.field_of("certificate") == "verify_certificate"
    assert replies.field_of("dns") == "host"
    assert replies.field_of("recipient") is None


@given(st.text(max_size=6_000), st.sampled_from(["smtp", "pop3"]))
def test_any_text_has_a_kind(text: str, protocol: Protocol) -> None:
    assert replies.classify(text, protocol=protocol)[0] in replies.kinds()


@pytest.mark.parametrize(
    "unit",
    ["5.7.139 ", "5.7.139basic auth", "4.3.2 ", "5.7.1 ", "5.4.5 ", "450 ", "530 ", "4.2.1 ", "a"],
)
def test_hostile_replies_cost_little(unit: str) -> None:
    reply = (unit * 1_000_000)[:1_000_000]
    replies.classify("220 warm", protocol="smtp")
    begun = time.process_time()
    replies.classify(reply, protocol="smtp")
    assert time.process_time() - begun < 0.1
