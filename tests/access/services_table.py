"""Every public service with an actor, asked for what is the company's by those whose it is not.

A new service gets a line here; ``test_services.py`` fails until it has one. Each line says what
three people get: the user of another company, the company's own user without permission to
register, and a user of another partner.

``x`` refused: NotAllowed or NotFound · ``i`` refused as a value that is not one · ``-`` nothing of the company's, and nothing of it changed ·
``s`` sees or does it, because it is the company's own user's to see or do
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from services.dispatch import queueing
from services.dispatch.placing import Parcel
from services.fiscal.danfe import Danfe
from services.health import activity, agenda, linking, overview, retest, setup, testable
from services.health.troubles import Trouble
from services.notifications import (
    addresses,
    bell,
    by_hand,
    coverage,
    recipients,
    subscriptions,
    types,
)
from services.outbox import progress, queue, views
from services.reading import (
    documents,
    exporting,
    foresight,
    owning,
    quarantine,
    receipts,
    rechecking,
    under_way,
)
from services.reading.taking_apart.findings import Extracted
from services.registry import (
    access,
    audit,
    bulk,
    companies,
    company_csv,
    company_export,
    company_views,
    copying,
    imports,
    invoicy_mail,
    links,
    mailbox_form,
    mailbox_views,
    mailboxes,
    microsoft,
    pausing,
    people,
    people_views,
    prefilling,
    relay,
    rotation,
    server_form,
    server_views,
    servers,
    undoing,
    ways,
)
from services.registry.access import Actor
from services.registry.companies import CompanyDraft
from services.registry.mailboxes import MailboxDraft
from services.registry.microsoft import Identity, Link, MicrosoftDraft
from services.registry.people import UserDraft
from services.registry.servers import ServerDraft
from services.settings import Settings
from services.store.models import Function
from services.wire.entra import Person, SignedIn, Tokens
from tests.access.world import CNPJ, KEY, MARK, PORT, UIDL, World, invoice

Call = Callable[[Session, Actor, World], Any]

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_SETTINGS = Settings(home=Path("/nonexistent"), database_url="sqlite:///:memory:")
_MAILBOX = MailboxDraft(
    function="send", nickname="Nova", sender_name="Padaria", email="nova@x.example",
    username="nova@x.example", password="s", active=True, host="smtp.x.example",
)  # fmt: skip
_SERVER = ServerDraft(
    kind="send", nickname="Novo", sender_name="Padaria", email="novo@x.example", partner_key="KN",
    password="s", smtp_host="smtp.x.example",
)  # fmt: skip
_MICROSOFT = MicrosoftDraft("send", "nova@x.example")
_IDENTITY = Identity("nova@x.example", "o.t")
_SIGNED = SignedIn(
    Person("nova@x.example", "o.t"), Tokens("a", datetime(2030, 1, 1, tzinfo=UTC), "{}")
)
_COMPANY = CompanyDraft("44483401000115", "Nova", "Nova Ltda", document_import=True)
_FILE = b"cnpj;apelido;razao_social\n11222333000181;Roubada;Roubada Ltda\n"
_AT_MARK = f"x@{MARK}.example"


def _all(module: Any) -> Call:
    """The whole list of a module, as its screen reads it."""
    return lambda s, a, w: module.rows(s, a, list(module.ids(s, a)))


def _busy(call: Call) -> Call:
    """The company's mailbox has just been read."""

    def counted(session: Session, actor: Actor, world: World) -> Any:
        activity.count_read(session, world.server, 3, {world.company: 2})
        return call(session, actor, world)

    return counted


SERVICES: dict[str, tuple[str, Call]] = {
    "dispatch.queueing.check": (
        "x-x", lambda s, a, w: queueing.check(s, a, [Parcel("a.xml", invoice())], ())),
    "dispatch.queueing.send": (
        "xsx", lambda s, a, w: queueing.send(s, a, [Parcel("a.xml", invoice())])),
    "dispatch.queueing.plan_stored": (
        "xsx", lambda s, a, w: queueing.plan_stored(s, a, w.document)),
    "dispatch.queueing.send_stored": (
        "xsx", lambda s, a, w: queueing.send_stored(s, a, w.document, Danfe(why="unasked"))),
    "health.overview.down": ("-s-", lambda s, a, w: overview.down(s, a)),
    "health.overview.down_count": ("-s-", lambda s, a, w: overview.down_count(s, a)),
    "health.overview.unwell_count": ("-s-", lambda s, a, w: overview.unwell_count(s, a)),
    "health.setup.setup": ("xx-", lambda s, a, w: [setup.setup(s, a).mailbox_id == w.mailbox or None]),
    "health.setup.send_first": ("xsx", lambda s, a, w: setup.send_first(s, a, w.mailbox)),
    "health.retest.account": (
        "xsx", lambda s, a, w: retest.account(s, a, _trouble(w), _SETTINGS)),
    "health.retest.passed": ("xsx", lambda s, a, w: retest.passed(s, a, _trouble(w))),
    "health.testable.of_mailbox": (
        "xsx", lambda s, a, w: testable.of_mailbox(s, a, w.mailbox, _SETTINGS)),
    "health.testable.of_draft": (
        "xsx", lambda s, a, w: testable.of_draft(
            s, a, mailboxes.MailboxDraft(**{**_draft(), "password": None, "host": f"smtp.{MARK}.example"}),
            w.mailbox, _SETTINGS)),
    "health.testable.of_server": (
        "xxx", lambda s, a, w: testable.of_server(s, a, w.unlinked, _SETTINGS)),
    "health.testable.of_server_draft": (
        "xxx", lambda s, a, w: testable.of_server_draft(
            s, a, ServerDraft(**{**_server_draft(), "password": None}), w.unlinked, _SETTINGS)),
    "health.testable.of_registrations": (
        "xxx", lambda s, a, w: testable.of_registrations(s, a, [w.server], _SETTINGS)),
    "health.testable.of_relay": ("xxx", lambda s, a, w: testable.of_relay(s, a, {}, _SETTINGS)),
    "health.testable.relay_passed": ("xx-", lambda s, a, w: testable.relay_passed(s, a)),
    "health.testable.server_passed": (
        "xxx", lambda s, a, w: testable.server_passed(s, a, w.unlinked)),
    "health.testable.mailbox_passed": (
        "xsx", lambda s, a, w: testable.mailbox_passed(s, a, w.mailbox)),
    "health.testable.registration_passed": (
        "xxx", lambda s, a, w: testable.registration_passed(s, a, w.server)),
    "health.agenda.agenda": ("-s-", lambda s, a, w: agenda.agenda(s, a)),
    "health.linking.register": (
        "xxx", lambda s, a, w: linking.register(s, a, w.company, _MICROSOFT, _SIGNED, _SETTINGS)),
    "health.linking.relink": (
        "xxx", lambda s, a, w: linking.relink(s, a, _link(w), _SIGNED, _SETTINGS)),
    "registry.microsoft.plan": (
        "xxx", lambda s, a, w: microsoft.plan(s, a, w.company, _MICROSOFT)),
    "registry.microsoft.add": (
        "xxx", lambda s, a, w: microsoft.add(s, a, w.company, _MICROSOFT, _IDENTITY)),
    "registry.microsoft.plan_again": (
        "xxx", lambda s, a, w: microsoft.plan_again(s, a, w.server)),
    "registry.microsoft.sign_in_again": (
        "xxx", lambda s, a, w: microsoft.sign_in_again(s, a, _link(w), _IDENTITY)),
    "notifications.addresses.add": (
        "xx-", lambda s, a, w: addresses.add(s, a, email="novo@x.example")),
    "notifications.addresses.edit": (
        "xxx", lambda s, a, w: addresses.edit(s, a, w.address, "outro@x.example")),
    "notifications.addresses.remove": ("xxx", lambda s, a, w: addresses.remove(s, a, w.address)),
    "notifications.addresses.ids": ("xx-", _all(addresses)),
    "notifications.addresses.rows": ("xx-", lambda s, a, w: addresses.rows(s, a, [w.address])),
    "notifications.addresses.list_addresses": (
        "xx-", lambda s, a, w: addresses.list_addresses(s, a)),
    "notifications.addresses.view": ("xxx", lambda s, a, w: addresses.view(s, a, w.address)),
    "notifications.addresses.own": ("xxx", lambda s, a, w: addresses.own(s, a, w.address)),
    "notifications.subscriptions.matrix": (
        "xxx", lambda s, a, w: subscriptions.matrix(s, a, w.address)),
    "notifications.subscriptions.linked": (
        "xxx", lambda s, a, w: subscriptions.linked(s, a, w.address)),
    "notifications.subscriptions.link": (
        "xxx", lambda s, a, w: subscriptions.link(s, a, w.address, [w.company])),
    "notifications.subscriptions.unlink": (
        "xxx", lambda s, a, w: subscriptions.unlink(s, a, w.address, [w.company])),
    "notifications.subscriptions.set_types": (
        "xxx", lambda s, a, w: subscriptions.set_types(s, a, w.address, {w.company: ["general"]})),
    "notifications.subscriptions.subscribe": (
        "xxx", lambda s, a, w: subscriptions.subscribe(s, a, w.address, w.company, ["general"])),
    "notifications.subscriptions.unsubscribe": (
        "xxx", lambda s, a, w: subscriptions.unsubscribe(
            s, a, w.address, w.company, ["sending_failed"])),
    "notifications.subscriptions.exposures": (
        "xxx", lambda s, a, w: subscriptions.exposures(
            s, a, w.address, {w.other: ["sending_failed"]})),
    "notifications.recipients.preview": (
        "xsx", lambda s, a, w: recipients.preview(s, a, w.company, "sending_failed")),
    "notifications.coverage.ids": ("-s-", _all(coverage)),
    "notifications.coverage.rows": ("-s-", lambda s, a, w: coverage.rows(s, a, [w.company])),
    "notifications.types.list_types": ("ss-", lambda s, a, w: types.list_types(s, a)),
    "notifications.types.add_type": (
        "xx-", lambda s, a, w: types.add_type(s, a, "novo", title="Novo")),
    "notifications.bell.feed": ("-s-", lambda s, a, w: bell.feed(s, a)),
    "notifications.bell.ids": ("-s-", _all(bell)),
    "notifications.bell.rows": ("-s-", lambda s, a, w: bell.rows(s, a, [w.bell])),
    "notifications.bell.unread_count": ("-s-", lambda s, a, w: bell.unread_count(s, a)),
    "notifications.bell.mark_read": ("xsx", lambda s, a, w: bell.mark_read(s, a, [w.bell])),
    "notifications.bell.mark_all_read": ("-s-", lambda s, a, w: bell.mark_all_read(s, a)),
    "notifications.by_hand.notify": (
        "xsx", lambda s, a, w: by_hand.notify(
            s, a, w.company, type_key="general", subject="s", body="b")),
    "outbox.queue.retry": ("xsx", lambda s, a, w: queue.retry(s, a, [w.failed])),
    "outbox.queue.retry_all_failed": ("-s-", lambda s, a, w: queue.retry_all_failed(s, a)),
    "outbox.queue.cancel": ("xsx", lambda s, a, w: queue.cancel(s, a, [w.queued])),
    "outbox.progress.progress": (
        "-s-", lambda s, a, w: [progress.progress(s, a).failed or None]),
    "outbox.views.ids": ("-s-", _all(views)),
    "outbox.views.rows": ("-s-", lambda s, a, w: views.rows(s, a, [w.queued, w.failed])),
    "outbox.views.show": ("xsx", lambda s, a, w: views.show(s, a, w.queued)),
    "outbox.views.counts": ("-s-", lambda s, a, w: views.counts(s, a)),
    "reading.under_way.under_way": ("-s-", lambda s, a, w: under_way.under_way(s, a)),
    "reading.documents.ids": ("-s-", _all(documents)),
    "reading.documents.rows": ("-s-", lambda s, a, w: documents.rows(s, a, [w.document])),
    "reading.documents.view": ("xsx", lambda s, a, w: documents.view(s, a, w.document)),
    "reading.documents.xml": ("xsx", lambda s, a, w: documents.xml(s, a, w.document)),
    "reading.documents.arrivals": (
        "-s-", lambda s, a, w: documents.arrivals(s, a, _LONG_AGO, _LONG_AGO)[0]),
    "reading.documents.total_count": ("-s-", lambda s, a, w: documents.total_count(s, a)),
    "reading.documents.xmls": ("-s-", lambda s, a, w: documents.xmls(s, a, [w.document])),
    "reading.documents.inside": ("xsx", lambda s, a, w: documents.inside(s, a, w.document)),
    "reading.documents.totals": ("-s-", lambda s, a, w: documents.totals(s, a).count),
    "reading.exporting.put": ("-s-", lambda s, a, w: _exported(s, a, w.document)),
    "reading.foresight.stage": ("xsx", lambda s, a, w: foresight.stage(s, a, w.reading)),
    "reading.rechecking.check_again": (
        "xsx", lambda s, a, w: rechecking.check_again(s, a, [w.document])),
    "health.activity.activity": ("-s-", _busy(
        lambda s, a, w: sum(activity.activity(s, a, w.server).fetched.hours))),
    "health.activity.by_server": ("-s-", _busy(
        lambda s, a, w: activity.by_server(s, a, [w.server]))),
    "health.activity.server_ids": ("-s-", _busy(lambda s, a, w: activity.server_ids(s, a))),
    "health.activity.company_ids": ("-s-", _busy(
        lambda s, a, w: [i for i in activity.company_ids(s, a) if i == w.company])),
    "health.activity.arrivals": ("-s-", _busy(
        lambda s, a, w: activity.arrivals(s, a, [w.company]))),
    "reading.quarantine.ids": ("-s-", _all(quarantine)),
    "reading.quarantine.rows": ("-s-", lambda s, a, w: quarantine.rows(s, a, [w.quarantine])),
    "reading.quarantine.view": ("xsx", lambda s, a, w: quarantine.view(s, a, w.quarantine)),
    "reading.quarantine.message": ("xsx", lambda s, a, w: quarantine.message(s, a, w.quarantine)),
    "reading.quarantine.of_message": (
        "-s-", lambda s, a, w: quarantine.of_message(s, a, w.inbound)),
    "reading.quarantine.counts": ("-s-", lambda s, a, w: quarantine.counts(s, a)),
    "reading.quarantine.open_item": ("xsx", lambda s, a, w: quarantine.open_item(s, a, w.quarantine)),
    "reading.owning.link": ("xxx", lambda s, a, w: owning.link(s, a, w.quarantine, w.company)),
    "reading.quarantine.retry": (
        "xsx", lambda s, a, w: quarantine.retry(s, a, w.quarantine, Extracted())),
    "reading.quarantine.reject": ("xsx", lambda s, a, w: quarantine.reject(s, a, w.quarantine)),
    "reading.receipts.receipts": (
        "xsx", lambda s, a, w: [receipts.receipts(s, a, word) for word in (str(w.inbound), KEY, UIDL)]),
    "reading.receipts.of_ids": ("-s-", lambda s, a, w: receipts.of_ids(s, a, [w.inbound])),
    "registry.access.company": ("xsx", lambda s, a, w: access.company(s, a, w.company)),
    "registry.audit_views.entries": ("xx-", lambda s, a, w: audit.entries(s, a)),
    "registry.audit_views.ids": ("xx-", _all(audit)),
    "registry.audit_views.rows": ("xx-", lambda s, a, w: audit.rows(s, a, [w.change])),
    "registry.audit_views.show": ("xxx", lambda s, a, w: audit.show(s, a, w.change)),
    "registry.bulk.switch": (
        "xx-", lambda s, a, w: bulk.switch(s, a, [w.company], {"document_import": False}).changed),
    "registry.companies.add": ("xx-", lambda s, a, w: companies.add(s, a, _COMPANY)),
    "registry.companies.edit": (
        "xxx", lambda s, a, w: companies.edit(s, a, w.company, {"nickname": "x"})),
    "registry.companies.remove": ("xxx", lambda s, a, w: companies.remove(s, a, w.company)),
    "registry.company_csv.plan": ("xx-", lambda s, a, w: company_csv.plan(s, a, _FILE)),
    "registry.company_csv.apply": (
        "xx-", lambda s, a, w: company_csv.apply(
            s, a, [company_csv.Line(2, "edit", CNPJ, "Roubada", draft=CompanyDraft(
                CNPJ, "Roubada", "Roubada Ltda", document_import=True, invoicy_mail=False),
                company_id=w.company, version=1)])),
    "registry.company_export.export": (
        "-s-", lambda s, a, w: "".join(company_export.export(s, a, [w.company]))),
    "registry.company_export.save": (
        "-s-", lambda s, a, w: _saved(lambda path: company_export.save(s, a, path, ids=[w.company]))),
    "registry.company_views.ids": ("-s-", _all(company_views)),
    "registry.company_views.rows": ("-s-", lambda s, a, w: company_views.rows(s, a, [w.company])),
    "registry.company_views.view": ("xsx", lambda s, a, w: company_views.view(s, a, w.company)),
    "registry.company_views.by_cnpj": ("xsx", lambda s, a, w: company_views.by_cnpj(s, a, CNPJ)),
    "registry.company_views.only": ("-s-", lambda s, a, w: company_views.only(s, a)),
    "registry.copying.differences": (
        "xxx", lambda s, a, w: copying.differences(s, a, w.mailbox)),
    "registry.copying.resync": ("xxx", lambda s, a, w: copying.resync(s, a, w.mailbox)),
    "registry.imports.candidate_ids": (
        "xxx", lambda s, a, w: imports.candidate_ids(s, a, w.company, "partner")),
    "registry.imports.candidate_rows": (
        "xxx", lambda s, a, w: imports.candidate_rows(s, a, w.company, "partner", [w.unlinked])),
    "registry.imports.from_headquarters": (
        "xxx", lambda s, a, w: imports.from_headquarters(s, a, w.branch)),
    "registry.imports.from_partner": (
        "xxx", lambda s, a, w: imports.from_partner(s, a, w.company, w.unlinked)),
    "registry.imports.preview": (
        "xxx", lambda s, a, w: imports.preview(s, a, w.company, "partner", w.unlinked)),
    "registry.undoing.last": ("xsx", lambda s, a, w: undoing.last(s, a, w.company)),
    "registry.undoing.undo": ("xxx", lambda s, a, w: undoing.undo(s, a, w.company)),
    "registry.ways.partner_ways": ("xx-", lambda s, a, w: ways.partner_ways(s, a) and None),
    "registry.ways.ways": ("xsx", lambda s, a, w: ways.ways(s, a, w.company, "send")),
    "registry.mailboxes.own": ("xsx", lambda s, a, w: mailboxes.own(s, a, w.mailbox)),
    "registry.invoicy_mail.view": ("xsx", lambda s, a, w: invoicy_mail.view(s, a, w.company)),
    "registry.invoicy_mail.set_sender_name": (
        "xxx", lambda s, a, w: invoicy_mail.set_sender_name(s, a, w.company, "x")),
    "registry.links.link": ("xxx", lambda s, a, w: links.link(s, a, w.unlinked, [w.other, w.third])),
    "registry.links.unlink": ("xxx", lambda s, a, w: links.unlink(s, a, w.server, [w.company])),
    "registry.links.linked": ("xx-", lambda s, a, w: sorted(links.linked(s, a, w.server))),
    "registry.links.by_cnpj": ("xxx", lambda s, a, w: links.by_cnpj(s, a, [CNPJ])),
    "registry.mailbox_form.prefill": (
        "-s-", lambda s, a, w: mailbox_form.prefill(s, a, "send", _AT_MARK).get("port")),
    "registry.mailbox_form.with_defaults": (
        "-s-", lambda s, a, w: mailbox_form.with_defaults(
            s, a, MailboxDraft(**{**_draft(), "email": _AT_MARK, "host": None})).port == PORT and PORT),
    "registry.mailbox_views.list_of": (
        "xsx", lambda s, a, w: mailbox_views.list_of(s, a, company_id=w.company, function="send")),
    "registry.mailbox_views.ids": (
        "-s-", lambda s, a, w: mailbox_views.rows(s, a, mailbox_views.ids(s, a, company_id=w.company, function="send"))),
    "registry.mailbox_views.rows": ("-s-", lambda s, a, w: mailbox_views.rows(s, a, [w.mailbox])),
    "registry.mailboxes.why_not_register": (
        "xsx", lambda s, a, w: mailboxes.why_not_register(s, a, w.company)),
    "registry.mailboxes.add": ("xxx", lambda s, a, w: mailboxes.add(s, a, w.company, _MAILBOX)),
    "registry.mailboxes.edit": (
        "xxx", lambda s, a, w: mailboxes.edit(s, a, w.mailbox, {"active": False})),
    "registry.mailboxes.remove": ("xxx", lambda s, a, w: mailboxes.remove(s, a, w.mailbox)),
    "registry.mailboxes.move": ("xxx", lambda s, a, w: mailboxes.move(s, a, w.mailbox, 0)),
    "registry.mailboxes.view": ("xsx", lambda s, a, w: mailboxes.view(s, a, w.mailbox)),
    "registry.pausing.pause": ("xxx", lambda s, a, w: pausing.pause(s, a, w.mailbox)),
    "registry.pausing.resume": ("xxx", lambda s, a, w: pausing.resume(s, a, w.mailbox)),
    "registry.pausing.pause_server": (
        "xxx", lambda s, a, w: pausing.pause_server(s, a, w.unlinked)),
    "registry.pausing.resume_server": (
        "xxx", lambda s, a, w: pausing.resume_server(s, a, w.unlinked)),
    "registry.people.add_user": (
        "xxi", lambda s, a, w: people.add_user(
            s, a, UserDraft("eva", "Eva", "e@x.example", "company", (CNPJ,)))),
    "registry.people.edit_user": (
        "xxx", lambda s, a, w: people.edit_user(s, a, w.user, {"active": False})),
    "registry.people.speak": ("sss", lambda s, a, w: people.speak(s, a, "en")),
    "registry.people.remove_user": (
        "xxx", lambda s, a, w: people.remove_user(s, a, f"lia-{MARK}")),
    "registry.people.grant": ("xxx", lambda s, a, w: people.grant(s, a, w.user, [w.other, w.third])),
    "registry.people.revoke": ("xxx", lambda s, a, w: people.revoke(s, a, w.user, [w.company])),
    "registry.people_views.ids": ("xx-", _all(people_views)),
    "registry.people_views.rows": ("xx-", lambda s, a, w: people_views.rows(s, a, [w.user])),
    "registry.people_views.view": ("xxx", lambda s, a, w: people_views.view(s, a, w.user)),
    "registry.people_views.by_nickname": (
        "xxx", lambda s, a, w: people_views.by_nickname(s, a, f"lia-{MARK}")),
    "registry.people_views.list_users": ("xx-", lambda s, a, w: people_views.list_users(s, a)),
    "registry.prefilling.known": (
        "-s-", lambda s, a, w: prefilling.known(s, a, "send", _AT_MARK).get("port")),
    "registry.relay.view": ("xx-", lambda s, a, w: relay.view(s, a)),
    "registry.relay.set_relay": (
        "xx-", lambda s, a, w: relay.set_relay(
            s, a, {"host": "r.x.example", "email": "r@x.example", "authenticate": False})),
    "registry.relay.clear_relay": ("xxx", lambda s, a, w: relay.clear_relay(s, a)),
    "registry.relay.set_auto": ("xx-", lambda s, a, w: relay.set_auto(s, a, True)),
    "registry.relay.save": ("xx-", lambda s, a, w: relay.save(s, a, {}, True)),
    "registry.rotation.siblings": ("xxx", lambda s, a, w: rotation.siblings(s, a, w.server)),
    "registry.rotation.rotate": ("xxx", lambda s, a, w: rotation.rotate(s, a, [w.server], "nova")),
    "registry.rotation.changeable": ("xxx", lambda s, a, w: rotation.changeable(s, a, [w.server])),
    "registry.server_form.prefill": (
        "-s-", lambda s, a, w: server_form.prefill(s, a, "send", _AT_MARK).get("smtp_port")),
    "registry.server_form.with_defaults": (
        "-s-", lambda s, a, w: server_form.with_defaults(
            s, a, ServerDraft(**{**_server_draft(), "email": _AT_MARK, "smtp_host": None})).smtp_port == PORT and PORT),
    "registry.server_views.ids": ("xx-", _all(server_views)),
    "registry.server_views.rows": (
        "xx-", lambda s, a, w: server_views.rows(s, a, [w.server, w.unlinked])),
    "registry.server_views.list_servers": ("xx-", lambda s, a, w: server_views.list_servers(s, a)),
    "registry.server_views.view": ("xxx", lambda s, a, w: server_views.view(s, a, w.server)),
    "registry.server_views.own": ("xxx", lambda s, a, w: server_views.own(s, a, w.server)),
    "registry.servers.add": ("xx-", lambda s, a, w: servers.add(s, a, _SERVER)),
    "registry.servers.edit": (
        "xxx", lambda s, a, w: servers.edit(s, a, w.server, {"active": False})),
    "registry.servers.remove": ("xxx", lambda s, a, w: servers.remove(s, a, w.unlinked)),
}  # fmt: skip

INSIDE = {
    "health.recovery.passed": "gets a server that health.testable has checked",
    "registry.microsoft_places.known": "fills in what microsoft.plan has checked",
    "registry.microsoft_places.refuse_foreign": "is a check itself",
    "registry.prefilling.of_microsoft": "fills in what microsoft.plan has checked",
    "registry.microsoft.prefill": "says where Microsoft's servers are, by prefilling.of_microsoft",
    "registry.rotation.trail_of": "gets servers that its callers have checked",
    "registry.candidates.choose": "gets a company that imports has checked",
    "registry.candidates.rows": "gets a company that imports has checked",
    "registry.ways.check": "is a check itself",
    "registry.access.current": "is the actor anew, before every service",
    "registry.audit.record": "writes what a service did",
    "registry.audit.record_many": "writes what a service did",
    "reading.finding.conditions": "are joined to what the actor sees by its callers",
    "registry.links.add_function": "gets a server that servers.edit has checked",
    "registry.links.drop_function": "gets a server that servers.edit has checked",
    "registry.mailbox_views.views_of": "gets rows that mailbox_views and mailboxes have checked",
    "registry.people_form.check": "a form, for people.add_user and edit_user",
    "registry.permission.may_edit": "is a check itself",
    "registry.relay_form.check": "a form, for relay.set_relay",
    "registry.unlinking.unlink": "gets a mailbox that its callers have checked",
}
"""What takes an actor and is no entrance: called with what a service above has let in, and why."""


def _link(world: World) -> Link:
    return Link("nova@x.example", "consumers", (), "nova@x.example", server_id=world.server)


def _trouble(w: World) -> Trouble:
    """The company's sending mailbox, as *Saúde* would list it."""
    return Trouble(
        server_id=w.server, mailbox_id=w.mailbox, kind="send", email="", nickname="",
        mechanism="password", host="",
        state="down", since=None, until=None, code=None, reason="", functions=(Function.SEND,),
        tested="send", hits=(),
    )  # fmt: skip


def _draft() -> dict[str, Any]:
    return {name: getattr(_MAILBOX, name) for name in _MAILBOX.__dataclass_fields__}


def _server_draft() -> dict[str, Any]:
    return {name: getattr(_SERVER, name) for name in _SERVER.__dataclass_fields__}


def _exported(session: Session, actor: Actor, document_id: int) -> list[bytes]:
    """What was written to files, which are taken away again."""
    with tempfile.TemporaryDirectory() as folder:
        names = exporting.put(session, actor, exporting.Folder(Path(folder)), [document_id])
        return [(Path(folder) / name).read_bytes() for name in names]


def _saved(save: Callable[[Path], object]) -> str:
    """What was written to a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empresas.csv"
        save(path)
        return path.read_text("utf-8")
