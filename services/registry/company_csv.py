"""Companies from a file: first what it would do, line by line, then doing it in chunks.

By default a file with a wrong line changes nothing (:func:`chunks` refuses it); on demand the
lines that are right are taken alone. What is applied is what was planned: a company that
somebody has changed or registered since is left as it is, and its line told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from services.errors import CarteiroError, Conflict, Invalid, InvalidFields, Refused
from services.fiscal import cnpj as cnpjs
from services.language import _, ngettext
from services.registry import access, audit, csv_text, versions
from services.registry.access import Actor
from services.registry.audit import Change
from services.registry.bulk import pieces
from services.registry.company_columns import KNOWN, columns_of, values_of
from services.registry.company_form import CompanyDraft, check, check_headquarters, columns, taken
from services.registry.company_world import Known, World, branched, load
from services.registry.fields import Form
from services.store.insertion import insert
from services.store.models import Company, Partner

__all__ = ["Applied", "Line", "Plan", "apply", "chunks", "plan"]

ADD, EDIT, SAME, ERROR = "add", "edit", "same", "error"
CHUNK = 500
_COMPANY = cast(Table, Company.__table__)
_NEW = CompanyDraft("", "", "")


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of the file means; ``number`` is its first line in the file, from 1.

    ``action`` is add, edit, same or error. ``cnpj`` is as typed where it is wrong. ``changes``
    has before and after by field, for edits; ``errors`` field and message. The rest is for
    :func:`apply`: the values in canonical form, the company and its version as they were seen,
    and the step: no branch (0), branch (1), headquarters that becomes a branch (2).
    """

    number: int
    action: str
    cnpj: str
    nickname: str
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    errors: tuple[tuple[str | None, str], ...] = ()
    draft: CompanyDraft | None = None
    company_id: int | None = None
    version: int | None = None
    step: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Every line in the order of the file, and how many there are of each action."""

    lines: tuple[Line, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a chunk did; ``errors`` are the lines that could not be applied, as errors."""

    added: int = 0
    changed: int = 0
    errors: tuple[Line, ...] = ()

    def __add__(self, other: Applied) -> Applied:
        """Both chunks together."""
        return Applied(
            self.added + other.added, self.changed + other.changed, self.errors + other.errors
        )


def plan(
    session: Session,
    actor: Actor,
    data: bytes,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """What the file would do, changing nothing; only for the partner (R53).

    A company of a CNPJ that is registered is edited in the columns that the file has; others are
    added. A headquarters may come later in the file. ``progress`` hears how many lines of how
    many have been looked at; it may raise to stop. Raises :class:`Invalid` with ``field="file"``
    for what is no such file.
    """
    access.partner_only(actor)
    table = csv_text.read(data, KNOWN)
    places = columns_of(table.header)
    automatic = session.get_one(Partner, actor.partner_id).auto_invoicy_mail
    new = replace(_NEW, invoicy_mail=automatic)
    world = World(load(session, actor.partner_id))
    drafts = [_Typed(row.number, *values_of(row, places)) for row in table.rows]
    first: dict[str, int] = {}
    for typed in drafts:
        typed.place(world, new, first)
    lines: list[Line] = []
    # Headquarters first: a branch of one that is wrong is told so.
    for done, typed in enumerate(sorted(drafts, key=attrgetter("is_branch")), 1):
        lines.append(typed.line(world))
        if progress is not None and (done % CHUNK == 0 or done == len(drafts)):
            progress(done, len(drafts))
    lines.sort(key=attrgetter("number"))
    counts = Counter(line.action for line in lines)
    return Plan(tuple(lines), {action: counts[action] for action in (ADD, EDIT, SAME, ERROR)})


def chunks(
    plan: Plan, *, skip_errors: bool = False, size: int = CHUNK
) -> Iterator[tuple[Line, ...]]:
    """The lines to apply, each chunk a unit of work of its own, headquarters before branches.

    Raises :class:`Refused` at once while any line is wrong, unless those are to be skipped. Who
    stops between two chunks leaves the former done and the latter undone.
    """
    wrong = plan.counts[ERROR]
    if wrong and not skip_errors:
        raise Refused(
            ngettext(
                "Nada foi importado: {n} linha tem erro",
                "Nada foi importado: {n} linhas têm erro",
                wrong,
            ).format(n=wrong),
            field="file",
        )
    lines = [line for line in plan.lines if line.action in (ADD, EDIT)]
    lines.sort(key=attrgetter("step", "number"))
    return (tuple(some) for some in pieces(lines, size))


def apply(session: Session, actor: Actor, lines: Sequence[Line]) -> Applied:
    """Do what these lines of a plan say, in one unit of work, audited for each company (R55).

    A line that has become wrong since (somebody changed or registered that company) is given
    back as an error; the others go in.
    """
    access.partner_only(actor)
    done = Applied()
    ours = sorted((each for each in lines if each.action in (ADD, EDIT)), key=attrgetter("step"))
    # All at once and in one order: two that hold what the other waits for would be stopped.
    load(session, actor.partner_id, _named(ours), hold=True)
    for _step, some in groupby(ours, attrgetter("step")):
        done += _apply(session, actor, list(some))
    return done


class _Typed:
    """A line on its way from cells to what it means."""

    def __init__(self, number: int, values: dict[str, Any], wrong: list[Invalid]) -> None:
        self.number = number
        self.values = values
        self.wrong = wrong
        self.draft = _NEW
        self.cnpj = ""
        self.before: Known | None = None

    @property
    def is_branch(self) -> bool:
        """Will it have a headquarters?"""
        return bool(self.draft.headquarters)

    def place(self, world: World, new: CompanyDraft, first: dict[str, int]) -> None:
        """Put the company as it would be into ``world``, for the others to be checked against."""
        try:
            self.cnpj = cnpjs.parse(self.values.get("cnpj") or "")
        except Invalid:
            self.draft = replace(new, **self.values)
            return
        self.before = world.known.get(self.cnpj)
        self.draft = replace(self.before.draft if self.before else new, **self.values)
        if self.draft.headquarters:
            self.draft = replace(self.draft, headquarters=_bare(self.draft.headquarters))
        if self.cnpj in first:
            self.wrong.append(
                Invalid(
                    _("CNPJ repetido: já está na linha {number}").format(number=first[self.cnpj]),
                    field="cnpj",
                )
            )
            return
        first[self.cnpj] = self.number
        world.put(self.cnpj, replace(self.draft, cnpj=self.cnpj))

    def line(self, world: World) -> Line:
        """What the line means, given how all the others would leave the world."""
        before = self.before
        try:
            clean = check(self.draft, world, self.cnpj if before else None)
        except InvalidFields as e:
            self.wrong += e.errors
        if self.wrong:
            return self._refused(world)
        if before is None:
            return Line(
                self.number, ADD, clean.cnpj, clean.nickname, draft=clean, step=int(self.is_branch)
            )
        old, now = asdict(before.draft), asdict(clean)
        changes = {name: (old[name], now[name]) for name in now if old[name] != now[name]}
        becomes_branch = self.is_branch and before.draft.headquarters is None
        return Line(
            self.number,
            EDIT if changes else SAME,
            clean.cnpj,
            clean.nickname,
            changes,
            draft=clean,
            company_id=before.id,
            version=before.version,
            step=2 if becomes_branch else int(self.is_branch),
        )

    def _refused(self, world: World) -> Line:
        told: dict[str | None, str] = {}
        for error in self.wrong:
            told.setdefault(error.field, error.message)
        repeated = any(error.field == "cnpj" for error in self.wrong)
        if self.cnpj and not repeated:
            world.restore(self.cnpj)
        cnpj = self.cnpj or str(self.values.get("cnpj") or "")[:60]
        return Line(self.number, ERROR, cnpj, self.draft.nickname[:60], errors=tuple(told.items()))


def _apply(session: Session, actor: Actor, lines: list[Line]) -> Applied:
    """Lines of one step, of which none depends on another."""
    drafts = [line.draft for line in lines if line.draft is not None]
    known = load(session, actor.partner_id, _named(lines), hold=True)
    own = [known[d.cnpj] for d in drafts if d.headquarters and d.cnpj in known]
    world = World(known, branched(session, own))
    good: list[Line] = []
    bad: list[Line] = []
    for line in lines:
        try:
            _still(session, world, line)
            good.append(line)
        except CarteiroError as e:
            bad.append(_failed(line, e))
    added, late = _insert(session, actor, known, [line for line in good if line.action == ADD])
    edited = [line for line in good if line.action == EDIT]
    _update(session, actor, known, edited)
    return Applied(added, len(edited), tuple(bad + late))


def _named(lines: Iterable[Line]) -> set[str]:
    """The CNPJs of the companies and of their headquarters."""
    drafts = [line.draft for line in lines if line.draft is not None]
    return {
        cnpj for draft in drafts for cnpj in (draft.cnpj, draft.headquarters) if cnpj is not None
    }


def _still(session: Session, world: World, line: Line) -> None:
    """Raise when the line does not hold any more."""
    assert line.draft is not None
    now = world.known.get(line.cnpj)
    if line.action == ADD:
        if now is not None:
            raise taken(line.cnpj, now.draft.nickname)
    elif now is None or now.id != line.company_id:
        raise Conflict(_("A empresa foi excluída depois que o arquivo foi conferido"), field="cnpj")
    else:
        versions.check(session, "company", now.id, now.version, line.version)
    if line.draft.headquarters:
        form = Form()
        own = line.cnpj if line.action == EDIT else None
        check_headquarters(form, world, line.draft.headquarters, line.cnpj, own)
        form.done()


def _failed(line: Line, error: CarteiroError) -> Line:
    several = error.errors if isinstance(error, InvalidFields) else [error]
    return replace(
        line, action=ERROR, changes={}, errors=tuple((e.field, e.message) for e in several)
    )


def _insert(
    session: Session, actor: Actor, known: Mapping[str, Known], lines: list[Line]
) -> tuple[int, list[Line]]:
    """How many are new, and the lines that another process was quicker with."""
    if not lines:
        return 0, []
    query = (
        insert(session, _COMPANY)
        .on_conflict_do_nothing(index_elements=("partner_id", "cnpj"))
        .returning(_COMPANY.c.cnpj, _COMPANY.c.id)
    )
    values = [{"partner_id": actor.partner_id, **_columns(known, line)} for line in lines]
    made: dict[str, int] = dict(
        session.execute(query, sorted(values, key=lambda row: str(row["cnpj"]))).all()
    )
    audit.record_many(
        session,
        actor,
        ADD,
        "company",
        [
            Change(made[line.cnpj], made[line.cnpj], after=asdict(line.draft))
            for line in lines
            if line.cnpj in made and line.draft is not None
        ],
    )
    late = [_failed(line, taken(line.cnpj, line.cnpj)) for line in lines if line.cnpj not in made]
    return len(made), late


def _update(session: Session, actor: Actor, known: Mapping[str, Known], lines: list[Line]) -> None:
    if not lines:
        return
    names = _columns(known, lines[0]).keys()
    session.execute(
        update(_COMPANY)
        .where(_COMPANY.c.id == bindparam("of"))
        .values(
            {name: bindparam(f"new_{name}") for name in names} | {"version": _COMPANY.c.version + 1}
        ),
        [
            {f"new_{name}": value for name, value in _columns(known, line).items()}
            | {"of": line.company_id}
            for line in lines
        ],
    )
    audit.record_many(
        session,
        actor,
        EDIT,
        "company",
        [
            Change(
                line.company_id,
                line.company_id,
                {name: before for name, (before, _after) in line.changes.items()},
                {name: after for name, (_before, after) in line.changes.items()},
            )
            for line in lines
        ],
    )


def _columns(known: Mapping[str, Known], line: Line) -> dict[str, Any]:
    assert line.draft is not None
    above = line.draft.headquarters
    return {**columns(line.draft), "headquarters_id": known[above].id if above else None}


def _bare(cnpj: str) -> str:
    try:
        return cnpjs.parse(cnpj)
    except Invalid:
        return cnpj
