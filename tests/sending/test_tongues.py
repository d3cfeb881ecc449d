"""Why e-mails wait and mailboxes rest, on every screen, for a reader of the other language."""

from __future__ import annotations

from services.failure import Failure, Stage
from services.health import facts, overview
from services.language import speaking
from services.registry import mailbox_views, server_views
from services.registry.access import Actor
from services.sending.tick import Sender
from services.store.engine import Store
from services.store.models import Function
from services.wire import aadsts, replies
from tests.sending.conftest import AddMailbox, Queue, Show


async def test_what_was_written_in_portuguese_is_read_in_english(
    store: Store, actor: Actor, mailbox: AddMailbox, enqueue: Queue, sender: Sender, show: Show
) -> None:
    """R33, R34, R45, R50: Fila, Caixas, Servidores and Saúde, what a server said in its own words."""
    boxes = [mailbox(2525, f"{name}@padaria.example") for name in ("nfe", "aviso")]
    dead, paused = (box.server_id for box in boxes)
    code = Failure("login", Stage.SIGN_IN, "x", "AADSTS50173: no", permanent=True, code=50173)
    full = Failure(
        "mx:25", Stage.SENDER, "quota", "452 Muitos; espere", explanation=replies.explain("quota")
    )
    waits = enqueue()
    with store.writing() as session:
        facts.note_failure(session, dead, code)
        facts.note_failure(session, paused, full, function=Function.SEND)
    await sender.run_due()

    def told() -> tuple[str | None, ...]:
        with store.reading() as session:
            servers = server_views.rows(session, actor, [dead, paused])
            mailboxes = mailbox_views.rows(session, actor, [box.id for box in boxes])
            down = {each.server_id: each.reason for each in overview.down(session, actor)}
        view = show(waits).view
        assert servers[dead].inactive_reason == mailboxes[boxes[0].id].inactive_reason
        assert servers[paused].health_reason == mailboxes[boxes[1].id].health_reason
        assert down[dead] == servers[dead].inactive_reason
        assert down[paused] == servers[paused].health_reason
        return (view.error, view.why, view.recipients[0].why, down[dead], down[paused])

    portuguese = told()
    with speaking("en"):
        english = told()
        expired, quota = aadsts.description(50173), replies.explain("quota")
        assert english[3:] == (expired, f"{quota} 452 Muitos; espere")
    for pt, en in zip(portuguese, english, strict=True):
        assert pt is not None
        assert en is not None
        assert not {"foi", "está", "até", "Acesso", "limite"} & {*en.replace("(", " ").split()}
    why = (english[2] or "").replace(" (until ", "\n").split("\n")[0]
    assert why == (
        f"nfe@padaria.example was inactivated (AADSTS50173): {expired}; "
        f"aviso@padaria.example is paused: {quota} 452 Muitos; espere"
    )
    assert (portuguese[2] or "").startswith("nfe@padaria.example foi inativada (AADSTS50173): ")
