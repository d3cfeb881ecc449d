"""Who there is in the demonstration: plainly invented companies, suppliers and addresses."""

from __future__ import annotations

from dataclasses import dataclass

from services.fiscal import cnpj as cnpjs
from services.language import _
from tui_app.demo.nfe import Party

PARTNER_KEY = "DEMO-123"
PASSWORD = "demo"  # noqa: S105 - of servers that live no longer than this process
HOW_MANY = 40
_OF = {2: 1, 3: 1, 4: 1, 11: 10, 12: 10, 21: 20, 22: 20, 23: 20, 24: 20}
"""Branches, by number, and whose they are."""
_LETTERS = {7: "99DEMO07", 33: "99DEMO33"}
"""Companies whose CNPJ has letters, as new ones may."""


@dataclass(frozen=True, slots=True)
class Firm:
    """A company of the partner's; ``headquarters`` is a CNPJ."""

    number: int
    cnpj: str
    nickname: str
    headquarters: str | None

    @property
    def legal_name(self) -> str:
        """As in a document."""
        return f"{self.nickname} Ltda"

    @property
    def domain(self) -> str:
        """Where its addresses are."""
        return f"empresa{self.number:02}.example"

    @property
    def party(self) -> Party:
        """As the recipient of a document."""
        return Party(self.cnpj, self.legal_name, f"compras@{self.domain}")

    @property
    def document_import(self) -> bool:
        """The extension: most have it."""
        return self.number not in (11, 12, 22, 29, 30, 35, 36, 38)

    @property
    def invoicy_mail(self) -> bool:
        """The other extension: the last ones have it."""
        return self.number > 36

    @property
    def may_register(self) -> bool:
        """May the company's own users register mailboxes?"""
        return self.number not in (4, 17, 18)


def firms() -> list[Firm]:
    """All of them, headquarters before their branches."""
    return [_firm(number) for number in range(1, HOW_MANY + 1)]


def _firm(number: int) -> Firm:
    of = _OF.get(number)
    if of is None:
        return Firm(number, _cnpj(_root(number), 1), _example(_name(number)), None)
    order = number - of + 1
    name = f"{_name(of)}/{order}"
    return Firm(number, _cnpj(_root(of), order), _example(name), _cnpj(_root(of), 1))


def _name(number: int) -> str:
    kinds = (
        _("Padaria {n}"),
        _("Mercado {n}"),
        _("Oficina {n}"),
        _("Farmácia {n}"),
        _("Papelaria {n}"),
        _("Restaurante {n}"),
        _("Livraria {n}"),
        _("Transportadora {n}"),
    )
    return kinds[(number - 1) % len(kinds)].format(n=f"{number:02}")


def _example(name: str) -> str:
    """Last, so that lists which cut names still tell one from another."""
    return _("{name} Exemplo").format(name=name)


def suppliers() -> list[Party]:
    """Who issues the documents that arrive."""
    return [
        Party(_cnpj(f"98{n:06}", 1), _("Fornecedor {n} Exemplo").format(n=f"{n:02}"))
        for n in range(1, 6)
    ]


def stranger() -> Party:
    """A company that is not the partner's."""
    return Party(_cnpj("97000001", 1), _("Empresa Desconhecida Exemplo"))


def of_partner(name: str) -> str:
    """An address of the partner's."""
    return f"{name}@parceiro.example"


def _root(number: int) -> str:
    return _LETTERS.get(number, f"99{number:06}")


def _cnpj(root: str, order: int) -> str:
    base = f"{root}{order:04}"
    return base + cnpjs.check_digits(base)
