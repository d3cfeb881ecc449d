"""What is done to one mailbox or to all marked ones: the question, and the work (R9, R12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screens.bulk import Left, Work
from screens.desk import Desk
from services.errors import CarteiroError
from services.language import _, ngettext
from services.registry import mailboxes
from services.registry.mailboxes import MailboxView


@dataclass(frozen=True, slots=True)
class Deed:
    """``active`` None deletes ``views``, otherwise it is what they become."""

    views: Sequence[MailboxView]
    active: bool | None
    question: str
    title: str
    done: str
    text: str = ""
    happens: Sequence[str] = ()
    danger: bool = False


def switching(targets: Sequence[MailboxView]) -> Deed:
    """Switch off those that are on; where none is, switch all on."""
    on = [view for view in targets if view.active]
    views = on or list(targets)
    n = len(views)
    if on:
        return Deed(
            views,
            active=False,
            question=ngettext("Inativar {n} caixa?", "Inativar {n} caixas?", n).format(n=n),
            title=_("Inativar caixas"),
            done=ngettext("{n} caixa inativada", "{n} caixas inativadas", n).format(n=n),
            text=_("Deixam de ser usadas já, também pelos e-mails na fila."),
            happens=_names(views),
            danger=True,
        )
    return Deed(
        views,
        active=True,
        question=ngettext("Ativar {n} caixa?", "Ativar {n} caixas?", n).format(n=n),
        title=_("Ativar caixas"),
        done=ngettext("{n} caixa ativada", "{n} caixas ativadas", n).format(n=n),
        happens=_names(views),
    )


def deleting(targets: Sequence[MailboxView]) -> Deed:
    """Take them from the company; the question says which servers go too (R12)."""
    n = len(targets)
    if n == 1:
        return Deed(
            targets,
            active=None,
            question=_("Excluir a caixa {name}?").format(name=targets[0].nickname),
            title=_("Excluir caixas"),
            done="",
            text=_what_goes(targets[0]),
            danger=True,
        )
    return Deed(
        targets,
        active=None,
        question=ngettext("Excluir {n} caixa?", "Excluir {n} caixas?", n).format(n=n),
        title=_("Excluir caixas"),
        done=ngettext("{n} caixa excluída", "{n} caixas excluídas", n).format(n=n),
        happens=[_what_goes(view) for view in targets],
        danger=True,
    )


def do_each(desk: Desk, deed: Deed) -> Work[MailboxView]:
    """The work of ``deed``, each mailbox in a unit of work of its own; one refused stops no other."""

    async def work(views: Sequence[MailboxView]) -> Sequence[Left]:
        left = []
        for view in views:
            try:
                if deed.active is None:
                    await desk.do(mailboxes.remove, view.id)
                elif deed.active != view.active:
                    await desk.do(
                        mailboxes.edit, view.id, {"active": deed.active}, version=view.version
                    )
            except CarteiroError as e:
                left.append(Left(view.email, e.message))
        return left

    return work


def _names(views: Sequence[MailboxView]) -> list[str]:
    return [f"{view.nickname} <{view.email}>" for view in views]


def _what_goes(view: MailboxView) -> str:
    others = len(view.companies) - 1
    if others > 0:
        return ngettext(
            "{email} deixa de ser caixa desta empresa; {n} outra empresa continua com ela.",
            "{email} deixa de ser caixa desta empresa; {n} outras empresas continuam com ela.",
            others,
        ).format(email=view.email, n=others)
    return _(
        "{email} não está vinculada a nenhuma outra empresa: o servidor e a senha também são excluídos."
    ).format(email=view.email)
