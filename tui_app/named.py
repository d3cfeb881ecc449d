"""The palette's second half: every company, mailbox and document by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import Hit, Hits, Provider
from textual.content import Content

from screens.background import run_beside
from screens.frame import FramedScreen
from screens.widgets.list import WindowList
from services.errors import CarteiroError
from services.language import _
from services.safe_text import safe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from tui_app.app import CarteiroApp

    Found = tuple[str, str, Callable[[], Coroutine[None, None, None]]]

_LEAST = 2
"""So many letters are a name to look for."""
_MOST = 6
"""So many of each are offered; one more letter finds the rest."""
_BELOW_COMMANDS = 0.01
_WIDEST = 100


class Named(Provider):
    """What this person may see (R53), by words of its name; Enter goes there."""

    async def search(self, query: str) -> Hits:
        words = query.strip()
        screen = self.screen
        if len(words) < _LEAST or not isinstance(screen, FramedScreen):
            return
        if not screen.desk.ready.is_set():
            return
        matcher = self.matcher(words)
        try:
            async for name, what, go in self._found(screen, words):
                shown = safe(name, _WIDEST)
                yield Hit(
                    max(matcher.match(shown), _BELOW_COMMANDS),
                    Content.assemble(shown, "\n", (safe(what, _WIDEST), "dim")),
                    partial(run_beside, self.app, "work", go),
                    text=shown,
                )
        except CarteiroError:
            # The commands are there all the same, and the lists say what is wrong.
            return

    async def _found(self, screen: FramedScreen, words: str) -> AsyncIterator[Found]:
        from services.fiscal.cnpj import masked
        from services.fiscal.labels import kind_words
        from services.reading import documents
        from services.reading.finding import Filters
        from services.registry import companies, mailbox_views, server_views

        ask = screen.desk.ask
        near = (await ask(companies.ids, filter=words))[:_MOST]
        for company in (await ask(companies.rows, near)).values():
            what = _("Empresa {cnpj}: suas caixas").format(cnpj=masked(company.cnpj))
            yield company.nickname, what, partial(self._company, company.id)
        if screen.desk.actor.is_partner:
            near = (await ask(server_views.ids, filter=words))[:_MOST]
            for server in (await ask(server_views.rows, near)).values():
                what = _("Servidor de e-mail {nickname}").format(nickname=server.nickname)
                yield server.email, what, partial(self._go, "servers", server.id)
        else:
            near = (await ask(mailbox_views.ids, filter=words))[:_MOST]
            for mailbox in (await ask(mailbox_views.rows, near)).values():
                what = _("Caixa de e-mail {nickname}").format(nickname=mailbox.nickname)
                yield mailbox.email, what, partial(self._company, mailbox.company_id, mailbox.id)
        near = await ask(documents.ids, filters=Filters(text=words), most=_MOST)
        for document in (await ask(documents.rows, near)).values():
            kind = kind_words(document.kind, document.event_id)
            number = "" if document.number is None else f" {document.number}"
            what = _("Documento de {company}").format(company=document.company_nickname)
            name = f"{kind}{number} · {document.issuer_name}"
            yield name, what, partial(self._go, "documents", document.id)

    async def _company(self, company_id: int, mailbox_id: int | None = None) -> None:
        from services.registry import companies

        app = cast("CarteiroApp", self.app)
        await app.show_company(await app.desk.ask(companies.view, company_id))
        if mailbox_id is not None:
            for listed in app.screen.query(WindowList):
                if await listed.go_to(mailbox_id):
                    listed.focus()

    async def _go(self, place: str, chosen: int) -> None:
        app = cast("CarteiroApp", self.app)
        await app.show_anew(place)
        await app.screen.query_one(WindowList).go_to(chosen)
