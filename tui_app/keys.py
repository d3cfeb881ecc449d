"""Keys in words, and the person's own keys from ``carteiro.toml``."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from textual.binding import Binding

from screens.commands import reliable
from services.errors import Invalid
from services.language import _

_SIGNS = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "backspace": "Backspace",
    "delete": "Del",
    "insert": "Ins",
    "home": "Home",
    "end": "End",
    "slash": "/",
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
    "minus": "-",
}


def key_words(binding: Binding) -> str:
    """How a bound key reads on the screen: "Ctrl+S", "PgDn", "Espaço"."""
    if binding.key_display:
        return binding.key_display
    *modifiers, key = binding.key.split("+")
    if key == "space":
        name = _("Espaço")
    elif key in _SIGNS:
        name = _SIGNS[key]
    elif key[:1] == "f" and key[1:].isdigit():
        name = key.upper()
    else:
        name = key.upper() if modifiers and len(key) == 1 else key
    return "+".join([*(m.capitalize() for m in modifiers), name])


def keymap(told: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """The person's keys by command id, for ``App.set_keymap``.

    Raises :class:`Invalid` for an id that is not ``known`` and for keys that no terminal is sure
    to deliver.
    """
    for command_id, keys in told.items():
        if command_id not in known:
            raise Invalid(_("keys: não há comando “{name}”").format(name=command_id), field="keys")
        if not isinstance(keys, str) or not keys.strip(", "):
            raise Invalid(
                _('keys: {name}: esperada uma tecla, como "f5"').format(name=command_id),
                field="keys",
            )
        if not reliable(keys):
            raise Invalid(
                _("keys: {name}: {keys} não chega por todos os terminais").format(
                    name=command_id, keys=keys
                ),
                field="keys",
            )
    return {command_id: keys.replace(" ", "") for command_id, keys in told.items()}
