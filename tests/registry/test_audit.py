"""The audit trail: complete, in words, the partner's own, and quick to ask (R53, R55)."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from services import clock, language
from services.errors import NotAllowed, NotFound
from services.office import Office
from services.registry import access, audit, audit_views, audit_words, companies, mailboxes, people
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailboxes import MailboxDraft
from services.registry.people import UserDraft
from services.store.engine import Store
from services.store.models import AuditEntry, Partner

SERVICES = Path(__file__).resolve().parents[2] / "services"


def newest(office: Office, actor: Actor, **asked: object) -> list[str]:
    """The lines of the list as they are shown."""
    found = office.ask_now(audit.ids, actor, **asked)  # type: ignore[arg-type]
    rows = office.ask_now(audit.rows, actor, found)
    return [f"{rows[i].what} {rows[i].which}" for i in found]


def test_newest_first_with_todays_names(office: Office, actor: Actor, company: CompanyView) -> None:
    """R55: who, what, which and whose; a thing is called what it is called now."""
    office.do_now(companies.edit, actor, company.id, {"nickname": "Padaria Nova"})
    assert newest(office, actor) == [
        "empresa: alteração Padaria Nova",
        "empresa: cadastro Padaria Nova",
        "usuário: cadastro ana",
        "parceiro: início Contábil Sul",
    ]
    office.do_now(companies.remove, actor, company.id)
    first = office.ask_now(audit.ids, actor)[0]
    gone = office.ask_now(audit.show, actor, first)
    assert (gone.which, gone.company_nickname) == ("Padaria Nova", "(excluída)")


def test_filters(office: Office, actor: Actor, company: CompanyView) -> None:
    """R55: words over who, what and company; person, kind, company and day by themselves."""
    office.do_now(people.add_user, actor, UserDraft("Zoé", "Zoé Lima", None, "partner"))
    zoe = office.ask_now(access.identify, nickname="Zoé", owns_state=True)
    other = office.do_now(companies.add, zoe, CompanyDraft("12ABC34501DE35", "Loja", "Loja"))
    mine = ["empresa: cadastro Loja"]
    for words in ("zoe", "lima cadastro", "loja", "12.ABC.345/01DE-35", "empresa loja"):
        assert newest(office, actor, filter=words) == mine, words
    assert newest(office, actor, filter="usuario", user="ana") == [
        "usuário: cadastro Zoé",
        "usuário: cadastro ana",
    ]
    assert newest(office, actor, user="ZOE") == mine
    assert newest(office, actor, company_id=other.id) == mine
    assert len(newest(office, actor, entity="user")) == 2
    tomorrow = clock.now() + timedelta(days=1)
    assert newest(office, actor, since=tomorrow) == []
    assert newest(office, actor, filter="100%") == []
    assert newest(office, actor, most=1) == mine


def test_a_removed_persons_deeds_stay_findable(office: Office, actor: Actor) -> None:
    """R55: by the nickname of then."""
    office.do_now(people.add_user, actor, UserDraft("eva", "Eva", None, "partner"))
    eva = office.ask_now(access.identify, nickname="eva", owns_state=True)
    office.do_now(companies.add, eva, CompanyDraft("12ABC34501DE35", "Loja", "Loja"))
    office.do_now(people.remove_user, actor, "eva")
    assert newest(office, actor, user="eva") == ["empresa: cadastro Loja"]
    assert newest(office, actor, filter="eva cadastro") == ["empresa: cadastro Loja"]


def test_only_the_partner_and_only_its_own(
    office: Office, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R53: not company users, and nothing of another partner's."""
    office.do_now(people.add_user, actor, UserDraft("rui", "Rui", None, "company", (company.cnpj,)))
    rui = office.ask_now(access.identify, nickname="rui", owns_state=True)
    first = office.ask_now(audit.ids, actor)[0]
    for call in (
        lambda: office.ask_now(audit.ids, rui),
        lambda: office.ask_now(audit.rows, rui, [first]),
        lambda: office.ask_now(audit.show, rui, first),
        lambda: office.ask_now(audit.entries, rui),
    ):
        with pytest.raises(NotAllowed):
            call()
    with store.writing() as session:
        partner = Partner(name="Norte", partner_key="KN")
        session.add(partner)
        session.flush()
        entry = AuditEntry(
            partner_id=partner.id, user_nickname="zoe", action="edit", entity="company"
        )
        session.add(entry)
        session.flush()
        theirs = entry.id
    assert theirs not in office.ask_now(audit.ids, actor)
    with pytest.raises(NotFound):
        office.ask_now(audit.show, actor, theirs)


def test_field_by_field_without_secrets(office: Office, actor: Actor, company: CompanyView) -> None:
    """R55: words for fields and values; a password is said to have changed, never what it is."""
    draft = MailboxDraft(
        function="send", nickname="Notas", sender_name="Padaria", email="n@padaria.example",
        username="n@padaria.example", password="segredo-1", active=True, host="smtp.padaria.example",
    )  # fmt: skip
    view = office.do_now(mailboxes.add, actor, company.id, draft)
    office.do_now(mailboxes.edit, actor, view.id, {"password": "segredo-2", "active": False})
    rows = office.ask_now(audit.rows, actor, office.ask_now(audit.ids, actor))
    told = {
        (row.what, change.field): (change.before, change.after)
        for row in rows.values()
        for change in row.changes
    }
    assert "segredo" not in repr(rows)
    assert told["servidor: alteração", "Ativo"] == ("sim", "não")
    assert "não é guardado" in told["servidor: alteração", "Senha"][1]
    assert told["empresa: cadastro", "CNPJ"] == ("—", "11.222.333/0001-81")
    assert told["caixa: cadastro", "Função"] == ("—", "envio")


def test_everything_that_is_recorded_has_words() -> None:
    """R55: actions and entities in the sources, and the fields of what is registered."""
    actions, entities, fields = set(), set(), set()
    for path in SERVICES.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            if call.func.attr in ("record", "record_many") and len(call.args) > 3:
                for found, argument in ((actions, call.args[2]), (entities, call.args[3])):
                    if isinstance(argument, ast.Constant):
                        found.add(argument.value)
                fields |= _fields(call, tree)
    assert {"add", "edit", "remove"} <= actions
    assert actions - audit_words.actions().keys() == set(), "add words to audit_words.actions"
    assert entities - audit_words.entities().keys() == set(), "add words to audit_words.entities"
    assert {"title", "mailboxes"} <= fields
    assert fields - audit_words.fields().keys() == set(), "add words to audit_words.fields"


def _fields(call: ast.Call, tree: ast.Module) -> set[str]:
    """The keys of what a call records, written in it or given a name before it."""
    told = [keyword.value for keyword in call.keywords if keyword.arg in ("before", "after")]
    names = {value.id for value in told if isinstance(value, ast.Name)}
    told += [
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id in names for target in each.targets)
    ]
    return {
        key.value
        for value in told
        if isinstance(value, ast.Dict)
        for key in value.keys
        if isinstance(key, ast.Constant)
    }


def test_recorded_fields_have_words(office: Office, actor: Actor, company: CompanyView) -> None:
    """R55: no raw key of a field reaches a person."""
    names = {
        *CompanyDraft.__dataclass_fields__,
        *MailboxDraft.__dataclass_fields__,
        *UserDraft.__dataclass_fields__,
    }
    for entry in office.ask_now(audit.entries, actor):
        names |= (entry.before or {}).keys() | (entry.after or {}).keys()
    assert names - audit_words.fields().keys() == set(), "add words to audit_words.fields"


def test_words_follow_the_language() -> None:
    """The tables are looked up when they are shown, not when the program starts."""
    before = audit_words.what("edit", "company")
    language.choose("en")
    try:
        assert audit_words.changes({"x": True}, {"x": False})[0].before != ""
    finally:
        language.choose("pt_BR")
    assert audit_words.what("edit", "company") == before == "empresa: alteração"


def test_at_most_so_many(
    office: Office, actor: Actor, company: CompanyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R55: the newest of a long trail; closer asking reaches the rest."""
    assert audit_views.MOST == 10_000
    assert len(office.ask_now(audit.ids, actor, most=2)) == 2
    assert office.ask_now(audit.ids, actor, most=2)[0] == max(office.ask_now(audit.ids, actor))
