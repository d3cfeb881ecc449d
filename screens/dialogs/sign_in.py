"""The sign-in at Microsoft: by a code typed elsewhere, or by an address that is pasted (R44)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.dialogs.help import HelpDialog
from screens.dialogs.other_account import OtherAccount
from screens.dialogs.sign_in_sheets import AddressLines, AddressSheet, CodeSheet, is_plain
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.keyline import KeyLine
from screens.widgets.qr import QrCode
from services.errors import CarteiroError, Invalid
from services.failure import Failure, WireError
from services.health import signing_in
from services.language import _, later
from services.registry.microsoft import Link

if TYPE_CHECKING:
    from services.wire.entra import DeviceCode, PastedAddress, SignedIn

log = logging.getLogger(__name__)
_LEAST = 33
"""Columns that words and code need beside the QR code."""
_AROUND = 4
"""Lines of the screen besides what is shown: border, title, keys."""

Save = Callable[[Link, "SignedIn"], Awaitable[int]]


class SignIn(Commanded, ModalScreen[int | None]):
    """Gives what ``save`` gives for whoever signed in: the e-mail server's id; None when left.

    Nothing is kept before that. A refusal, also one of ``save``'s, is shown here, with a key to
    try again and one for the other way; ``refusal`` is the last one of ``save``. For a registered
    mailbox a key changes who signs in (R49).
    """

    DEFAULT_CSS = """
    SignIn VerticalScroll { height: auto; max-height: 1fr; scrollbar-size-vertical: 1; }
    SignIn Horizontal { height: auto; }
    SignIn #words { width: 1fr; height: auto; }
    SignIn CodeSheet, SignIn AddressSheet, SignIn AddressLines, SignIn #who { display: none; }
    SignIn.-code CodeSheet, SignIn.-address AddressSheet { display: block; }
    SignIn.-address AddressLines, SignIn.-code #who, SignIn.-address #who { display: block; }
    SignIn #state { padding: 1 0 0 0; }
    SignIn #state.-trouble { color: $text-warning; }
    SignIn #state.-refusal { color: $text-error; }
    SignIn.-address #state { padding: 0; }
    SignIn #reply { display: none; color: $text-muted; }
    SignIn #reply.-shown { display: block; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "VerticalScroll"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "sign_in.copy_code",
            "c",
            later("Copiar código"),
            "copy_code",
            later("Copia o código para a área de transferência do seu terminal"),
            order=1,
            when=lambda d: d.way == "code" and d.phase == "waiting",
        ),
        Command(
            "sign_in.new_code",
            "n",
            later("Novo código"),
            "new_code",
            later("Pede outro código, quando o primeiro venceu ou foi recusado"),
            order=1,
            when=lambda d: d.way == "code" and d.phase == "over",
        ),
        Command(
            "sign_in.by_address",
            "e",
            later("Por endereço"),
            "by_address",
            later("O segundo caminho, para onde a organização bloqueia códigos"),
            order=2,
            when=lambda d: d.way == "code" and d.phase != "saving",
        ),
        Command(
            "sign_in.finish",
            "f2",
            later("Concluir"),
            "finish",
            later("Conclui a entrada com o endereço colado"),
            order=1,
            when=lambda d: d.way == "address" and d.phase == "waiting",
        ),
        Command(
            "sign_in.copy_address",
            "f8",
            later("Copiar endereço"),
            "copy_address",
            later("Copia o endereço inteiro para a área de transferência do seu terminal"),
            order=2,
            when=lambda d: d.way == "address" and d.phase == "waiting",
        ),
        Command(
            "sign_in.new_address",
            "f5",
            later("Novo endereço"),
            "new_address",
            later("Pede outro endereço, quando o primeiro foi recusado"),
            order=1,
            when=lambda d: d.way == "address" and d.phase == "over",
        ),
        Command(
            "sign_in.by_code",
            "f6",
            later("Por código"),
            "by_code",
            later("Volta ao caminho por código"),
            order=3,
            when=lambda d: d.way == "address" and d.phase != "saving",
        ),
        Command(
            "sign_in.other_account",
            "f3",
            later("Outra conta"),
            "other_account",
            later("Muda quem entra por esta caixa, ou o tipo da conta; os vínculos ficam"),
            order=4,
            when=lambda d: d.link.server_id is not None and d.phase != "saving",
        ),
        Command(
            "sign_in.leave",
            "escape",
            later("Cancelar"),
            "leave",
            later("Sai sem salvar nada"),
            order=9,
            when=lambda d: d.phase != "saving",
        ),
        Command(
            "sign_in.help", "question_mark,f1", later("Ajuda"), "help", order=20, palette=False
        ),
    )

    def __init__(self, desk: Desk, link: Link, save: Save) -> None:
        super().__init__()
        self.desk = desk
        self.link = link
        self._save = save
        self.refusal: CarteiroError | None = None
        self.way: Literal["code", "address"] = "code"
        self.phase: Literal["asking", "waiting", "over", "saving"] = "asking"
        self._code: DeviceCode | None = None
        self._address: PastedAddress | None = None

    def title_words(self) -> str:
        """The dialog's title."""
        return _("Vincular conta Microsoft · {email}").format(email=self.link.email)

    def help_words(self) -> str:
        """What the two ways are."""
        return _(
            "Por código: abra o endereço em qualquer navegador ou aponte a câmera do celular, "
            "digite o código e entre com a conta da caixa; aqui a tela percebe sozinha. Se lá a "
            "Microsoft disser que o acesso está bloqueado (53003), use o segundo caminho, por "
            "endereço: abra o endereço mostrado, entre, e o navegador termina em um endereço que "
            "começa por http://localhost e que não abre. Isso é o esperado: copie esse endereço "
            "inteiro da barra do navegador e cole aqui. Esc cancela e nada fica salvo."
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Foreign(self.title_words(), classes="dialog-title")
            with VerticalScroll(), Horizontal():
                yield QrCode()
                with Vertical(id="words"):
                    yield CodeSheet()
                    yield AddressSheet()
                    yield Foreign(self._who(), id="who")
                    yield Foreign(id="state")
                    yield Foreign(id="reply")
                    yield AddressLines()
        yield KeyLine()

    def on_mount(self) -> None:
        """Ask for a code; count its time down."""
        self.set_interval(1, self._count_down)
        self.action_new_code()

    def on_resize(self) -> None:
        """Letters, QR code and address as the room has it."""
        self.call_after_refresh(self._draw)

    # The two ways.

    def action_new_code(self) -> None:
        """Ask for a code, and wait until it was used."""
        self._begin("code", _("Pedindo um código à Microsoft…"))
        self._run(self._ask_code)

    def action_by_address(self) -> None:
        """Ask for an address to sign in at."""
        self._begin("address", _("Preparando o endereço…"))
        self._run(self._ask_address)

    def action_new_address(self) -> None:
        """Ask for another address."""
        self.action_by_address()

    def action_by_code(self) -> None:
        """Back to the first way."""
        self.action_new_code()

    def action_other_account(self) -> None:
        """Ask who signs in instead, and begin anew."""
        self.workers.cancel_group(self, "sign_in")
        run_newest(self, "other", self._other_account)

    async def _other_account(self) -> None:
        found = await self.app.push_screen_wait(OtherAccount(self.desk, self.link))
        if found is not None:
            self.link = found
            self.query_one("#who", Foreign).show(self._who())
        if self.way == "code":
            self.action_new_code()
        else:
            self.action_by_address()

    def _who(self) -> str:
        return _("Entre como {who}").format(who=self.link.signs_in)

    async def _ask_code(self) -> None:
        settings = self.desk.settings
        self._code = await signing_in.ask_code(settings, self.link)
        self._go("waiting")
        self._wait_for_code(None)
        signed = await signing_in.wait(settings, self._code, self._wait_for_code)
        await self._keep(signed)

    async def _ask_address(self) -> None:
        self._address = await signing_in.ask_address(self.desk.settings, self.link)
        self._go("waiting")
        self._tell(_("Esperando o endereço colado."))
        self.query_one(AddressSheet).pasted.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field: the same as F2."""
        event.stop()
        self.action_finish()

    def action_finish(self) -> None:
        """Go on with the address that was pasted."""
        if self.phase == "waiting" and self._address is not None:
            pasted = self.query_one(AddressSheet).pasted.value
            self._tell(_("Conferindo com a Microsoft…"))
            self._run(lambda: self._finish(pasted))

    async def _finish(self, pasted: str) -> None:
        assert self._address is not None
        try:
            signed = await signing_in.finish(self.desk.settings, self._address, pasted)
        except Invalid as e:
            self._tell(e.message, "refusal")
            self.query_one(AddressSheet).pasted.action_select_all()
            return
        except WireError as e:
            if e.failure.permanent:
                raise
            self._refused(e.failure, over=False)
            return
        await self._keep(signed)

    async def _keep(self, signed: SignedIn) -> None:
        self._go("saving")
        self._tell(_("Salvando a conta {who}…").format(who=signed.person.name))
        try:
            saved = await self._save(self.link, signed)
        except CarteiroError as e:
            self.refusal = e
            raise
        self.dismiss(saved)

    def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` in the place of what was going on."""
        run_newest(self, "sign_in", self._guarded, work)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work``; whatever stops it is said, and may be tried again."""
        try:
            await work()
        except WireError as e:
            self._refused(e.failure)
        except CarteiroError as e:
            self._go("over")
            again = self.link.server_id is not None and e is self.refusal
            other = _("F3 muda a conta que entra.") if again else ""
            self._tell(". ".join(filter(None, (e.message, other))), "refusal")
        except Exception:
            log.exception("signing in failed")
            self._go("over")
            self._tell(_("Ocorreu uma falha interna; os detalhes estão no log"), "refusal")

    def _refused(self, failure: Failure, *, over: bool = True) -> None:
        """Say why, in our words and in Microsoft's, and what can be done here."""
        if over:
            self._go("over")
        words = [failure.explanation or failure.kind]
        if over and self.way == "code" and failure.kind not in ("declined", "expired"):
            words.append(_("Tecle e para entrar por endereço, sem código."))
        self._tell(" ".join(words), "refusal", failure.reply)

    # What is shown.

    def _begin(self, way: Literal["code", "address"], words: str) -> None:
        self.way = way
        self._code = self._address = self.refusal = None
        self._go("asking")
        self._tell(words)

    def _go(self, phase: Literal["asking", "waiting", "over", "saving"]) -> None:
        self.phase = phase
        pasted = self.query_one(AddressSheet).pasted
        if phase == "asking":
            pasted.value = ""
        if phase != "waiting" and pasted.has_focus:
            self.query_one(VerticalScroll).focus()
        for way in ("code", "address"):
            self.set_class(phase == "waiting" and self.way == way, f"-{way}")
        self._draw()
        self._count_down()
        self.refresh_bindings()

    def _wait_for_code(self, trouble: Failure | None) -> None:
        """Waiting, with the network or without."""
        if trouble is None:
            self._tell(_("Esperando a entrada. Acesso bloqueado lá (53003)? Tecle e."))
        else:
            words = _("A Microsoft não responde: a espera continua sozinha.")
            self._tell(words, "trouble", trouble.explanation or trouble.reply)

    def _tell(self, words: str, tone: str = "", reply: str = "") -> None:
        state = self.query_one("#state", Foreign)
        state.show(words)
        for each in ("trouble", "refusal"):
            state.set_class(tone == each, f"-{each}")
        told = self.query_one("#reply", Foreign)
        told.show(reply)
        told.set_class(bool(reply), "-shown")

    def _draw(self) -> None:
        """The code and its address, or the address alone, in the room there is."""
        room = self.query_one(VerticalScroll).content_size.width
        waiting, code = self.phase == "waiting", self._code
        camera = code.verification_uri if waiting and code is not None else ""
        room -= self.query_one(QrCode).fit(
            camera if is_plain(camera) else "", room - _LEAST, self.size.height - _AROUND
        )
        if code is not None:
            self.query_one(CodeSheet).show(code, room)
        if self._address is not None:
            self.query_one(AddressLines).show(self._address, room)

    def _count_down(self) -> None:
        if self._code is not None and self.phase == "waiting":
            self.query_one(CodeSheet).count_down(self._code)

    # Keys.

    def action_copy_code(self) -> None:
        """Copy the code by OSC 52, when it is no more than a code."""
        if self._code is not None:
            self._copy(self._code.user_code, _("Código copiado: {text}"))

    def action_copy_address(self) -> None:
        """Copy the address, whole and in one line."""
        if self._address is not None:
            self._copy(self._address.url, _("Endereço copiado: cole-o no navegador"))

    def _copy(self, text: str, words: str) -> None:
        if is_plain(text):
            self.app.copy_to_clipboard(text)
            notify_safe(self.app, words.format(text=text))

    def action_help(self) -> None:
        """All keys, and what the two ways are."""
        self.app.push_screen(HelpDialog(self.title_words(), self.help_words()))

    def action_leave(self) -> None:
        """Give up; there is nothing to lose."""
        self.workers.cancel_group(self, "sign_in")
        self.dismiss(None)
