"""The words of notifications: a template for each type and occasion, and filling one in (R29)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from sqlalchemy.orm import Session

from services import language
from services.language import Both, _, both, ngettext

if TYPE_CHECKING:
    from services.store.engine import Store

# Names alone: neither attributes nor items nor formats, whatever a person writes.
_PLACE = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]{0,39})\}|[{}]")


@dataclass(frozen=True, slots=True)
class Template:
    """Subject and text with places for values, as ``{email}``."""

    subject: str
    text: str


def templates(n: int = 1) -> dict[str, Template]:
    """The templates of the program by type, or ``type/occasion`` beside its usual one.

    In the language in force; ``n`` is how many documents or items there are.
    """
    return dict(_templates_in(language.chosen(), min(n, 2)))


@lru_cache(maxsize=3 * len(language.LANGUAGES))
def _templates_in(_spoken: str, n: int) -> Mapping[str, Template]:
    """No language has another plural for more than two."""
    sign_in = Template(
        _("A Microsoft recusa a entrada da caixa {email}"),
        _(
            "A Microsoft recusou a entrada da caixa {email}, e ela fica parada por uma hora antes da "
            "próxima tentativa.\n\n{reason}\n\nDepois de resolver, use Testar E-mail: a caixa volta a "
            "ser usada em seguida."
        ),
    )
    refused = _(
        "O servidor recusou o acesso {times} vezes seguidas, e paramos de tentar para não bloquear "
        "a conta.\n\n{reason}\n\nCorrija os dados da caixa {email} e use Testar E-mail: ela volta "
        "a ser usada em seguida."
    )
    return {
        "mailbox_inactivated": Template(
            _("Caixa {email} inativada: AADSTS{code}"),
            _("{reason}\n{consequence}\n\nO que fazer: {remedy}\n\nResposta da Microsoft: {reply}"),
        ),
        "mailbox_recovered": Template(
            _("Caixa {email} recuperada"),
            _("A caixa {email} passou no teste e voltou a ser usada.\n{consequence}"),
        ),
        "sending_failed": Template(
            _("E-mail não entregue: {subject}"),
            _(
                "O e-mail “{subject}” não foi entregue a:\n\n{recipients}\n\nDepois de corrigir a "
                "causa, reenvie-o pela Fila de envio (nº {id})."
            ),
        ),
        "sending_failed/quota": Template(
            _("A caixa {email} atingiu o limite de envio do provedor"), "{reason}"
        ),
        "sending_failed/refused": Template(_("O envio pela caixa {email} parou"), refused),
        "sending_failed/relay": Template(
            _("O envio pelo InvoiCy Mail parou: o relay {email} recusa o acesso"),
            ngettext(
                "O relay recusou o acesso {times} vezes seguidas, e paramos de tentar para não "
                "bloquear a conta. Os e-mails de {n} empresa esperam na fila.\n\n{reason}\n\n"
                "Corrija os dados em InvoiCy Mail do parceiro: os e-mails saem em seguida.",
                "O relay recusou o acesso {times} vezes seguidas, e paramos de tentar para não "
                "bloquear a conta. Os e-mails de {n} empresas esperam na fila.\n\n{reason}\n\n"
                "Corrija os dados em InvoiCy Mail do parceiro: os e-mails saem em seguida.",
                n,
            ),
        ),
        "sending_failed/sign_in": sign_in,
        "reading_failed": Template(_("A leitura da caixa {email} parou"), refused),
        "reading_failed/sign_in": sign_in,
        "reading_failed/vanished": Template(
            ngettext(
                "{n} mensagem sumiu da caixa {email}",
                "{n} mensagens sumiram da caixa {email}",
                n,
            ),
            _(
                "O Carteiro as deixou no servidor, e outro programa ou alguém as tirou de lá. "
                "O que já foi importado está guardado; mas quem tira mensagens da caixa pode levar "
                "também as novas antes de serem lidas. Veja quem mais lê esta caixa."
            ),
        ),
        "document_imported": Template(
            ngettext(
                "{n} documento importado de {email}", "{n} documentos importados de {email}", n
            ),
            _("Veja na tela Documentos o que chegou."),
        ),
        "document_rejected": Template(
            ngettext(
                "{n} item de {email} foi para a quarentena",
                "{n} itens de {email} foram para a quarentena",
                n,
            ),
            _("Veja o motivo e decida na tela Quarentena."),
        ),
        "no_documents_30_days": Template(
            _("Nenhum documento importado desde {date}"),
            _(
                "Desde {date} nada foi importado de {emails}. Se fornecedores mandam documentos "
                "para lá, confira com Testar E-mail se a caixa é lida, se o endereço é o que eles "
                "usam e se a Quarentena tem algo desta empresa. Se ela não recebe documentos, "
                "desligue o aviso de silêncio nos dados da empresa."
            ),
        ),
        "unusual_silence": Template(
            _("Silêncio fora do comum: nenhum documento desde {date}"),
            _(
                "Esta empresa costuma receber documentos a cada {usual}, e desde {date} nada foi "
                "importado de {emails}. Confira com Testar E-mail se a caixa é lida e se a "
                "Quarentena tem algo desta empresa. Se a pausa é esperada, nada há a fazer; o "
                "aviso pode ser desligado nos dados da empresa."
            ),
        ),
        "certificate_expiring": Template(
            _("Certificado digital de {company} perto de vencer"),
            _(
                "O certificado digital de {company} (CNPJ {cnpj}) está perto de vencer. Renove-o "
                "antes que a emissão de documentos pare."
            ),
        ),
        "document_authorized": Template(
            _("Documento autorizado de {company}"),
            _("Um documento fiscal de {company} (CNPJ {cnpj}) foi autorizado."),
        ),
        "document_cancelled": Template(
            _("Documento cancelado de {company}"),
            _("Um documento fiscal de {company} (CNPJ {cnpj}) foi cancelado."),
        ),
        "report_ready": Template(
            _("Relatório pronto de {company}"),
            _("Um relatório de {company} (CNPJ {cnpj}) está pronto."),
        ),
        "general": Template(
            _("Aviso sobre {company}"), _("{partner} avisa {company} (CNPJ {cnpj}).")
        ),
    }


def words(occasion: str, values: Mapping[str, object], *, n: int = 1) -> tuple[Both, Both]:
    """Subject and text of an occasion, for readers of either language.

    ``n`` chooses singular or plural and is the value ``{n}``; values may be :class:`Both`.
    """
    return subject(occasion, values, n=n), text(occasion, values, n=n)


def subject(occasion: str, values: Mapping[str, object], *, n: int = 1) -> Both:
    """The first of :func:`words` alone."""
    told = {"n": n, **values}
    return both(lambda: fill(_template(occasion, n).subject, told))


def text(occasion: str, values: Mapping[str, object], *, n: int = 1) -> Both:
    """The second alone."""
    told = {"n": n, **values}
    return both(lambda: fill(_template(occasion, n).text, told))


def _template(occasion: str, n: int) -> Template:
    return _templates_in(language.chosen(), min(n, 2))[occasion]


def spoken(session: Session) -> str:
    """The language of what the installation sends, whatever the person at the console speaks."""
    return cast("Store", session.info["store"]).settings.language or language.installed()


def fill(template: str, values: Mapping[str, object]) -> str:
    """``template`` with values in their places, which are not looked at again.

    A line all of whose values are empty is left out, with the empty line before it. Raises
    ``KeyError`` for a name that has no value.
    """
    told: list[str] = []
    for line in template.split("\n"):
        names = places(line)
        if names and not any(str(values[name]) for name in names):
            if told and not told[-1]:
                told.pop()
            continue
        told.append(_PLACE.sub(lambda m: _at(m, values), line))
    return "\n".join(told)


@lru_cache(maxsize=256)
def places(template: str) -> tuple[str, ...]:
    """The names that ``template`` has places for, each once."""
    found = (match[1] for match in _PLACE.finditer(template))
    return tuple(dict.fromkeys(name for name in found if name))


def stray(template: str) -> Collection[str]:
    """Braces of ``template`` that are neither a place nor doubled."""
    return {match[0] for match in _PLACE.finditer(template) if match[0] in ("{", "}")}


def _at(match: re.Match[str], values: Mapping[str, object]) -> str:
    return str(values[match[1]]) if match[1] else match[0][0]
