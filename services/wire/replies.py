"""What a server's reply means: patterns as data, and plain words for the person.

The patterns are ``server_replies.csv`` beside this module, tried in order: the first that is found
in the reply gives its class. A reply about a recipient never speaks about the mailbox (R34, R48).
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib import resources
from typing import Literal, NamedTuple

from services.language import _, chosen

Protocol = Literal["smtp", "pop3"]

MAX_REPLY = 2_048
"""Characters of a reply that are looked at and kept; more is noise or an attack."""

LOGIN_KINDS = frozenset(
    {"use_oauth", "admin", "signin", "app_password", "unlock", "password", "enable_pop", "client"}
)
"""Kinds that only make sense as the answer to a login."""

_MAILBOX_KINDS = LOGIN_KINDS | {"auth", "config", "full", "quota", "relay", "sender", "starttls"}
_PAUSING_KINDS = frozenset({"quota", "slow", "later"})
_FIELDS = {
    "use_oauth": "password",
    "signin": "password",
    "app_password": "password",
    "unlock": "password",
    "password": "password",
    "sender": "email",
    "config": "authenticate",
    "auth": "authenticate",
    "relay": "authenticate",
    "starttls": "security",
    "tls": "security",
    "protocol": "security",
    "certificate": "verify_certificate",
    "dns": "host",
    "network": "port",
    "closed": "security",
    "timeout": "timeout",
}


class Rule(NamedTuple):
    """One line of the table: ``permanent`` says that repeating unchanged is useless."""

    id: str
    kind: str
    permanent: bool


def rule_of(reply: str, *, protocol: Protocol) -> Rule:
    """The first rule that the reply meets; lines of a long reply count as one text.

    What no rule knows: an SMTP reply without a code is ``protocol``; a POP refusal is ``later``,
    ``password`` or, not being definite, a temporary ``other``.
    """
    text = _one_line(reply)
    return next((rule for pattern, rule in _rules() if pattern.search(text)), None) or _default(
        text, protocol
    )


def classify(reply: str, *, protocol: Protocol) -> tuple[str, bool]:
    """Kind of the reply and whether it is permanent; see :func:`rule_of`."""
    rule = rule_of(reply, protocol=protocol)
    return rule.kind, rule.permanent


def field_of(kind: str) -> str | None:
    """The field of the mailbox's form that mends it; None when none does (R19)."""
    return _FIELDS.get(kind)


def without_password(kind: str) -> str:
    """What a refused login means where a token was given: there is no password to type again."""
    return "signin" if kind == "password" else kind


def blames_mailbox(kind: str) -> bool:
    """True when the mailbox itself is refused, so that another one may send instead (R13).

    Never for what concerns a recipient, a message, the network or the hour.
    """
    return kind in _MAILBOX_KINDS


def pauses_mailbox(kind: str) -> bool:
    """True when a refusal of the mailbox (not of a recipient) asks for a pause (R34)."""
    return kind in _PAUSING_KINDS


def kinds() -> frozenset[str]:
    """Every kind that :func:`explain` knows."""
    return frozenset(_words(chosen()))


def explain(kind: str) -> str:
    """What happened and what to do, in plain words of the language in force."""
    words = _words(chosen())
    return words.get(kind, words["other"])


_CONTINUED = re.compile(r"\r?\n(?:\d{3}[- ](?:\d\.\d{1,3}\.\d{1,3} )?)?")
_TEMPORARY = re.compile(r"temporar|try again|later|tente novamente|\[SYS/TEMP", re.IGNORECASE)
_LOGIN_REFUSED = re.compile(
    r"authenti|password|senha|log[io]n (?:fail|incorrect|denied)|(?:invalid|unknown) (?:user|login)",
    re.IGNORECASE,
)


def _one_line(reply: str) -> str:
    text = _CONTINUED.sub(" ", reply[:MAX_REPLY])
    return text[:3] + " " + text[4:] if text[3:4] == "-" and text[:3].isdigit() else text


def _default(text: str, protocol: Protocol) -> Rule:
    if protocol == "smtp":
        return Rule("no-code", "protocol", False)
    if _TEMPORARY.search(text):
        return Rule("pop-later", "later", False)
    if _LOGIN_REFUSED.search(text):
        return Rule("pop-login", "password", True)
    return Rule("pop-any", "other", False)


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[re.Pattern[str], Rule], ...]:
    table = resources.files("services.wire").joinpath("server_replies.csv").read_text("utf-8")
    return tuple(
        (re.compile(row["pattern"]), Rule(row["id"], row["class"], row["permanent"] == "True"))
        for row in csv.DictReader(table.splitlines())
    )


@lru_cache(maxsize=4)
def _words(language: str) -> dict[str, str]:
    return {
        "use_oauth": _(
            "O provedor não aceita mais usuário e senha para esta conta. "
            "Use a opção “Vincular conta Microsoft”."
        ),
        "admin": _(
            "O administrador do e-mail bloqueou este tipo de acesso para a conta ou para toda a "
            "organização. Peça a ele que libere SMTP autenticado e POP para esta caixa."
        ),
        "signin": _(
            "O provedor não aceitou o acesso. Confira o usuário e a senha ou, em conta Microsoft, "
            "vincule a conta de novo."
        ),
        "config": _(
            "O servidor exige que a caixa entre com usuário e senha antes de enviar. "
            "Ligue a autenticação nas opções avançadas."
        ),
        "sender": _(
            "A conta não tem permissão para enviar com este endereço de remetente. "
            "Use o endereço da própria conta ou peça a permissão ao administrador."
        ),
        "slow": _(
            "O servidor pediu para ir mais devagar: conexões ou acessos demais em pouco tempo. "
            "A caixa espera um pouco e tenta de novo sozinha."
        ),
        "full": _("A caixa de e-mail está cheia. Libere espaço nela ou aumente a cota."),
        "quota": _(
            "A caixa atingiu o limite de envio do provedor. "
            "O envio por ela continua sozinho quando o limite for renovado."
        ),
        "client": _(
            "O servidor não entendeu o pedido de acesso e fechou a conexão. "
            "Confira o endereço do servidor; se persistir, contate o suporte."
        ),
        "app_password": _(
            "O provedor exige uma senha de aplicativo em vez da senha normal da conta. "
            "Gere uma na página de segurança da conta e coloque-a no campo Senha."
        ),
        "unlock": _(
            "O provedor bloqueou o acesso por segurança. Entre na conta pelo navegador, confirme "
            "que foi você e gere uma senha de aplicativo."
        ),
        "password": _("Usuário ou senha não conferem. Confira os dois e digite a senha de novo."),
        "enable_pop": _(
            "O acesso por POP está desligado nesta conta. "
            "Ative o POP nas configurações do e-mail e teste de novo."
        ),
        "recipient_busy": _(
            "O destinatário está recebendo e-mails demais neste momento. "
            "O envio para ele será repetido mais tarde."
        ),
        "busy": _(
            "Outro programa está lendo esta caixa agora. A leitura será repetida sozinha; "
            "se acontecer sempre, desligue o outro leitor."
        ),
        "later": _(
            "O servidor não pôde atender agora e pediu para tentar mais tarde. "
            "A tentativa será repetida sozinha."
        ),
        "starttls": _(
            "O servidor exige conexão segura. Escolha STARTTLS ou TLS nas opções avançadas."
        ),
        "auth": _(
            "O servidor exige usuário e senha. "
            "Ligue a autenticação nas opções avançadas e informe os dois."
        ),
        "size": _(
            "A mensagem é maior do que o servidor aceita. Envie menos anexos ou anexos menores."
        ),
        "recipient": _(
            "O endereço do destinatário não existe. Confira o endereço no cadastro ou no documento."
        ),
        "relay": _(
            "O servidor não envia para outros domínios por esta conta. Ligue a autenticação e "
            "use o endereço da própria conta como remetente."
        ),
        "other": _(
            "O servidor recusou por um motivo que o Carteiro não conhece. Leia a resposta dele e, "
            "se preciso, fale com o provedor."
        ),
        "network": _(
            "Não foi possível conectar ao servidor. Confira o endereço e a porta, a rede e o "
            "firewall."
        ),
        "timeout": _(
            "O servidor não respondeu dentro do tempo limite. Confira o endereço e a porta ou "
            "aumente esse tempo."
        ),
        "certificate": _(
            "O certificado do servidor não é válido para este endereço. Confira o endereço do "
            "servidor; só desligue a validação se souber de quem é o certificado."
        ),
        "tls": _(
            "Não foi possível tornar a conexão segura. Confira a porta e o tipo de segurança: "
            "465 e 995 usam TLS, 587 e 110 usam STARTTLS."
        ),
        "dns": _("O endereço do servidor não existe. Confira se está escrito corretamente."),
        "closed": _(
            "O servidor fechou a conexão no meio da conversa. Confira a porta e o tipo de "
            "segurança; se acontecer só às vezes, a tentativa será repetida sozinha."
        ),
        "protocol": _(
            "A resposta não é a de um servidor de e-mail. "
            "Confira o endereço, a porta e o tipo de segurança."
        ),
    }
