"""One new password for every registration of an account: tried at each place, changed in all."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.numbers import grouped
from screens.widgets.steps import StepLine, StepList
from services.errors import CarteiroError
from services.health import rotate_test, testable
from services.health.accounts import Account
from services.health.rotate_test import LoginTest
from services.language import _, later, ngettext
from services.registry import rotation
from services.registry.rotation import Sibling

log = logging.getLogger(__name__)


async def offer_rotation(app: App[Any], desk: Desk, server_id: int, password: str) -> None:
    """Offer the new ``password`` of a server to the other registrations of the same account.

    Nothing is asked where there are none, or none that this person may change (R53). Call it
    from a worker of a screen.
    """
    try:
        found = await desk.ask(rotation.siblings, server_id)
    except CarteiroError:
        return
    if found:
        await app.push_screen_wait(Rotate(desk, found, password))


class _Siblings:
    """The other registrations, as a list reads them."""

    def __init__(self, found: Sequence[Sibling]) -> None:
        self._found = {one.server_id: one for one in found}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return list(self._found)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = (self._found[i] for i in ids)
        return {
            one.server_id: (one.nickname, one.email, one.host, grouped(one.companies_count))
            for one in found
        }


class Rotate(Commanded, ModalScreen[bool]):
    """True when all of them have the new password; False when it was only this one that got it."""

    DEFAULT_CSS = """
    Rotate WindowList { height: auto; min-height: 3; max-height: 10; margin: 1 0; }
    Rotate StepList { height: auto; }
    Rotate #verdict { height: auto; }
    Rotate #verdict.-refusal { color: $text-error; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "rotate.all",
            "f2",
            later("Testar e trocar em todos"),
            "all",
            order=1,
            when=lambda dialog: not dialog.busy,
        ),
        Command("rotate.one", "escape", later("Só neste"), "leave", order=2),
    )

    def __init__(self, desk: Desk, found: Sequence[Sibling], password: str) -> None:
        super().__init__()
        self.desk = desk
        self.busy = False
        self._found = tuple(found)
        self._password = password
        self._list = WindowList(
            _Siblings(found),
            (
                Column("nickname", _("Apelido"), 12),
                Column("email", _("E-mail"), 20, wide=True),
                Column("host", _("Servidor"), 20),
                Column("companies", _("Empresas"), 9, align="right"),
            ),
        )

    def compose(self) -> ComposeResult:
        count = len(self._found)
        with Vertical(classes="dialog"):
            yield Foreign(_("A mesma conta em outros cadastros"), classes="dialog-title")
            yield Foreign(
                ngettext(
                    "{user} está em mais {n} cadastro, ainda com a senha anterior. Trocar nele "
                    "também? A senha nova é testada antes; se falhar, ele fica como está.",
                    "{user} está em mais {n} cadastros, ainda com a senha anterior. Trocar em "
                    "todos? A senha nova é testada em cada servidor antes; se uma falhar, todos "
                    "ficam como estão.",
                    count,
                ).format(user=self._found[0].username, n=grouped(count)),
                classes="hint",
            )
            yield self._list
            yield StepList()
            yield Foreign(id="verdict", block=True)
        yield KeyLine()

    def _tell(self, words: str, *, refusal: bool = False) -> None:
        verdict = self.query_one("#verdict", Foreign)
        verdict.show(words)
        verdict.set_class(refusal, "-refusal")

    def action_all(self) -> None:
        """Try the password at every place; when all let it in, change it in all."""
        self._set_busy(True)
        run_newest(self, "rotate", self._all)

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.refresh_bindings()

    async def _all(self) -> None:
        try:
            changed = await self._try_and_change()
        except CarteiroError as e:
            self._tell(e.message, refusal=True)
        except Exception:
            log.exception("rotating a password failed")
            self._tell(_("Ocorreu uma falha interna; os detalhes estão no log"), refusal=True)
        else:
            if changed:
                words = ngettext(
                    "Senha trocada em mais {n} cadastro",
                    "Senha trocada em mais {n} cadastros",
                    changed,
                )
                notify_safe(self.app, words.format(n=grouped(changed)))
                self.dismiss(True)
        finally:
            self._set_busy(False)

    async def _try_and_change(self) -> int:
        ids = [one.server_id for one in self._found]
        accounts = await self.desk.ask(testable.of_registrations, ids, self.desk.settings)
        steps = self.query_one(StepList)
        steps.start(_steps(accounts))
        self._tell(_("Testando a senha nova… Esc cancela."))

        def told(test: LoginTest) -> None:
            steps.set_step(
                _key(test.protocol, test.host, test.port, test.username),
                "ok" if test.ok else "failed",
                explanation=test.explanation,
            )
            waiting = next((line.key for line in steps.steps if line.state == "pending"), None)
            if test.ok and waiting is not None:
                steps.set_step(waiting, "running")

        tests = await rotate_test.test_all(
            accounts, self._password, hostname=self.desk.settings.hostname, on_test=told
        )
        if all(test.ok for test in tests):
            return await self.desk.do(rotation.rotate, ids, self._password)
        self._tell(_("O teste não passou: os outros cadastros ficam como estão."), refusal=True)
        return 0

    def action_leave(self) -> None:
        """Only this one; a test under way is cancelled."""
        self.workers.cancel_group(self, "rotate")
        self.dismiss(False)


def _key(protocol: str, host: str, port: int, username: str) -> str:
    return f"{protocol}:{host.lower()}:{port}:{username}"


def _steps(accounts: Sequence[Account]) -> list[StepLine]:
    """One for every place where the password is tried, the first one running."""
    names: dict[str, str] = {}
    for account in accounts:
        for protocol, place in (("smtp", account.smtp), ("pop", account.pop)):
            if place is not None and account.login is not None:
                key = _key(protocol, place.host, place.port, account.login.username)
                names[key] = f"{protocol.upper()} {place.host}:{place.port}"
    return [
        StepLine(key, name, "running" if n == 0 else "pending")
        for n, (key, name) in enumerate(names.items())
    ]
