"""Elements are found as lxml finds them."""

import lxml.etree as etree
from hypothesis import given
from hypothesis import strategies as st

from services.fiscal.fields import first

_NAMES = ("{urn:x}a", "{urn:x}b", "{urn:y}a", "a")


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> etree._Element:
    """Few names, so that they come again and again; comments and instructions between them."""
    root = etree.Element(draw(st.sampled_from(_NAMES)))
    for kind in draw(st.lists(st.integers(0, 5), max_size=4 if depth else 0)):
        if kind == 0:
            root.append(etree.Comment("a"))
        elif kind == 1:
            root.append(etree.ProcessingInstruction("a"))
        else:
            root.append(draw(trees(depth - 1)))
    return root


@given(trees(), st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3))
def test_the_first_on_a_path_is_the_one_that_find_finds(
    root: etree._Element, steps: list[str]
) -> None:
    assert first(root, *steps) is root.find("/".join(steps))
