"""Every kind of document in every shape and encoding is found, whole, once (R37)."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.fiscal.facts import Facts
from services.fiscal.recognise import recognise
from services.reading.taking_apart.extract import Caps, extract
from tests.documents import kinds
from tests.documents.kinds import MAKERS, Sample
from tests.documents.shapes import ENCODINGS, NARROW, SHAPES, TEXT_ONLY


@cache
def sample(kind: str) -> Sample:
    return MAKERS[kind](kinds.ISSUER, kinds.RECIPIENT, 77)


def found(raw: bytes) -> list[tuple[str, str, str]]:
    """Kind, key and event of everything that is found, when there is no problem."""
    answer = extract(raw, Caps())
    assert answer.problems == ()
    return [(one.facts.kind, one.facts.access_key, one.facts.event_id) for one in answer.found]


def expected(one: Sample) -> list[tuple[str, str, str]]:
    return [(one.kind, one.key, one.event_id)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_in_this_shape(shape: str) -> None:
    """R37: by content, whatever it is called and however it is wrapped."""
    for kind in MAKERS:
        one = sample(kind)
        assert (kind, found(SHAPES[shape](one.xml))) == (kind, expected(one))


@pytest.mark.parametrize("kind", MAKERS)
def test_this_kind_in_every_encoding(kind: str) -> None:
    """R37: and the names in it are read right."""
    one = sample(kind)
    right = recognise(one.xml)
    for name, encoded in ENCODINGS.items():
        assert (name, recognise(encoded(one.xml))) == (name, right)
    assert isinstance(right, Facts)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(MAKERS)),
    st.sampled_from(sorted(SHAPES)),
    st.sampled_from(sorted(ENCODINGS)),
)
def test_kind_shape_and_encoding_together(kind: str, shape: str, encoding: str) -> None:
    """R37: what a supplier's mailer makes of it."""
    one = sample(kind)
    if shape in TEXT_ONLY or (shape in NARROW and encoding.startswith("utf-16")):
        encoding = "utf-8"
    assert found(SHAPES[shape](ENCODINGS[encoding](one.xml))) == expected(one)
