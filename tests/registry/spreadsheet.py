"""Companies from lines of a spreadsheet, planned and carried out."""

from __future__ import annotations

from typing import Any

from services.fiscal.cnpj import check_digits
from services.office import Office
from services.registry import companies, company_csv, company_export
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.company_csv import Applied, Plan

HEAD = "cnpj;apelido;razao_social"
ALL = (
    "cnpj;apelido;razao_social;matriz;email_notificacao;importacao_documentos;"
    "invoicy_mail;pode_cadastrar;nome_remetente;aviso_silencio"
)


def number(root: int, order: int = 1) -> str:
    """A CNPJ of that root and order number."""
    base = f"{root:08d}{order:04d}"
    return base + check_digits(base)


def plan(office: Office, actor: Actor, *lines: str) -> Plan:
    return office.ask_now(company_csv.plan, actor, "\r\n".join(lines).encode())


def run(office: Office, actor: Actor, planned: Plan, **more: Any) -> Applied:
    done = Applied()
    for chunk in company_csv.chunks(planned, **more):
        done += office.do_now(company_csv.apply, actor, chunk)
    return done


def load(office: Office, actor: Actor, *lines: str) -> Applied:
    return run(office, actor, plan(office, actor, *lines))


def all_of(office: Office, actor: Actor) -> dict[str, CompanyView]:
    ids = office.ask_now(companies.ids, actor)
    return {view.cnpj: view for view in office.ask_now(companies.rows, actor, ids).values()}


def exported(office: Office, actor: Actor) -> bytes:
    return office.ask_now(lambda s: "".join(company_export.export(s, actor))).encode()


def errors(planned: Plan) -> list[tuple[int, str | None]]:
    return [(line.number, field) for line in planned.lines for field, _message in line.errors]
