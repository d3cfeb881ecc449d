"""The audit trail in words: actions, entities and fields are data, told in the program's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.errors import Invalid
from services.fiscal import cnpj as cnpjs
from services.language import _
from services.safe_text import safe

NOTHING = "—"
_HIDDEN = "***"
_MOST_ITEMS = 20
_CNPJ_FIELDS = ("cnpj", "headquarters", "companies", "company")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a change in words; ``before`` and ``after`` are "—" where there was nothing."""

    field: str
    before: str
    after: str


def actions() -> dict[str, str]:
    """What can be done, by its key."""
    return {
        "init": _("início"),
        "add": _("cadastro"),
        "edit": _("alteração"),
        "remove": _("exclusão"),
        "move": _("mudança de ordem"),
        "link": _("vínculo"),
        "unlink": _("desvínculo"),
        "grant": _("acesso concedido"),
        "revoke": _("acesso retirado"),
        "import": _("importação"),
        "undo_import": _("importação desfeita"),
        "resync": _("sincronização com a origem"),
        "relink": _("vínculo da conta"),
        "reactivate": _("reativação"),
        "inactivate": _("inativação"),
        "subscribe": _("tipos acrescentados"),
        "unsubscribe": _("tipos retirados"),
        "notify": _("notificação à mão"),
        "send": _("envio de documento"),
        "retry": _("novo envio"),
        "cancel": _("cancelamento"),
        "restore": _("restauração de backup"),
        "rotate_key": _("troca da chave-mestra"),
        "pause": _("pausa"),
        "resume": _("fim da pausa"),
        "quarantine.retry": _("nova leitura"),
        "quarantine.reject": _("rejeição"),
        "quarantine.link": _("vínculo"),
    }


def entities() -> dict[str, str]:
    """What it can be done to, by its key."""
    return {
        "partner": _("parceiro"),
        "user": _("usuário"),
        "company": _("empresa"),
        "email_server": _("servidor"),
        "mailbox": _("caixa"),
        "mailbox_import": _("caixa importada"),
        "notification_email": _("e-mail para notificações"),
        "notification_type": _("tipo de notificação"),
        "subscription": _("inscrição"),
        "notification": _("notificação"),
        "outbox": _("e-mail"),
        "quarantine": _("quarentena"),
        "database": _("banco de dados"),
        "document": _("documento"),
    }


def fields() -> dict[str, str]:
    """The fields whose values are kept, by their key."""
    return {
        "access_key": _("Chave de acesso"),
        "account": _("Conta Microsoft"),
        "active": _("Ativo"),
        "attachments": _("Anexos"),
        "authenticate": _("Autenticação"),
        "auto_invoicy_mail": _("InvoiCy Mail em empresas novas"),
        "by_bell": _("No sino"),
        "by_email": _("Por e-mail"),
        "cnpj": "CNPJ",
        "companies": _("Empresas"),
        "copy_kept": _("Cópia alterada à mão, mantida"),
        "danfe": _("DANFE anexado"),
        "delete_after": _("Excluir do servidor"),
        "document_import": _("Importação de Documentos"),
        "documents": _("Documentos"),
        "email": _("E-mail"),
        "file": _("Arquivo"),
        "function": _("Função"),
        "functions": _("Funções"),
        "headquarters": _("CNPJ da matriz"),
        "held": _("Retidos em quarentena"),
        "host": _("Servidor"),
        "inactive_code": "AADSTS",
        "invoicy_mail": "InvoiCy Mail",
        "key": _("Chave"),
        "kind": _("Tipo"),
        "language": _("Idioma"),
        "legal_name": _("Razão social"),
        "mechanism": _("Entrada por"),
        "mailbox_id": _("Caixa"),
        "mailboxes": _("Caixas"),
        "may_register": _("Pode cadastrar caixas"),
        "most_connections": _("Conexões ao mesmo tempo"),
        "most_per_day": _("E-mails por dia"),
        "most_per_minute": _("E-mails por minuto"),
        "name": _("Nome"),
        "nickname": _("Apelido"),
        "notification_email": _("E-mail para notificações"),
        "os_account": _("Conta do sistema"),
        "origin": _("Origem"),
        "origin_kind": _("Tipo de origem"),
        "password": _("Senha"),
        "paused": _("Em pausa"),
        "pop_host": _("Servidor POP"),
        "pop_port": _("Porta POP"),
        "pop_security": _("Segurança POP"),
        "port": _("Porta"),
        "position": _("Posição"),
        "recipients": _("Destinatários"),
        "relay_active": _("Relay ativo"),
        "relay_authenticate": _("Autenticação no relay"),
        "relay_email": _("E-mail do relay"),
        "relay_host": _("Servidor do relay"),
        "relay_password": _("Senha do relay"),
        "relay_port": _("Porta do relay"),
        "relay_security": _("Segurança do relay"),
        "relay_timeout": _("Tempo limite do relay"),
        "relay_user": _("Usuário do relay"),
        "relay_verify_certificate": _("Certificado do relay conferido"),
        "role": _("Papel"),
        "security": _("Segurança"),
        "sender_name": _("Nome do remetente"),
        "server_id": _("Servidor de e-mail"),
        "severity": _("Gravidade"),
        "sign_in": _("Entrada na Microsoft"),
        "silence_notice": _("Aviso de silêncio"),
        "smtp_host": _("Servidor SMTP"),
        "smtp_port": _("Porta SMTP"),
        "smtp_security": _("Segurança SMTP"),
        "state": _("Situação"),
        "subject": _("Assunto"),
        "tenant": _("Tipo de conta"),
        "text": _("Texto"),
        "timeout": _("Tempo limite (s)"),
        "title": _("Título"),
        "to": _("Para"),
        "type": _("Tipo"),
        "types": _("Tipos"),
        "user": _("Usuário"),
        "username": _("Usuário"),
        "verify_certificate": _("Certificado conferido"),
    }


def _values() -> dict[str, str]:
    """Values that are keys."""
    return {
        "send": _("envio"),
        "read": _("leitura"),
        "both": _("ambos"),
        "relay": "relay",
        "partner": _("parceiro"),
        "company": _("empresa"),
        "headquarters": _("matriz"),
        "info": _("informação"),
        "warning": _("aviso"),
        "error": _("erro"),
        "password": _("senha"),
        "xoauth2": _("conta Microsoft"),
        "consumers": _("pessoal"),
        "organizations": _("trabalho ou escola"),
        "tls": "TLS",
        "starttls": "STARTTLS",
        "none": _("nenhuma"),
        "import": _("após importar"),
        "never": _("nunca"),
        "queued": _("na fila"),
        "sending": _("enviando"),
        "sent": _("enviado"),
        "deferred": _("adiado"),
        "failed": _("falhou"),
        "uncertain": _("incerto"),
        "cancelled": _("cancelado"),
        "open": _("em aberto"),
        "resolved": _("resolvido"),
        "rejected": _("rejeitado"),
    }


_KEYED = frozenset(
    {"function", "functions", "kind", "mechanism", "tenant", "role", "state", "delete_after", "security",
     "smtp_security", "pop_security", "relay_security", "severity", "origin_kind"}
)  # fmt: skip


def what(action: str, entity: str) -> str:
    """What was done to what kind of thing, in one line: "empresa: alteração"."""
    thing = entities().get(entity) or safe(entity, 40)
    return f"{thing}: {actions().get(action) or safe(action, 40)}"


def changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[FieldChange, ...]:
    """Every field that was noted with a value, in the order of its words."""
    had, has = before or {}, after or {}
    words = fields()
    found = []
    for name in had.keys() | has.keys():
        label = words.get(name, safe(name, 40))
        if _HIDDEN in (had.get(name), has.get(name)):
            told = _("definida (o valor não é guardado aqui)")
            if before is not None:
                told = _("trocada (o valor não é guardado aqui)")
            found.append(FieldChange(label, NOTHING, told))
            continue
        change = FieldChange(label, _value(name, had.get(name)), _value(name, has.get(name)))
        if {change.before, change.after} != {NOTHING}:
            found.append(change)
    return tuple(sorted(found, key=lambda change: change.field))


def _value(name: str, value: Any) -> str:
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, bool):
        return _("sim") if value else _("não")
    if isinstance(value, list | tuple):
        told = ", ".join(_value(name, each) for each in value[:_MOST_ITEMS])
        left = len(value) - _MOST_ITEMS
        return told if left <= 0 else _("{told} e mais {n}").format(told=told, n=left)
    if isinstance(value, str) and name in _KEYED:
        return _values().get(value, safe(value))
    if isinstance(value, str) and name in _CNPJ_FIELDS:
        try:
            return cnpjs.masked(cnpjs.parse(value))
        except Invalid:
            return safe(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return safe(value)
