"""Guidance: found by address, by failure and by words; current, short, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services import language
from services.wire import guidance
from services.wire.guidance_terms import Guidance
from services.wire.presets import _rows as rows
from services.wire.replies import kinds


@pytest.fixture(autouse=True, params=["pt_BR", "en"])
def speaking(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every test in both languages."""
    yield language.choose(request.param)
    language.choose("pt_BR")


def keys(found: tuple[Guidance, ...]) -> list[str]:
    return [t.key for t in found]


def test_topics_are_whole() -> None:
    """R51: short numbered steps, known providers, kinds and stages, https addresses."""
    presets = {row["key"] for _domains, row in rows()}
    found = guidance.topics()
    assert len(set(keys(found))) == len(found)
    for topic in found:
        assert topic.provider in presets | {""}
        assert 1 <= len(topic.steps) <= 5
        assert len(topic.title) <= 32
        assert len(topic.line) <= 60
        for step in topic.steps:
            assert 10 < len(step.text) <= 160
            assert step.address == "" or step.address.startswith("https://")
            assert len(step.address.removeprefix("https://")) <= 33, "one line at 80 columns"
        for cure in topic.cures:
            assert cure.kinds <= kinds()
            assert cure.protocols
            assert set(cure.protocols) <= set(topic.protocols)
        assert [line.partition(". ")[0] for line in topic.numbered()] == [
            str(n) for n in range(1, len(topic.steps) + 1)
        ]
    assert guidance.topic(found[0].key) == found[0]
    assert guidance.topic("nada") is None


def test_guidance_in_current_wording(speaking: str) -> None:
    """R51: what has aged is told as gone, not given as advice."""
    if speaking == "en":
        pytest.skip("the words of the providers' Portuguese pages")
    gmail = guidance.topic("gmail.app_password")
    assert gmail is not None
    steps = " ".join(gmail.numbered())
    assert "16 caracteres" in steps
    assert "https://myaccount.google.com/apppasswords" in steps
    assert "menos seguros" not in steps
    assert any("não existe mais" in old.now for old in gmail.old_terms)
    pop = guidance.topic("gmail.pop")
    assert pop is not None
    assert "a partir de agora" in " ".join(pop.numbered())
    (outlook, *_more) = guidance.for_address("ana@hotmail.com")
    assert "Vincular conta Microsoft" in outlook.line
    assert "“Vincular conta Microsoft”" in outlook.steps[0].text


@pytest.mark.parametrize(
    ("email", "host", "first"),
    [
        ("ana@gmail.com", None, "gmail.app_password"),
        ("ana@padaria.example", "smtp.gmail.com", "gmail.app_password"),
        ("ana@gmail.com", "smtp.office365.com", "outlook.link"),
        ("ana@gmail.com", "127.0.0.1", "gmail.app_password"),
        ("ana@live.com", None, "outlook.link"),
        ("ana@msn.com", None, "outlook.link"),
        ("ana@yahoo.com.br", None, "yahoo.app_password"),
        ("ana@uol.com.br", None, "uol.user"),
    ],
)
def test_by_address(email: str, host: str | None, first: str) -> None:
    """R51: chosen by the address's provider; a known host tells that of a domain of one's own."""
    assert keys(guidance.for_address(email, host))[0] == first
    assert guidance.line_for(email, host)


def test_by_direction() -> None:
    """R51: POP is of no concern for sending, and iCloud has none for reading."""
    assert "gmail.pop" not in keys(guidance.for_address("a@gmail.com", None, "smtp"))
    assert "gmail.pop" in keys(guidance.for_address("a@gmail.com", None, "pop"))
    assert keys(guidance.for_address("a@icloud.com", None, "pop")) == ["icloud.no_pop"]
    assert keys(guidance.for_address("a@icloud.com", None, "smtp")) == ["icloud.app_password"]
    for email in ("", "ana", "ana@padaria.example"):
        assert guidance.for_address(email) == ()
        assert guidance.line_for(email) == ""


@pytest.mark.parametrize(
    ("kind", "stage", "protocol", "email", "wanted"),
    [
        ("app_password", "login", "smtp", "a@gmail.com", ["gmail.app_password"]),
        ("password", "login", "pop", "a@gmail.com", ["gmail.app_password"]),
        ("unlock", "login", "smtp", "a@gmail.com", ["gmail.app_password"]),
        ("enable_pop", "login", "pop", "a@gmail.com", ["gmail.pop"]),
        ("admin", "login", "smtp", "a@gmail.com", ["gmail.no_app_passwords"]),
        ("use_oauth", "login", "smtp", "a@hotmail.com", ["outlook.link"]),
        ("use_oauth", "login", "pop", "a@padaria.example", ["any.link"]),
        ("password", "login", "smtp", "a@outlook.com", ["outlook.link"]),
        ("admin", "login", "smtp", "a@outlook.com", ["outlook.admin"]),
        ("sender", "sender", "smtp", "a@outlook.com", ["outlook.send_as"]),
        ("app_password", "login", "smtp", "a@yahoo.com", ["yahoo.app_password"]),
        ("password", "login", "pop", "a@hostgator.com.br", ["hostgator.too_often"]),
        ("app_password", "login", "smtp", "a@padaria.example", ["any.app_password"]),
        ("enable_pop", "login", "pop", "a@padaria.example", ["any.pop"]),
        ("dns", "dns", "pop", "a@icloud.com", ["icloud.no_pop"]),
        # No guidance cures these.
        ("password", "login", "smtp", "a@padaria.example", []),
        ("timeout", "tcp", "smtp", "a@gmail.com", []),
        ("recipient", "recipient", "smtp", "a@gmail.com", []),
        ("quota", "sent", "smtp", "a@gmail.com", []),
    ],
)
def test_by_failure(kind: str, stage: str, protocol: str, email: str, wanted: list[str]) -> None:
    """R51: shown again when a login fails in the way that it cures, and only then."""
    assert keys(guidance.for_failure(kind, stage, protocol, email=email)) == wanted


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("Permitir aplicativos menos seguros", "gmail.app_password"),
        ("allow LESS secure apps", "gmail.app_password"),
        ("senha de aplicativo", "gmail.app_password"),
        ("senhas de app", "gmail.app_password"),
        ("verificacao em duas etapas", "gmail.app_password"),
        ("VERIFICAÇÃO EM DUAS ETAPAS", "gmail.app_password"),
        ("Ativar POP para todos os e-mails", "gmail.pop"),
        ("manter cópia do e-mail na caixa de entrada", "gmail.pop"),
        ("encaminhamento e pop/imap", "gmail.pop"),
        ("criar uma nova senha de aplicativo", "outlook.link"),
        ("gerar e gerenciar senhas de aplicativos", "yahoo.app_password"),
        ("two-step verification", "gmail.app_password"),
        ("hotmail", "outlook.link"),
        ("yahoo", "yahoo.app_password"),
    ],
)
def test_by_words(words: str, first: str) -> None:
    """R51: old names lead to the current way; accents and case do not matter."""
    assert keys(guidance.search(words))[0] == first


def test_what_no_topic_holds() -> None:
    """Nothing is found for nonsense; everything for no word."""
    assert guidance.search("xyzzy") == ()
    assert guidance.search("  ") == guidance.topics()
