"""A partner with forty companies and mailboxes in every state, made by the services themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from services import clock
from services.failure import Failure, Stage
from services.health import facts, linking
from services.health.tokens import registration
from services.language import _
from services.notifications import addresses, subscriptions, types
from services.office import Office
from services.registry import (
    companies,
    imports,
    links,
    mailboxes,
    microsoft,
    people,
    relay,
    servers,
)
from services.registry.access import Actor
from services.registry.companies import CompanyDraft
from services.registry.mailboxes import MailboxDraft
from services.registry.microsoft import MicrosoftDraft
from services.registry.people_form import UserDraft
from services.registry.server_form import ServerDraft
from services.store.models import Function, Role
from services.wire import aadsts, replies
from tui_app.demo.names import PARTNER_KEY, PASSWORD, Firm, firms, of_partner
from tui_app.demo.servers import HOST, Servers

P = ParamSpec("P")
T = TypeVar("T")

AGE = timedelta(days=28)
"""How long the world has been there when it is shown."""
BETWEEN_SIGN_INS = timedelta(hours=3, minutes=20)
QUOTA = 2
DYING = "fiscal@empresa05.example"
"""The Microsoft mailbox that dies while one looks on."""
DYING_FIRM = 5
DEAD_FIRM = 14
"""A company whose only mailbox a code had inactivated before one came."""
LOCKED = "xml@empresa09.example"
LOCKED_FIRM = 9
"""A reading mailbox whose password is wrong, and whose it is."""
FULL = of_partner("faturas")
"""The mailbox that reaches its daily limit."""
FULL_FIRMS = (25, 26)
PARTNER_READS = of_partner("documentos")
"""The mailbox by which most companies are reached."""
_SOON = timedelta(minutes=1)
_FAILURES = ("mailbox_inactivated", "sending_failed", "reading_failed")


@dataclass(slots=True)
class World:
    """What the traffic and the story need to know: who acts, companies and servers by name.

    ``readers`` are the addresses that documents are sent to, with the companies that they serve.
    """

    office: Office
    servers: Servers
    actor: Actor
    firms: dict[int, Firm]
    companies: dict[int, int] = field(default_factory=dict)
    server_ids: dict[str, int] = field(default_factory=dict)
    readers: dict[str, list[Firm]] = field(default_factory=dict)

    def do(
        self,
        service: Callable[Concatenate[Session, Actor, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """A unit of work in the name of the first user."""
        return self.office.do_now(service, self.actor, *args, **kwargs)

    def ids(self, *numbers: int) -> list[int]:
        """The companies of these numbers."""
        return [self.companies[number] for number in numbers]


@contextmanager
def ago(age: timedelta) -> Iterator[None]:
    """Whatever is done within was done so long ago."""
    at = clock.now() - age
    before = clock.set_source(lambda: at)
    try:
        yield
    finally:
        clock.set_source(before)


def build(office: Office, where: Servers) -> World:
    """Register everything, a unit of work for each kind of thing."""
    with ago(AGE):
        actor = office.do_now(
            people.initialise,
            partner=_("Contabilidade Exemplo"),
            partner_key=PARTNER_KEY,
            nickname="demo",
            email=of_partner("demo"),
        )
        world = World(office, where, actor, {firm.number: firm for firm in firms()})
        world.do(_relay, world)
        world.do(_companies, world)
        world.do(_users, world)
        world.do(_shared, world)
        world.do(_own, world)
        world.do(_notifications, world)
    linked = ((DYING, DYING_FIRM), (_ms(6), 6), (_ms(DEAD_FIRM), DEAD_FIRM))
    for place, (email, number) in enumerate(linked, 1):
        with ago(place * BETWEEN_SIGN_INS):
            _sign_in(world, email, number)
    return world


def _ms(number: int) -> str:
    return f"contato@empresa{number:02}.example"


def _relay(session: Session, actor: Actor, world: World) -> None:
    address = of_partner("invoicymail")
    world.servers.post.open(address, PASSWORD)
    relay.set_relay(
        session,
        actor,
        {
            "host": HOST,
            "port": world.servers.smtp_port,
            "security": "tls",
            "username": address,
            "password": PASSWORD,
        },
    )


def _companies(session: Session, actor: Actor, world: World) -> None:
    for firm in world.firms.values():
        view = companies.add(
            session,
            actor,
            CompanyDraft(
                cnpj=firm.cnpj,
                nickname=firm.nickname,
                legal_name=firm.legal_name,
                headquarters=firm.headquarters,
                notification_email=None if firm.number in (12, 24) else f"avisos@{firm.domain}",
                document_import=firm.document_import,
                invoicy_mail=firm.invoicy_mail,
                may_register=firm.may_register,
            ),
        )
        world.companies[firm.number] = view.id


def _users(session: Session, actor: Actor, world: World) -> None:
    partner = UserDraft("colega", _person(2), of_partner("colega"), Role.PARTNER)
    of_bakery = tuple(world.firms[number].cnpj for number in (1, 2, 3, 4))
    for draft in (
        partner,
        replace(partner, nickname="antigo", name=_person(3), email=None, active=False),
        UserDraft(
            "padaria",
            _person(4),
            "pessoa@empresa01.example",
            Role.COMPANY,
            of_bakery,
        ),
        UserDraft(
            "semcaixa",
            _person(5),
            "pessoa@empresa18.example",
            Role.COMPANY,
            (world.firms[18].cnpj,),
        ),
    ):
        people.add_user(session, actor, draft)


def _person(number: int) -> str:
    return _("Pessoa Exemplo {n}").format(n=number)


def _shared(session: Session, actor: Actor, world: World) -> None:
    """The partner's own servers, and whom they serve."""
    with_import = [f.number for f in world.firms.values() if f.document_import]
    own_reading = (1, 5, 6, 7, 9, 14, 16, 31, 32, 33, 34)
    for kind, name, nickname, numbers, quota in (
        ("send", "faturas", _("Faturas"), FULL_FIRMS, QUOTA),
        ("send", "promocoes", _("Promoções"), (21, 23), None),
        ("send", "notas", _("Notas"), (3, 4, 7, 8, *range(10, 13), *range(15, 37)), None),
        ("read", "documentos", _("Documentos"), set(with_import) - set(own_reading), None),
        ("both", "atendimento", _("Atendimento"), (31, 32, 33, 34), None),
        ("send", "reserva", _("Reserva"), (), None),
    ):
        address = of_partner(name)
        world.servers.post.open(address, PASSWORD, quota=quota)
        draft = ServerDraft(
            kind=kind,
            nickname=nickname,
            sender_name=_("Contabilidade Exemplo"),
            email=address,
            partner_key=PARTNER_KEY,
            password=PASSWORD,
            **_places(world),
        )
        view = servers.add(session, actor, draft)
        world.server_ids[address] = view.id
        links.link(session, actor, view.id, world.ids(*sorted(numbers)))
        if kind != "send":
            world.readers[address] = [world.firms[n] for n in sorted(numbers)]


def _own(session: Session, actor: Actor, world: World) -> None:
    """Mailboxes of single companies: in use, switched off, slow, locked, silent, copied."""
    post = world.servers.post
    silent = world.servers.silent_port
    nfe, old, copied = "nfe@empresa01.example", "antiga@empresa01.example", "nfe@empresa09.example"
    for number, function, address, more in (
        (1, Function.SEND, nfe, {}),
        (1, Function.SEND, old, {"active": False}),
        (9, Function.SEND, copied, {}),
        (13, Function.SEND, "lenta@empresa13.example", {"timeout": 60}),
        (1, Function.READ, "xml@empresa01.example", {}),
        (7, Function.READ, "xml@empresa07.example", {"delete_after": "30"}),
        (LOCKED_FIRM, Function.READ, LOCKED, {"password": "esquecida"}),
        (16, Function.READ, "xml@empresa16.example", {"port": silent}),
    ):
        sends = function == Function.SEND
        post.open(address, PASSWORD, slow=2.0 if number == 13 else 0.0)
        values: dict[str, Any] = {
            "password": PASSWORD,
            "host": HOST,
            "port": world.servers.smtp_port if sends else world.servers.pop_port,
            "security": "tls",
            **more,
        }
        firm = world.firms[number]
        view = mailboxes.add(
            session,
            actor,
            world.companies[number],
            MailboxDraft(
                function, address.partition("@")[0], firm.nickname, address, address, **values
            ),
        )
        world.server_ids[address] = view.server_id
        if not sends and not more.keys() & {"password", "port"}:
            world.readers[address] = [firm]
    imports.from_headquarters(session, actor, world.companies[2], world.server_ids[nfe])
    # The copy has remained as it was.
    servers.edit(session, actor, world.server_ids[nfe], {"timeout": 45})


def _notifications(session: Session, actor: Actor, world: World) -> None:
    types.add_type(session, actor, "boleto_vencendo", title=_("Boleto perto de vencer"))
    of_demo = addresses.add(session, actor, user="demo")
    team = addresses.add(session, actor, email=of_partner("equipe"))
    addresses.add(session, actor, email=of_partner("plantao"))
    everybody = world.ids(*world.firms)
    subscriptions.set_types(
        session, actor, of_demo.id, {company: ["mailbox_inactivated"] for company in everybody}
    )
    told = {company: [*_FAILURES, "document_rejected"] for company in world.ids(*range(1, 21))}
    subscriptions.set_types(session, actor, team.id, told)


def _sign_in(world: World, email: str, number: int) -> None:
    """Register a Microsoft mailbox for sending and reading: its owner types the code at once."""
    office, company_id = world.office, world.companies[number]
    draft = MicrosoftDraft(
        kind="both",
        email=email,
        account=microsoft.WORK,
        nickname=email.partition("@")[0],
        **_places(world),
    )
    plan = office.ask_now(microsoft.plan, world.actor, company_id, draft)
    door = registration(office.settings)
    asked = door.ask_code(plan.tenant, plan.functions)
    world.servers.microsoft.accept(email)
    signed = door.poll(asked)
    assert signed is not None
    world.servers.post.open(email, None)
    server_id = world.do(linking.register, company_id, draft, signed, office.settings)
    world.server_ids[email] = server_id
    world.readers[email] = [world.firms[number]]


def meet(world: World, leave: Callable[[], None]) -> None:
    """What jobs met this morning: a wrong password, a code of Microsoft's, a daily limit.

    ``leave`` sends what there is to tell of it.
    """
    dead = _ms(DEAD_FIRM)
    world.servers.microsoft.revoke(dead)
    who = f"{HOST}:{world.servers.pop_port}"
    locked = Failure(
        who,
        Stage.LOGIN,
        "password",
        "-ERR [AUTH] Username and password not accepted.",
        permanent=True,
        explanation=replies.explain("password"),
    )
    quota = Failure(
        who,
        Stage.SENDER,
        "quota",
        "550 5.4.5 Daily user sending limit exceeded.",
        explanation=replies.explain("quota"),
    )
    revoked = Failure(
        world.servers.microsoft.base.removeprefix("https://"),
        Stage.SIGN_IN,
        "inactivated",
        "AADSTS50173: The provided grant has expired due to it being revoked.",
        permanent=True,
        explanation=aadsts.description(50173),
        code=50173,
    )
    for age, address, failure, function, times in (
        (timedelta(hours=5), LOCKED, locked, Function.READ, 5),
        (timedelta(hours=2), dead, revoked, Function.READ, 1),
        (timedelta(minutes=20), of_partner("promocoes"), quota, Function.SEND, 1),
    ):
        with ago(age):
            for _time in range(times):
                world.office.do_now(
                    facts.note_failure, world.server_ids[address], failure, function=function
                )
        with ago(age - _SOON):
            leave()


def _places(world: World) -> dict[str, Any]:
    """Where the demonstration's servers are, by the names of the drafts."""
    return {
        "smtp_host": HOST,
        "smtp_port": world.servers.smtp_port,
        "smtp_security": "tls",
        "pop_host": HOST,
        "pop_port": world.servers.pop_port,
        "pop_security": "tls",
    }
