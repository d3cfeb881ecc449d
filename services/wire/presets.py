"""What is known about mail providers: their servers, limits and the steps they ask of a person.

The facts are ``presets.csv`` beside this module (R18); the steps are in the wording that the
providers' pages have now, with the older names still findable (R51).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal, cast

from services.language import _
from services.wire.endpoint import Security


@dataclass(frozen=True, slots=True)
class Server:
    """Where one protocol is spoken."""

    host: str
    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider. ``None`` means unknown, or for ``pop`` that there is none.

    ``login`` tells whether the user name is the whole address or what stands before the ``@``;
    ``oauth_only`` that a password is of no use ("Vincular conta Microsoft"); ``unverified`` that
    it is only a suggestion until a test connects. ``min_poll_seconds`` is the shortest interval
    between two readings.
    """

    key: str
    name: str
    smtp: Server
    pop: Server | None
    login: Literal["address", "local"]
    guidance: str
    oauth_only: bool
    per_day: int | None
    per_minute: int | None
    connections: int | None
    min_poll_seconds: int | None
    unverified: bool

    def username(self, email: str) -> str:
        """The user name that this provider expects for the address."""
        return email.rpartition("@")[0] if self.login == "local" else email


def preset_for(email: str) -> Preset | None:
    """The provider of the address, recognised by its domain alone; nothing is looked up."""
    domain = email.rpartition("@")[2].strip().lower()
    for domains, row in _rows():
        if domains.fullmatch(domain):
            return _preset(row, domain)
    return None


def preset_of_host(host: str) -> Preset | None:
    """The provider behind a server, so that its limits hold for domains of one's own too (R34)."""
    name = host.strip().lower()
    for _domains, row in _rows():
        if name and name in (row["smtp"].partition(":")[0], row["pop"].partition(":")[0]):
            return _preset(row, "")
    return None


def guidance(key: str) -> list[str]:
    """The numbered steps for the person, by :attr:`Preset.guidance`; none for other keys (R51)."""
    steps = _STEPS[key]() if key in _STEPS else []
    return [f"{n}. {step}" for n, step in enumerate(steps, 1)]


@lru_cache(maxsize=1)
def _rows() -> tuple[tuple[re.Pattern[str], dict[str, str]], ...]:
    table = resources.files("services.wire").joinpath("presets.csv").read_text("utf-8")
    return tuple((_domains(row["domains"]), row) for row in csv.DictReader(table.splitlines()))


def _domains(words: str) -> re.Pattern[str]:
    """``name.*`` stands for the name under any country's or the general ending."""
    ending = r"\.(?:com|com?\.[a-z]{2}|[a-z]{2})"
    return re.compile("|".join(re.escape(w).replace(r"\.\*", ending) for w in words.split()))


def _preset(row: dict[str, str], domain: str) -> Preset:
    smtp = _server(row["smtp"], domain)
    assert smtp is not None
    return Preset(
        key=row["key"],
        name=row["name"],
        smtp=smtp,
        pop=_server(row["pop"], domain),
        login="local" if row["login"] == "local" else "address",
        guidance=row["guidance"],
        oauth_only=row["oauth_only"] == "yes",
        per_day=_number(row["per_day"]),
        per_minute=_number(row["per_minute"]),
        connections=_number(row["connections"]),
        min_poll_seconds=_number(row["min_poll_seconds"]),
        unverified=row["unverified"] == "yes",
    )


def _server(words: str, domain: str) -> Server | None:
    if not words:
        return None
    host, port, security = words.split(":")
    return Server(host.format(domain=domain), int(port), cast(Security, security))


def _number(words: str) -> int | None:
    return int(words) if words else None


def _gmail() -> list[str]:
    return [
        _(
            "Em myaccount.google.com, abra Segurança e ative a verificação em duas etapas: sem ela "
            "não existem senhas de app."
        ),
        _(
            "Abra myaccount.google.com/apppasswords (Senhas de app), dê um nome, como Carteiro, e "
            "clique em Criar."
        ),
        _(
            "Copie os 16 caracteres, mostrados uma única vez, para o campo Senha. A senha normal "
            "da conta não serve."
        ),
        _(
            "Para leitura: no Gmail, Configurações > Encaminhamento e POP/IMAP > ativar POP para "
            "todos os e-mails, que importa todo o histórico, ou só para os que chegarem a partir "
            "de agora. Salve as alterações."
        ),
        _(
            "“Permitir aplicativos menos seguros” não existe mais: a senha de app ocupa o lugar. "
            "Trocar a senha da conta Google revoga as senhas de app; gere outra."
        ),
        _(
            "Sem a opção Senhas de app? A conta é de uma organização que a bloqueia, usa só chaves "
            "de segurança ou tem a Proteção Avançada: fale com o administrador."
        ),
    ]


def _outlook() -> list[str]:
    return [
        _(
            "Escolha “Vincular conta Microsoft” em vez de “Outro provedor”: Outlook, Hotmail, Live "
            "e Microsoft 365 só aceitam esta entrada."
        ),
        _("Entre com a própria caixa que será usada e aceite as permissões pedidas."),
        _(
            "Para leitura: no Outlook na Web, Configurações > Email > Encaminhamento e IMAP (ou "
            "POP e IMAP) > permitir POP. Permita também que aplicativos excluam mensagens."
        ),
        _("Em Microsoft 365, o administrador precisa liberar SMTP autenticado e POP para a caixa."),
        _("A antiga “senha de aplicativo” do Outlook não funciona mais para POP e SMTP."),
    ]


def _yahoo() -> list[str]:
    return [
        _("Entre na página de segurança da sua conta Yahoo (login.yahoo.com, Segurança)."),
        _("Clique em Gerar senha de app (ou Gerar e gerenciar senhas de app)."),
        _("Informe um nome, como Carteiro, e clique em Gerar senha."),
        _("Copie a senha gerada para o campo Senha. A senha normal da conta não serve."),
        _("A leitura por POP usa a mesma senha de app."),
    ]


def _icloud() -> list[str]:
    return [
        _("Em account.apple.com, abra Início de Sessão e Segurança > Senhas de Apps."),
        _("Gere uma senha para o Carteiro e copie-a para o campo Senha."),
        _("O iCloud não oferece POP: esta caixa serve para envio, não para leitura."),
    ]


def _zoho() -> list[str]:
    return [
        _("No Zoho Mail, abra Configurações > Contas de e-mail e ative o acesso POP."),
        _(
            "Com a verificação em duas etapas ligada, gere uma senha específica do aplicativo na "
            "página de segurança da conta e use-a no campo Senha."
        ),
    ]


_STEPS = {
    "gmail": _gmail,
    "outlook": _outlook,
    "yahoo": _yahoo,
    "icloud": _icloud,
    "zoho": _zoho,
}
