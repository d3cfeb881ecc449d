"""Words that were kept in one language are told in the reader's; what others said is left alone."""

from __future__ import annotations

from string import Formatter

import pytest

from services import language
from services.language import speaking
from services.retelling import retold
from services.wire import replies

# Why an e-mail waits is what stands between each mailbox and sending, of each recipient.
WAITS = (
    "cliente@loja.example: nfe@padaria.example está em pausa: {quota} 452 4.5.3 Too many; slow"
    " down (até 28/11 10:00 UTC); aviso@padaria.example foi inativada (AADSTS50173): {expired};"
    " b@loja.example: InvoiCy Mail (relay@contabil.example) limite do provedor: 30 por minuto;"
    " continua às 28/11 10:01 UTC"
)
WAITS_IN_ENGLISH = (
    "cliente@loja.example: nfe@padaria.example is paused: {quota} 452 4.5.3 Too many; slow"
    " down (until 28/11 10:00 UTC); aviso@padaria.example was inactivated (AADSTS50173): {expired};"
    " b@loja.example: InvoiCy Mail (relay@contabil.example) limit of the provider: 30 a minute;"
    " goes on at 28/11 10:01 UTC"
)


def test_why_an_email_waits() -> None:
    """R33, R34: what is made of many messages, with values in their middle, there and back."""
    expired = "Acesso expirado no provedor. Refaça o cadastro da caixa de e-mail."
    portuguese = WAITS.format(quota=replies.explain("quota"), expired=expired)
    with speaking("en"):
        told = retold(portuguese)
        expired = language.said(expired)
        assert told == WAITS_IN_ENGLISH.format(quota=replies.explain("quota"), expired=expired)
        assert retold(told) == told
    assert retold(told) == portuguese
    assert retold(portuguese) == portuguese


def test_given_up() -> None:
    """R33: whole, before what a server said, after a colon, there and back."""
    portuguese = "Desistimos depois de 5 dias de tentativas: " + replies.explain("password")
    with speaking("en"):
        english = retold(portuguese + " 535 Erro. Senha")
        assert english.endswith(": " + replies.explain("password") + " 535 Erro. Senha")
        assert "Desistimos" not in english
    assert retold(english) == portuguese + " 535 Erro. Senha"


@pytest.mark.parametrize(
    "foreign",
    [
        *("", "550 Nada aqui", "Nota: a: b. c", ": ", ". ", "; ", "a@b.example: ", "{why} (até"),
        "cliente@loja.example: 550 5.1.1 <cliente@loja.example>: Recipient address rejected",
        "a: " * 900,
        "x (até y " * 300,
        "a@b.example: ; " * 200,
    ],
    ids=lambda foreign: foreign[:12],
)
def test_foreign_text_is_left_alone(foreign: str) -> None:
    """However it is made, and however long."""
    with speaking("en"):
        assert retold(foreign) == foreign


def test_values_are_not_taken_for_words() -> None:
    """A mailbox or a person may be called like a message of ours."""
    with speaking("en"):
        assert retold("foi pausada por Empresas vinculadas") == "was paused by Empresas vinculadas"


def test_every_message_that_is_known() -> None:
    """Those with values, each in the middle of whatever others say: told in either language."""
    astray = []
    several = 0
    for message, english in language.messages().items():
        names = [name for _text, name, _form, _conversion in _fields(message) if name]
        if not names or any(not name.isidentifier() for name in names):
            continue
        values = {name: f"({n})" for n, name in enumerate(names)}
        try:
            portuguese, english = message.format(**values), english.format(**values)
        except (ValueError, TypeError):
            # A number or a date: nothing of the kind is kept.
            continue
        with speaking("en"):
            told = retold(portuguese)
        several += told == english
        if told not in (portuguese, english) or retold(english) not in (portuguese, english):
            astray.append((portuguese, told, retold(english)))
    assert astray == []
    assert several > 380


def _fields(message: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(message))
    except ValueError:
        return []
