"""The caps on taking a message apart, and why something of it could not be read (R41)."""

from __future__ import annotations

from dataclasses import dataclass

from services.language import _


@dataclass(frozen=True, slots=True)
class Caps:
    """How much one message may ask for; sizes in bytes."""

    message_bytes: int = 50 * 1024 * 1024
    header_bytes: int = 128 * 1024
    parts: int = 1_000
    depth: int = 20
    archive_depth: int = 3
    entries: int = 2_000
    expanded_bytes: int = 64 * 1024 * 1024
    ratio: int = 200
    problems: int = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read: ``reason`` is a code, ``detail`` and ``part_name`` foreign text."""

    reason: str
    detail: str = ""
    part_name: str = ""


class TooMuch(Exception):
    """A cap was reached: nothing more of this message is read."""

    def __init__(self, reason: str, detail: str = "", part: str = "") -> None:
        super().__init__(reason)
        self.problem = Problem(reason, detail, part)


def words(reason: str) -> str:
    """The reason of a :class:`Problem` in plain words."""
    return all_words().get(reason, reason)


def all_words() -> dict[str, str]:
    """Every reason with its words."""
    return {
        "malformed": _("O XML está incompleto ou corrompido"),
        "doctype": _("O XML traz uma definição DOCTYPE, que não é aceita"),
        "encoding": _("A codificação do arquivo não é reconhecida"),
        "too_large": _("É grande demais"),
        "too_deep": _("Tem níveis demais, um dentro do outro"),
        "too_many_parts": _("A mensagem tem partes demais"),
        "header_too_large": _("O cabeçalho da mensagem é grande demais"),
        "unsupported": _("É um documento fiscal de um tipo ainda não suportado"),
        "incomplete": _("O documento fiscal está sem a chave de acesso ou sem os dados básicos"),
        "summary": _("É só o resumo de um documento: peça o XML completo a quem o emitiu"),
        "archive_closed": _("Arquivos rar e 7z não são abertos: peça em zip ou o XML solto"),
        "tnef_broken": _("O winmail.dat do Outlook está corrompido"),
        "outlook_item": _("É uma mensagem salva do Outlook (.msg): peça o XML solto"),
        "sealed": _("A parte está cifrada ou assinada (S/MIME) e não é aberta"),
        "zip_broken": _("O arquivo compactado está corrompido"),
        "zip_encrypted": _("O arquivo compactado tem senha"),
        "zip_unsupported": _("O arquivo compactado usa um método não suportado"),
        "zip_bomb": _("O arquivo compactado cresce demais ao ser aberto"),
        "zip_entries": _("O arquivo compactado tem arquivos demais"),
        "json_broken": _("O arquivo JSON está incompleto ou corrompido"),
        "gzip_broken": _("O arquivo compactado está corrompido"),
        "unreadable": _("A mensagem está malformada e não pôde ser lida"),
        "poison": _("A leitura desta mensagem não terminou: ela foi isolada"),
    }
