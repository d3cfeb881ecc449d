"""What a look at the installation finds, one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass

from services.language import _


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; ``cure`` says what to do where it is not well or could be better."""

    check: str
    ok: bool
    detail: str
    cure: str = ""

    @property
    def name(self) -> str:
        """What was looked at, for people."""
        return {
            "carteiro": "Carteiro",
            "python": "Python",
            "textual": "Textual",
            "sqlite": "SQLite",
            "openssl": "OpenSSL",
            "bytecode": _("programa"),
            "database": _("banco de dados"),
            "log": _("log do SQLite (WAL)"),
            "messages": _("mensagens originais"),
            "key": _("chave-mestra"),
            "jobs": _("serviços"),
            "sending": _("envio"),
            "reading": _("leitura"),
            "clock": _("relógio"),
            "files": _("arquivos"),
            "disk": _("disco"),
            "certificates": _("autoridades TLS"),
            "microsoft": "Microsoft",
            "danfe": "DANFE",
            "documents_folder": _("pasta de documentos"),
            "trusted_issuers": _("emissores confiáveis"),
            "retention": _("prazos de guarda"),
        }.get(self.check, self.check)
