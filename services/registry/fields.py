"""Checking what a person typed: every error with its field, all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from services.errors import Invalid, InvalidFields
from services.language import _
from services.safe_text import has_control

T = TypeVar("T")


class Form:
    """Collects what is wrong with the values of one form; :meth:`done` raises it all."""

    def __init__(self) -> None:
        self._errors: list[Invalid] = []

    def refuse(self, field: str, message: str) -> None:
        """Note an error; only the first of a field is kept."""
        if all(error.field != field for error in self._errors):
            self._errors.append(Invalid(message, field=field))

    def ok(self, field: str) -> bool:
        """True while nothing is wrong with ``field``."""
        return all(error.field != field for error in self._errors)

    def done(self) -> None:
        """Raise :class:`InvalidFields` with all errors, when there are any."""
        if self._errors:
            raise InvalidFields(self._errors)

    def text(
        self, field: str, label: str, value: str | None, most: int, *, required: bool = True
    ) -> str:
        """``value`` without blanks round it; refused: control characters, too long, empty."""
        value = value or ""
        if not _is_plain(value):
            self.refuse(
                field,
                _("{label}: contém quebra de linha ou caractere de controle").format(label=label),
            )
            return ""
        value = value.strip()
        if required and not value:
            self.refuse(field, _("{label}: preenchimento obrigatório").format(label=label))
        if len(value) > most:
            self.refuse(
                field,
                _("{label}: no máximo {most} caracteres, há {n}").format(
                    label=label, most=most, n=len(value)
                ),
            )
        return value

    def secret(self, field: str, label: str, value: str | None, *, required: bool) -> str | None:
        """A password, kept as typed; control characters would be commands to a mail server."""
        if not value:
            if required:
                self.refuse(field, _("{label}: preenchimento obrigatório").format(label=label))
            return None
        if not _is_plain(value):
            self.refuse(
                field,
                _("{label}: contém quebra de linha ou caractere de controle").format(label=label),
            )
        if len(value) > 1_000:
            self.refuse(
                field,
                _("{label}: no máximo {most} caracteres, há {n}").format(
                    label=label, most=1_000, n=len(value)
                ),
            )
        return value

    def flag(self, field: str, label: str, value: object) -> bool:
        """A yes or no."""
        if not isinstance(value, bool):
            self.refuse(field, _("{label}: esperado sim ou não").format(label=label))
        return value is True

    def one_of(self, field: str, label: str, value: object, allowed: tuple[str, ...]) -> str:
        """One of a closed set of words."""
        if value not in allowed:
            self.refuse(
                field,
                _("{label}: escolha entre {allowed}").format(
                    label=label, allowed=", ".join(allowed)
                ),
            )
            return allowed[0]
        return str(value)

    def whole(self, field: str, label: str, value: object, least: int, most: int) -> int:
        """A whole number within bounds."""
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(
                field,
                _("{label}: número inteiro de {least} a {most}").format(
                    label=label, least=least, most=most
                ),
            )
            return least
        return value

    def whole_or_none(
        self, field: str, label: str, value: object, least: int, most: int
    ) -> int | None:
        """:meth:`whole`, or nothing."""
        return None if value is None else self.whole(field, label, value, least, most)

    def checked(
        self, field: str, label: str, value: str | None, check: Callable[[str], T]
    ) -> T | None:
        """``check(value)``, its refusal noted under ``field``; for what has a grammar of its own."""
        before = self.ok(field)
        typed = self.text(field, label, value, 2_000)
        if not before or not self.ok(field):
            return None
        try:
            return check(typed)
        except (Invalid, ValueError) as e:
            self.refuse(field, _("{label}: {why}").format(label=label, why=e))
            return None


def _is_plain(value: str) -> bool:
    if has_control(value):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
