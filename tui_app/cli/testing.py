"""*Testar E-mail* on the command line: the steps as they come, or as one JSON array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from screens.step_words import step_words
from services.language import _
from services.store.models import Kind
from tui_app.cli.context import Context

if TYPE_CHECKING:
    from services.health.accounts import Account
    from services.health.steps import Step

_TOLD = ("step", "ok", "detail", "explanation", "field", "ms", "protocol")


def run_test(
    context: Context, account: Account, kind: str, *, names: Mapping[str, str] | None = None
) -> int:
    """Test what ``kind`` says, "both" in one run; the exit status, 1 when a step failed (R8, R19).

    ``names`` are the options of fields that are called otherwise there.
    """
    from services.health import email_test
    from services.health.steps import cure_of

    names_of_steps = step_words(signs_in=account.signs_in)
    widest = max(map(len, names_of_steps.values())) + (len(" (SMTP)") if kind == Kind.BOTH else 0)

    def show(step: Step) -> None:
        mark = "✓" if step.ok else "✗"
        name = names_of_steps.get(step.step, step.step)
        if kind == Kind.BOTH:
            name = f"{name} ({step.protocol.upper()})"
        context.out.say(f"{mark} {name:<{widest}} {step.ms:>7} ms  {step.detail}")
        if step.ok:
            return
        if step.explanation:
            context.out.say("  " + step.explanation)
        if (cure := cure_of(account, step)) is not None:
            context.out.say(f"  {cure.title} (carteiro guidance {cure.key})")
            for line in cure.numbered():
                context.out.say("    " + line)

    sign_ins = context.office.sign_ins if account.signs_in else None
    steps = context.run(
        email_test.run_test(
            account, kind, on_step=show, hostname=context.settings.hostname, sign_ins=sign_ins
        )
    )
    passed = all(step.ok for step in steps)
    context.out.give(
        [_told(step, names or {}) for step in steps],
        lambda: context.out.say(_("Tudo certo") if passed else _("O teste falhou")),
    )
    return 0 if passed else 1


def _told(step: Step, names: Mapping[str, str]) -> dict[str, object]:
    told = {name: getattr(step, name) for name in _TOLD}
    return told | {"field": names.get(step.field or "", step.field)}
