"""The form of a copied mailbox: all fields filled, the sender name and the switch to change (R6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from screens.widgets.fields import FieldSpec, Value
from services.language import _
from services.registry.origins import HEADQUARTERS, Origin

CHANGEABLE = ("sender_name", "active")


def of_copy(
    specs: Sequence[FieldSpec], values: Mapping[str, Value]
) -> tuple[list[FieldSpec], dict[str, Value]]:
    """The same fields and values, those that are the origin's only to be read, in words."""
    made: list[FieldSpec] = []
    shown: dict[str, Value] = {}
    for spec in specs:
        value = values[spec.name]
        if spec.kind == "password":
            continue
        if spec.name not in CHANGEABLE:
            value = _words(spec, value)
            spec = replace(spec, kind="readonly", required=False, validate=None)
        made.append(spec)
        shown[spec.name] = value
    return made, shown


def words(origin: Origin) -> str:
    """What it is a copy of, and how to change the rest."""
    told = (
        _("Cópia da matriz, de {label}.")
        if origin.kind == HEADQUARTERS
        else _("Cópia do parceiro, de {label}.")
    ).format(label=origin.label)
    if origin.server_id is None:
        what = _("A origem já não existe; o parceiro altera a cópia em Servidores de E-mail.")
    elif origin.drifted:
        what = _("≠ origem: a origem mudou desde então; na lista, y mostra o quê e sincroniza.")
    else:
        what = _("O que não se altera aqui segue a origem.")
    return f"{told} {what}"


def _words(spec: FieldSpec, value: Value) -> str:
    if spec.kind == "switch":
        return _("Sim") if value else _("Não")
    return next((told for known, told in spec.choices if known == value), str(value or ""))
