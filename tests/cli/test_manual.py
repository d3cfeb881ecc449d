"""``carteiro manual``: the chapters for terminals and pipes."""

from __future__ import annotations

import pytest

from services.wire import aadsts
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("lang", "heading"), [("pt_BR", "As quatro maneiras"), ("en", "The four ways")]
)
def test_chapters_are_listed_read_and_searched(bare: Run, lang: str, heading: str) -> None:
    """R4: before any partner exists; by key, by number, by words, in both languages."""
    listed = bare("manual", "--lang", lang).out
    keys = [one["key"] for one in bare("manual", "--json", "--lang", lang).json]
    assert len(keys) == 10
    assert all(key in listed for key in keys)
    told = bare("manual", "register", "--lang", lang).out
    assert heading in told
    assert max(map(len, told.splitlines())) <= 80
    assert not set("`*\x1b") & set(told)
    assert bare("manual", "2", "--lang", lang).out == told
    assert bare("manual", "register", "--json", "--lang", lang).json["key"] == "register"
    hits = bare("manual", *heading.split(), "--json", "--lang", lang).json
    assert heading in hits[0]["title"]


def test_inactivation_table_is_the_programs_own(bare: Run) -> None:
    """R45, R47: the seven codes with the words of the warnings."""
    told = " ".join(bare("manual", "microsoft").out.split())
    for code in aadsts.seven():
        assert f"AADSTS{code} {aadsts.description(code)} {aadsts.remedy(code)}" in told


def test_words_that_nobody_wrote(bare: Run) -> None:
    """What the manual does not hold is not found: exit 4, and where to look."""
    ran = bare("manual", "xyzzy")
    assert ran.status == 4
    assert "carteiro manual" in ran.err
