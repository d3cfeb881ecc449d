"""A command is declared once; key, footer, help and palette all come from the declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from services.language import said

if TYPE_CHECKING:
    _Base = DOMNode
else:
    # A mixin must not be a DOMNode itself: Textual follows the first such base for its CSS.
    _Base = object

_NODE: Any = DOMNode
"""What a mixin is not, whatever the type checker is told of its base."""

UNRELIABLE = frozenset({f"ctrl+{letter}" for letter in "absqhijm"})
"""Keys that multiplexers, flow control and terminals take for themselves: aliases at most."""


def reliable(keys: str) -> bool:
    """True when at least one of the comma-separated ``keys`` arrives in any terminal."""
    return any(key.strip() not in UNRELIABLE for key in keys.split(","))


@dataclass(frozen=True, slots=True)
class Command:
    """Something that a person can do by key.

    ``id`` is "place.verb" and is what ``carteiro.toml`` rebinds; ``key`` may list several keys
    by comma; ``message`` and ``hint`` are marked by ``later``; ``action`` is Textual's; ``order``
    places it in the footer (0: not there); ``when`` gets the screen or widget and says whether it
    is possible now: the impossible is neither bound nor shown anywhere. ``turned`` gets the same
    and gives, in place of ``message``, what the key would do now, marked as well.
    """

    id: str
    key: str
    message: str
    action: str
    hint: str = ""
    order: int = 0
    when: Callable[[Any], bool] | None = None
    palette: bool = True
    priority: bool = False
    turned: Callable[[Any], str] | None = None

    def __post_init__(self) -> None:
        if not reliable(self.key):
            raise ValueError(f"{self.id}: {self.key} does not arrive in every terminal")

    @property
    def words(self) -> str:
        """What it does, in the language in force."""
        return said(self.message)

    @property
    def help(self) -> str:
        """More about it, in the language in force."""
        return said(self.hint)

    @property
    def binding(self) -> Binding:
        """The same for Textual."""
        return Binding(
            self.key,
            self.action,
            self.message,
            show=self.order > 0,
            priority=self.priority,
            tooltip=self.hint,
            id=self.id,
        )


declared: dict[str, Command] = {}
"""Every command of the classes imported so far, by id."""


def declare(*commands: Command) -> list[BindingType]:
    """Register ``commands`` and give their bindings, those of the footer first and in order.

    Raises ValueError when an id is taken by another command.
    """
    for command in commands:
        other = declared.setdefault(command.id, command)
        if (other.key, other.action) != (command.key, command.action):
            raise ValueError(f"{command.id} is declared twice")
    return [c.binding for c in sorted(commands, key=lambda c: (c.order == 0, c.order))]


class Commanded(_Base):
    """Mixin for screens and widgets: list ``VERBS`` instead of ``BINDINGS``.

    Stands before Textual's class: ``class MailboxesScreen(Commanded, FramedScreen)``. A subclass
    adds its own commands to the inherited ones.
    """

    VERBS: ClassVar[tuple[Command, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        own: tuple[Command, ...] = cls.__dict__.get("VERBS", ())
        if issubclass(cls, _NODE):
            own += tuple(command for mixin in _mixins(cls) for command in mixin.VERBS)
        bindings = list(cls.__dict__.get("BINDINGS", ()))
        cls.BINDINGS = [*declare(*own), *bindings]
        super().__init_subclass__(**kwargs)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide what is not possible now."""
        for cls in type(self).__mro__:
            for command in cls.__dict__.get("VERBS", ()):
                if command.when is not None and command.action.partition("(")[0] == action:
                    return bool(command.when(self))
        return super().check_action(action, parameters)


def _mixins(cls: type[Commanded]) -> Iterator[type[Commanded]]:
    """The mixins that ``cls`` brings in: Textual looks at no bindings but those of its own classes."""
    for base in cls.__bases__:
        if issubclass(base, Commanded) and not issubclass(base, _NODE):
            yield from (m for m in base.__mro__ if issubclass(m, Commanded) and "VERBS" in vars(m))


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that is possible now: its keys in words, and where its action runs."""

    command: Command
    keys: tuple[str, ...]
    node: DOMNode

    @property
    def words(self) -> str:
        """What the key does now, to what is chosen."""
        turned = self.command.turned
        return self.command.words if turned is None else said(turned(self.node))


def possible(screen: Screen[Any]) -> Iterator[Entry]:
    """What can be done now in ``screen``, the focused widget's commands first."""
    found: dict[str, tuple[Command, list[str], DOMNode]] = {}
    for node, binding, enabled, _tip in screen.active_bindings.values():
        command = declared.get(binding.id or "")
        if not enabled or command is None:
            continue
        _command, keys, _node = found.setdefault(command.id, (command, [], node))
        words = screen.app.get_key_display(binding)
        if words not in keys:
            keys.append(words)
    for command, keys, node in found.values():
        yield Entry(command, tuple(keys), node)


def palette(screen: Screen[Any]) -> Iterator[SystemCommand]:
    """The palette's entries for what can be done now in ``screen``."""
    for entry in possible(screen):
        command = entry.command
        if command.palette:
            yield SystemCommand(
                entry.words,
                command.help or " ".join(entry.keys),
                partial(screen.app.run_action, command.action, entry.node),
            )
