"""What the steps of *Testar E-mail* are called, on screens and by the command line (R19)."""

from __future__ import annotations

from services.language import _


def step_words(*, signs_in: bool) -> dict[str, str]:
    """A step's key and its words; ``signs_in``: at Microsoft, where no password is known here."""
    return {
        "sign_in": _("Entrada na Microsoft"),
        "dns": _("Endereço do servidor"),
        "tcp": _("Conexão"),
        "tls": _("Conexão segura"),
        "greeting": _("Apresentação"),
        "login": _("Acesso à caixa") if signs_in else _("Usuário e senha"),
        "sender": _("Remetente aceito"),
        "recipient": _("Destinatário aceito"),
        "sent": _("E-mail de teste enviado"),
        "list": _("Lista da caixa"),
        "read_back": _("E-mail lido de volta"),
    }
