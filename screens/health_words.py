"""A mailbox that is not well, or an incident, told in full (R50)."""

from __future__ import annotations

from collections.abc import Iterator

from screens.dates import since
from screens.health_source import name_of, why
from screens.widgets.numbers import grouped
from screens.widgets.status import word
from services.health.incidents import Incident
from services.health.troubles import INACTIVATED, Trouble
from services.language import _, ngettext
from services.store.models import Function
from services.wire import aadsts

_NAMED = 4
"""Companies that are told by name."""


def trouble_words(trouble: Trouble) -> str:
    """A mailbox: what, since when, whom it hits, why, what to do; what may be long comes last."""
    return "\n".join(_of_trouble(trouble))


def incident_words(incident: Incident) -> str:
    """The same of an incident."""
    return "\n".join(_of_incident(incident))


def _of_trouble(trouble: Trouble) -> Iterator[str]:
    directions = {Function.SEND: _("envio"), Function.READ: _("leitura")}
    parts = [name_of(trouble), " + ".join(directions[f] for f in trouble.functions)]
    if trouble.until is not None:
        parts.append(_("em pausa até {until}").format(until=since(trouble.until)))
    else:
        parts.append(_state(trouble.state, since(trouble.since)))
    yield " · ".join(parts)
    names = [hit.nickname for hit in trouble.hits[:_NAMED]]
    more = trouble.companies_count - len(names)
    if more:
        words = ngettext("mais {n} empresa", "mais {n} empresas", more)
        names.append(words.format(n=grouped(more)))
    yield " · ".join(
        (
            _("Empresas: {names}").format(names=", ".join(names))
            if names
            else _("nenhuma empresa a usa"),
            _waiting(trouble.waiting),
        )
    )
    if reason := why(trouble):
        yield reason
    yield from _remedy(trouble.state, trouble.code)


def _of_incident(incident: Incident) -> Iterator[str]:
    count = len(incident.server_ids)
    same = (
        _("o mesmo código")
        if incident.code is not None
        else _("o mesmo servidor, {host}").format(host=incident.host)
    )
    words = ngettext(
        "{n} caixa, {same}, de {first} a {last}", "{n} caixas, {same}, de {first} a {last}", count
    )
    yield words.format(
        n=grouped(count), same=same, first=since(incident.first), last=since(incident.last)
    )
    companies = ngettext("{n} empresa", "{n} empresas", incident.companies_count).format(
        n=grouped(incident.companies_count)
    )
    yield " · ".join(
        (
            companies if incident.companies_count else _("nenhuma empresa as usa"),
            _waiting(incident.waiting),
        )
    )
    if reason := why(incident):
        yield reason
    yield from _remedy(incident.state, incident.code)


def _state(state: str, begun: str) -> str:
    if not begun:
        return word(state).lower()
    return _("{state} desde {since}").format(state=word(state).lower(), since=begun)


def _remedy(state: str, code: int | None) -> Iterator[str]:
    if state == INACTIVATED and code is not None and aadsts.inactivates(code):
        yield _("O que fazer: {remedy}").format(remedy=aadsts.remedy(code))


def _waiting(n: int) -> str:
    if not n:
        return _("nenhum e-mail espera por isso")
    return ngettext(
        "{n} e-mail espera sem outra saída", "{n} e-mails esperam sem outra saída", n
    ).format(n=grouped(n))
