"""What a service may refuse, as typed facts; screens and the command line only show them."""

from __future__ import annotations

from typing import ClassVar


class CarteiroError(Exception):
    """A refusal that a person can act on.

    ``message`` is in the language of the program and says what happened and how to mend it;
    ``field`` names the field to mend where there is one. ``exit_status`` is the command line's
    exit code for it.
    """

    code: ClassVar[str] = "failed"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(CarteiroError):
    """A value that cannot be accepted; ``field`` says which."""

    code = "invalid"


class InvalidFields(Invalid):
    """Several values at once; every error keeps its own field."""

    def __init__(self, errors: list[Invalid]) -> None:
        super().__init__("; ".join(e.message for e in errors), field=errors[0].field)
        self.errors = errors


class Refused(CarteiroError):
    """The request is well formed but a rule forbids it now."""

    code = "refused"


class NotAllowed(CarteiroError):
    """This user may not do it (R53, R54); the message says whom to ask."""

    code = "not_allowed"
    exit_status = 3


class NotFound(CarteiroError):
    """No such thing, or none that this user may see."""

    code = "not_found"
    exit_status = 4


class Conflict(CarteiroError):
    """Somebody else changed or created it meanwhile; nothing was overwritten."""

    code = "conflict"
    exit_status = 5


class Unavailable(CarteiroError):
    """Something that the program needs (database, key, disk) is not there now."""

    code = "unavailable"
