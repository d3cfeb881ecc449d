"""What a command works with: its options, the services, the person."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from services import language
from services.errors import Invalid, Refused
from services.language import _
from services.settings import Settings
from tui_app.cli.output import Output

if TYPE_CHECKING:
    from services.office import Office
    from services.registry.access import Actor
    from services.registry.companies import CompanyView

P = ParamSpec("P")
T = TypeVar("T")
_AT_ONCE = 500
"""Rows in one question: a database takes so many values, and no more."""


class Context:
    """Opens the database only when a command first needs it."""

    def __init__(self, args: Namespace, settings: Settings, out: Output) -> None:
        self.args = args
        self.settings = settings
        self.out = out
        self._office: Office | None = None

    @property
    def office(self) -> Office:
        """The services, opened at first use."""
        if self._office is None:
            from services.office import open_office

            self._office = open_office(self.settings)
        return self._office

    @cached_property
    def actor(self) -> Actor:
        """The person in whose name the command works (R54)."""
        from services.registry import access

        if not self.office.ask_now(access.has_partner):
            raise Refused(
                _(
                    "O Carteiro ainda não foi iniciado: use carteiro init (veja carteiro init --help)"
                )
            )
        actor = self.office.ask_now(
            access.identify,
            nickname=self.args.as_user,
            owns_state=access.owns_state(self.settings),
        )
        language.prefer(actor.language)
        return actor

    def ask(
        self, service: Callable[Concatenate[Any, Actor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The answer of a reading service, in this person's name."""
        return self.office.ask_now(service, self.actor, *args, **kwargs)

    def rows(
        self,
        service: Callable[[Any, Actor, Sequence[int]], Mapping[int, T]],
        wanted: Sequence[int],
    ) -> list[T]:
        """What ``service`` tells of each of ``wanted``, in their order; those that are gone left out."""
        found: list[T] = []
        for start in range(0, len(wanted), _AT_ONCE):
            some = list(wanted[start : start + _AT_ONCE])
            by_id = self.ask(service, some)
            found += [by_id[each] for each in some if each in by_id]
        return found

    def do(
        self, service: Callable[Concatenate[Any, Actor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The committed result of a changing service, in this person's name."""
        return self.office.do_now(service, self.actor, *args, **kwargs)

    def company(self, cnpj: str) -> CompanyView:
        """The company of that CNPJ, with or without mask."""
        from services.registry import companies

        return self.ask(companies.by_cnpj, cnpj)

    def company_id(self, cnpj: str | None) -> int | None:
        """Its id; None where no company was told."""
        return None if cnpj is None else self.company(cnpj).id

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of asynchronous work; the services are closed at its end."""

        async def whole() -> T:
            try:
                return await work
            finally:
                if self._office is not None:
                    await self._office.close()
                    self._office = None

        return asyncio.run(whole())

    def close(self) -> None:
        """Close the database."""
        if self._office is not None:
            self._office.close_now()
            self._office = None


def password_line() -> str:
    """One line of stdin, without its end; raises :class:`Invalid` for none, and for what is no text."""
    try:
        line = sys.stdin.readline()
        line.encode()
    except UnicodeError:
        # Of itself the error tells a byte of it.
        words = _("Senha: o que veio pela entrada padrão não é texto em UTF-8")
        raise Invalid(words, field="password") from None
    password = line.removesuffix("\n").removesuffix("\r")
    if not password:
        raise Invalid(_("Senha: nenhuma foi recebida pela entrada padrão"), field="password")
    return password


def whole_number(text: str | None, field: str, label: str) -> int | None:
    """The integer that was typed; raises :class:`Invalid` naming the field."""
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid(_("{label}: não é um número inteiro").format(label=label), field=field)
    return int(text)
