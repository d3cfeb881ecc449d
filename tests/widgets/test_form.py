"""Forms from data: keys, errors beside their fields, and what was made by hand (R18)."""

from __future__ import annotations

import pytest

from screens.widgets.field_row import FieldRow
from screens.widgets.fields import FieldSpec
from screens.widgets.form import Form
from services.errors import Invalid, InvalidFields
from tests.widgets.conftest import Stage, lines


def _email(text: str) -> None:
    if "@" not in text:
        raise Invalid("Falta o @: nome@empresa.com.br")


SPECS = (
    FieldSpec("nickname", "Apelido", required=True),
    FieldSpec("email", "E-mail", required=True, validate=_email, help="De quem sai"),
    FieldSpec("password", "Senha", "password"),
    FieldSpec("active", "Ativa", "switch"),
    FieldSpec("origin", "Origem", "readonly"),
    FieldSpec("host", "Servidor", advanced=True),
    FieldSpec("port", "Porta", "integer", advanced=True),
    FieldSpec(
        "security",
        "Segurança",
        "choice",
        advanced=True,
        choices=(("tls", "TLS"), ("starttls", "STARTTLS"), ("none", "Nenhuma")),
    ),
    FieldSpec("days", "Dias", "integer", visible_when=lambda values: bool(values["active"])),
)
FIRST = {"active": True, "port": 587, "security": "starttls", "origin": "Re: [/] \x1b[2J"}


def _row(form: Form, name: str) -> FieldRow:
    return next(row for row in form.query(FieldRow) if row.spec.name == name)


async def test_typing_gives_typed_values_and_tells_of_changes() -> None:
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        assert not form.changed
        form.focus_field("nickname")
        await pilot.pause()
        await pilot.press(*"Caixa", "enter", *"a@b.com", "down", *"s3[/]", "down", "space")
        assert form.values()["nickname"] == "Caixa"
        assert form.values()["email"] == "a@b.com"
        assert form.values()["password"] == "s3[/]"
        assert form.values()["active"] is False
        assert form.values()["port"] == 587
        assert form.changed
        assert "s3" not in "".join(lines(pilot.app))


async def test_one_line_a_field_and_advanced_ones_folded() -> None:
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        shown = lines(pilot.app)
        assert "Apelido *" in shown[0]
        assert "E-mail *" in shown[1]
        assert not any("Porta" in line for line in shown)
        form.focus_field("nickname")
        await pilot.pause()
        await pilot.press("f4")
        await pilot.pause()
        assert any("Porta" in line and "587" in line for line in lines(pilot.app))
        assert any("‹ STARTTLS ›" in line for line in lines(pilot.app))
        assert _row(form, "host").control.has_focus
        await pilot.press("f4")
        await pilot.pause()
        assert not any("Porta" in line for line in lines(pilot.app))


async def test_a_long_form_is_paged_and_the_field_comes_along() -> None:
    form = Form([FieldSpec(f"f{n}", f"Campo {n}") for n in range(30)])
    async with Stage(form).run_test(size=(80, 10)) as pilot:
        form.focus_field("f0")
        await pilot.pause()
        tops = []
        for key in ("pagedown", "pagedown", "pagedown", "pagedown", "pageup", "pagedown"):
            await pilot.press(key)
            await pilot.pause()
            focused = next(row for row in form.query(FieldRow) if row.control.has_focus)
            assert any(f"{focused.spec.label} " in line for line in lines(pilot.app)), key
            tops.append((form.scroll_offset.y, focused.spec.name))
        assert tops == [(9, "f9"), (18, "f18"), (20, "f20"), (20, "f29"), (11, "f20"), (20, "f20")]
        await pilot.press("x")
        assert form.values()["f20"] == "x"
        for _page in range(4):
            await pilot.press("pageup")
        assert _row(form, "f0").control.has_focus


async def test_all_errors_at_once_and_the_first_focused() -> None:
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        form.set_value("email", "sem arroba", by_hand=True)
        assert not form.check()
        await pilot.pause()
        text = "\n".join(lines(pilot.app))
        assert "▲ Preencha este campo" in text
        assert "▲ Falta o @" in text
        assert _row(form, "nickname").control.has_focus
        form.set_value("nickname", "x", by_hand=True)
        form.set_value("email", "a@b", by_hand=True)
        assert form.check()


async def test_a_field_is_validated_when_left() -> None:
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        form.focus_field("email")
        await pilot.pause()
        await pilot.press(*"abc", "tab")
        await pilot.pause()
        assert "▲ Falta o @" in lines(pilot.app)[2]
        await pilot.press("shift+tab", *"@x", "tab")
        await pilot.pause()
        assert "▲" not in "".join(lines(pilot.app))


async def test_an_error_does_not_repeat_the_label_beside_it() -> None:
    """What a service refuses names its field, for who sees no form."""
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        form.show_errors([Invalid("E-mail: endereço inválido", field="email")])
        await pilot.pause()
        assert "▲ Endereço inválido" in lines(pilot.app)[2]
        form.show_errors([Invalid("E-mail: a@b.com já existe", field="email")])
        await pilot.pause()
        assert "▲ a@b.com já existe" in lines(pilot.app)[2]


async def test_an_error_in_an_advanced_field_unfolds_it() -> None:
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        form.show_errors(
            [InvalidFields([Invalid("porta \x1b[2Jocupada", field="port"), Invalid("geral")])]
        )
        await pilot.pause()
        await pilot.pause()
        text = "\n".join(lines(pilot.app))
        assert form.unfolded
        assert "▲ porta ·[2Jocupada" in text
        assert "▲ geral" in text
        assert _row(form, "port").control.has_focus


async def test_prefilled_values_never_take_the_place_of_those_made_by_hand() -> None:
    """R18"""
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        assert form.set_value("host", "smtp.exemplo.com")
        form.focus_field("host")
        await pilot.pause()
        await pilot.press("end", *".br")
        assert form.is_by_hand("host")
        assert not form.set_value("host", "smtp.outro.com")
        assert form.set_value("port", 465)
        assert form.values()["host"] == "smtp.exemplo.com.br"
        assert form.values()["port"] == 465
        # an emptied field may be filled again
        await pilot.press("ctrl+u")
        assert form.set_value("host", "smtp.outro.com")
    saved = Form(SPECS, FIRST, made_by_hand=FIRST)
    async with Stage(saved).run_test():
        assert not saved.set_value("port", 465)


async def test_what_was_only_prefilled_is_nothing_that_leaving_would_lose() -> None:
    """R18"""
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        form.set_value("host", "smtp.exemplo.com")
        form.set_value("active", False)
        assert form.changed
        assert not form.typed
        form.focus_field("nickname")
        await pilot.pause()
        await pilot.press(*"Caixa")
        assert form.typed
        await pilot.press("ctrl+u")
        assert not form.typed
    saved = Form(SPECS, {**FIRST, "host": "smtp.exemplo.com"}, made_by_hand=["host", "not asked"])
    async with Stage(saved).run_test(size=(80, 24)) as pilot:
        saved.focus_field("host")
        await pilot.pause()
        await pilot.press("ctrl+u")
        assert saved.set_value("host", "smtp.outro.com")
        assert saved.typed


async def test_fields_come_and_go_with_others() -> None:
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        assert any("Dias" in line for line in lines(pilot.app))
        form.set_value("active", False)
        await pilot.pause()
        assert not any("Dias" in line for line in lines(pilot.app))


async def test_choices_turn_by_arrow() -> None:
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        form.focus_field("security")
        await pilot.pause()
        await pilot.press("right")
        assert form.values()["security"] == "none"
        await pilot.press("right", "left", "left")
        assert form.values()["security"] == "starttls"


@pytest.mark.parametrize(
    "text", ["Re: [/] nota", "[@click=app.quit]x", "\x1b]52;c;QQ==\x07", "\x9b2J"]
)
async def test_hostile_values_are_shown_safely_and_kept(text: str) -> None:
    form = Form(SPECS, {**FIRST, "nickname": text})
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        drawn = lines(pilot.app)
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for line in drawn for c in line)
        assert form.values()["nickname"] == text
        assert not form.changed
        form.focus_field("nickname")
        await pilot.pause()
        await pilot.press("end", "x", "backspace")
        assert not form.changed


async def test_a_letter_in_a_number_is_not_taken() -> None:
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        form.focus_field("port")
        await pilot.pause()
        await pilot.press("end", "x", "1")
        assert form.values()["port"] == 5871


async def test_loading_begins_anew() -> None:
    form = Form(SPECS, FIRST)
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        form.set_value("nickname", "a", by_hand=True)
        assert form.changed
        form.load({**FIRST, "nickname": "b"}, made_by_hand=["nickname"])
        await pilot.pause()
        assert not form.changed
        assert form.values()["nickname"] == "b"
        assert not form.set_value("nickname", "c")
