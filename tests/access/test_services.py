"""No service shows or changes what is not this user's (R11, R53), whichever there are."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import GeneratorType

import pytest
from sqlalchemy.orm import Session

import services
from services.errors import CarteiroError, Invalid, NotAllowed, NotFound
from services.registry.access import Actor
from services.store.engine import Store
from tests.access.services_table import INSIDE, SERVICES, Call
from tests.access.world import MARK, PASSWORD, PORT, World, build, dump, stored_password

PEOPLE = ("rui", "lia", "zoe")
_FAMILY = {"x": "refused", "i": "called wrong", "-": "nothing", "s": "sees it"}


def entrances() -> Iterator[str]:
    """Every public function of ``services`` whose first parameters are a session and an actor."""
    for found in pkgutil.walk_packages(services.__path__, "services."):
        if ".migrations" in found.name:
            continue
        module = importlib.import_module(found.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or function.__module__ != found.name:
                continue
            if [*inspect.signature(function).parameters][:2] == ["session", "actor"]:
                yield f"{found.name.removeprefix('services.')}.{name}"


def test_every_service_has_its_line() -> None:
    """R53: who adds a service says in tests/access/services_table.py what others get of it."""
    there = set(entrances())
    assert there - SERVICES.keys() - INSIDE.keys() == set(), "add a line to services_table.py"
    assert (SERVICES.keys() | INSIDE.keys()) - there == set(), "take these lines away"


@pytest.mark.parametrize("place", range(3), ids=PEOPLE)
def test_others_get_nothing(
    store: Store, tmp_path: Path, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R11, R53: a user of another company, one without permission, one of another partner."""
    monkeypatch.chdir(tmp_path)
    with store.writing() as session:
        world = build(session)
    actor: Actor = getattr(world, PEOPLE[place])
    wrong = []
    before = there(store, actor)
    for name, (expected, call) in SERVICES.items():
        got, told = attempt(store, world, actor, call, before)
        if got != expected[place] and (got, expected[place]) != ("-", "s"):
            wrong.append(
                f"{name}: {_FAMILY.get(got, got)} instead of {_FAMILY[expected[place]]}: {told}"
            )
    assert not wrong, "\n".join(wrong)


def test_the_partners_own_user_gets_all_of_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table asks for things that are there: whose they are gets them."""
    monkeypatch.chdir(tmp_path)
    with store.writing() as session:
        world = build(session)
    wrong = []
    before = there(store, world.ana)
    for name, (expected, call) in SERVICES.items():
        got, told = attempt(store, world, world.ana, call, before)
        one = name == "registry.company_views.only"  # of two there is no only one
        if got == "x" or (expected[0] == "-" and got != "s" and not one):
            wrong.append(f"{name}: {got}: {told}")
    assert not wrong, "\n".join(wrong)


def there(store: Store, actor: Actor) -> set[tuple[str, str]]:
    """All that is in the database, but for what is the actor's own."""
    with store.reading() as session:
        return dump(session, actor)


def attempt(
    store: Store, world: World, actor: Actor, call: Call, before: set[tuple[str, str]]
) -> tuple[str, str]:
    """What became of it, as a letter of the table, and the words; nothing stays changed."""
    with Session(store.write_engine, info={"store": store}) as session:
        session.begin()
        try:
            result = call(session, actor, world)
            if isinstance(result, GeneratorType):
                result = list(result)
            session.flush()
        except (NotAllowed, NotFound) as e:
            return "x", e.message
        except Invalid as e:
            return "i", e.message
        except CarteiroError as e:
            return type(e).__name__, e.message
        told = repr(result)
        shown = any(word in told for word in (MARK, str(PORT), PASSWORD)) or _counts(result)
        lost = before - dump(session, actor)
        kept = stored_password(session, world) == PASSWORD
        session.rollback()
    words = f"{told[:300]} {sorted(lost)[:2]}"
    return ("s" if shown or lost or not kept else "-"), words


def _counts(result: object) -> bool:
    """A number, a list of numbers or a count by state tells too, unless there is nothing."""
    if isinstance(result, dict):
        return any(isinstance(value, int) and value > 0 for value in result.values())
    if isinstance(result, list | array):
        return any(isinstance(value, int) for value in result)
    return isinstance(result, int) and not isinstance(result, bool) and result > 0
