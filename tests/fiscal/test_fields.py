"""What is looked for in one pass is what lxml finds one by one."""

import lxml.etree as etree
from hypothesis import given
from hypothesis import strategies as st

from services.fiscal.fields import first, firsts

_NAMES = ("{urn:x}a", "{urn:x}b", "{urn:y}a", "a")
_STEPS = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3)


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


@given(trees(), _STEPS)
def test_the_first_on_a_path_is_the_one_that_find_finds(
    root: etree._Element, steps: list[str]
) -> None:
    assert first(root, *steps) is root.find("/".join(steps))


@given(trees(), st.lists(_STEPS, min_size=1, max_size=4, unique_by=lambda steps: steps[0]))
def test_several_paths_in_one_pass(root: etree._Element, paths: list[list[str]]) -> None:
    one_by_one = {steps[0]: root.find("/".join(steps)) for steps in paths}
    together = firsts(root, {step: tuple(further) for step, *further in paths})
    assert together == {step: end for step, end in one_by_one.items() if end is not None}
