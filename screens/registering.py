"""How a mailbox comes to a company or the partner: the ways, re-sync of a copy, undoing an import (R4, R6)."""

from __future__ import annotations

from screens.dates import day
from screens.desk import Desk
from screens.dialogs.choose_mailbox import ChooseMailbox
from screens.dialogs.confirm import Confirm
from screens.dialogs.import_mailbox import ImportMailbox, security_words
from screens.dialogs.linking import link
from screens.dialogs.mailbox_form import MailboxForm
from screens.dialogs.register_way import RegisterWay
from screens.dialogs.server_form import ServerForm
from screens.frame import FramedScreen
from screens.widgets.foreign import notify_safe
from services.errors import CarteiroError
from services.language import _, ngettext
from services.registry import copying, imports, undoing
from services.registry.companies import CompanyView
from services.registry.copying import Difference
from services.registry.mailboxes import MailboxView
from services.registry.origins import HEADQUARTERS, PARTNER
from services.registry.undoing import Fate, ImportView
from services.registry.ways import MICROSOFT, OTHER, partner_ways, ways
from services.store.models import Function, Kind


async def register(
    screen: FramedScreen, desk: Desk, company: CompanyView, function: Function
) -> None:
    """Ask which of the four ways, and go it; to be called from a worker of ``screen``."""
    try:
        open_here = await desk.ask(ways, company.id, function)
    except CarteiroError as e:
        screen.refuse(e.message)
        return
    what = _("Nova caixa de envio") if function is Function.SEND else _("Nova caixa de leitura")
    way = await screen.app.push_screen_wait(RegisterWay(f"{what} · {company.nickname}", open_here))
    if way == OTHER:
        await screen.app.push_screen_wait(MailboxForm(desk, company, function))
    elif way == MICROSOFT:
        await link(screen.app, desk, company, function)
    elif way in (HEADQUARTERS, PARTNER):
        await _import(screen, desk, company, way)


async def register_server(screen: FramedScreen, desk: Desk) -> int | None:
    """Ask which way a server of the partner's own comes, and go it; the new server's id."""
    try:
        open_here = await desk.ask(partner_ways)
    except CarteiroError as e:
        screen.refuse(e.message)
        return None
    title = _("Novo servidor de e-mail")
    way = await screen.app.push_screen_wait(RegisterWay(title, open_here))
    if way == MICROSOFT:
        return await link(screen.app, desk, None, Kind.BOTH)
    if way != OTHER:
        return None
    form = ServerForm(desk)
    await screen.app.push_screen_wait(form)
    return form.record.id if form.record is not None else None


async def _import(screen: FramedScreen, desk: Desk, company: CompanyView, kind: str) -> None:
    try:
        known = await desk.ask(imports.candidate_ids, company.id, kind)
        server_id = next(iter(known)) if len(known) == 1 else None
        if server_id is None:
            server_id = await screen.app.push_screen_wait(ChooseMailbox(desk, company, kind))
        if server_id is None:
            return
        preview = await desk.ask(imports.preview, company.id, kind, server_id)
    except CarteiroError as e:
        screen.refuse(e.message)
        return
    made = await screen.app.push_screen_wait(ImportMailbox(desk, company, kind, preview))
    if made is not None:
        notify_safe(
            screen.app,
            _("{email} importada. Até {until}, z desfaz a importação.").format(
                email=made.email, until=day(preview.undo_until)
            ),
        )


async def undo(
    screen: FramedScreen, desk: Desk, company: CompanyView, imported: ImportView
) -> None:
    """Ask, and bring back what the import removed."""
    happens = [
        _("{nickname} <{email}> volta").format(nickname=kept.nickname, email=kept.email)
        for kept in imported.back
    ]
    happens.append(_of_copy(imported))
    happens.append(_("o que foi cadastrado depois fica, no fim da ordem"))
    question = Confirm(_("Desfazer a importação?"), happens=happens, yes=_("Desfazer"))
    if not await screen.app.push_screen_wait(question):
        return
    try:
        done = await desk.do(undoing.undo, company.id, import_id=imported.id)
    except CarteiroError as e:
        screen.refuse(e.message)
        return
    n = len(done.back)
    words = ngettext("{n} caixa de volta", "{n} caixas de volta", n).format(n=n)
    if done.copy_kept:
        words += ". " + _("A cópia tinha sido alterada à mão e continua em Servidores de E-mail")
    notify_safe(screen.app, words)


def _of_copy(imported: ImportView) -> str:
    """What becomes of the copy, in one sentence."""
    words = {
        Fate.GOES: _("a cópia de {email} sai e é excluída"),
        Fate.CHANGED: _(
            "a cópia de {email} foi alterada à mão: sai daqui e continua em Servidores de E-mail"
        ),
        Fate.SHARED: _("a cópia de {email} sai daqui e continua com outras empresas"),
        Fate.UNLINKED: _("a cópia de {email} já não é desta empresa: continua como está"),
        Fate.GONE: _("a cópia já tinha sido excluída"),
    }
    return words[imported.copy].format(email=imported.email)


async def resync(screen: FramedScreen, desk: Desk, view: MailboxView) -> None:
    """Show what differs from the origin, ask, and take it over."""
    try:
        changes = await desk.ask(copying.differences, view.id)
        if not changes:
            notify_safe(screen.app, _("A cópia já está igual à origem"))
            return
        label = view.origin.label if view.origin is not None else ""
        question = Confirm(
            _("Sincronizar {email}?").format(email=view.email),
            _("Passa a ter o que {origin} tem agora; o nome do remetente não muda.").format(
                origin=label
            ),
            [_difference(change) for change in changes],
            yes=_("Sincronizar"),
        )
        if await screen.app.push_screen_wait(question):
            await desk.do(copying.resync, view.id)
    except CarteiroError as e:
        screen.refuse(e.message)


def _difference(change: Difference) -> str:
    names = {
        "email": _("E-mail"),
        "username": _("Usuário"),
        "smtp_host": _("Endereço SMTP"),
        "smtp_port": _("Porta"),
        "smtp_security": _("Conexão SSL"),
        "authenticate": _("Autenticação"),
        "verify_certificate": _("Validar certificado"),
        "timeout": _("Tempo limite (s)"),
        "password": _("Senha"),
        "mechanism": _("Entrada por"),
        "tenant": _("Tipo de conta"),
        "account": _("Conta Microsoft"),
        "account_id": _("Identificação da conta"),
    }
    name = names.get(change.field, change.field)
    if change.field == "password":
        return _("{name}: outra").format(name=name)
    return f"{name}: {_value(change.here)} → {_value(change.there)}"


def _value(value: str | int | bool | None) -> str:
    if isinstance(value, bool):
        return _("Sim") if value else _("Não")
    text = "" if value is None else str(value)
    return security_words(text) or "—"
