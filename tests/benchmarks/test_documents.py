"""Finding one document among a million: as fast as among ten thousand (R43)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

from services.clock import now
from services.office import Office
from services.reading import documents, receipts
from services.reading.finding import Filters
from services.reading.period import Period
from services.registry.access import Actor
from tests.benchmarks.big_archive import fill, found, index, issuer, key, settle, unindex
from tests.benchmarks.test_filters import p95
from tests.registry.partner_servers import cnpj_number

FEW, MANY = 10_000, 1_000_000
ROUNDS = 60
PAGE = 100
MOST = 5_000
MOST_MS = 100.0
# Each ten times as many cost a level of an index; a scan would cost a hundred times.
MOST_TIMES = 4.0
_STEP = 100_000

Search = Callable[[int], Filters]


def test_a_million_as_fast_as_ten_thousand(office: Office, actor: Actor) -> None:
    """R43: key, CNPJ, number, names, dates and receipts within 100 ms at p95."""
    office.do_now(found, actor)
    office.do_now(fill, actor, 0, FEW)
    settle(office)
    peer = _measure(office, actor, FEW, lambda n: Filters(text=key(n)))
    office.do_now(unindex)
    for start in range(FEW, MANY, _STEP):
        office.do_now(fill, actor, start, min(start + _STEP, MANY))
    office.do_now(index)
    settle(office)
    searches: dict[str, Search] = {
        "access key": lambda n: Filters(text=key(n)),
        "its beginning": lambda n: Filters(text=key(n)[:34]),
        "CNPJ of an issuer": lambda n: Filters(text=issuer(n)),
        "CNPJ of a company": lambda n: Filters(text=cnpj_number(n % 2_000)),
        "number": lambda n: Filters(text=str(n)),
        "CNPJ and number": lambda n: Filters(text=f"{issuer(n)} {n}"),
        "a rare name": lambda n: Filters(text=f"fornecedor {n % 20_000}"),
        "a day": lambda n: Filters(period=_days(n, 0)),
        "a month of a company": lambda n: Filters(
            company=cnpj_number(n % 2_000), period=_days(n, 30)
        ),
        "a month of an issuer": lambda n: Filters(text=issuer(n), period=_days(n, 30)),
        "a month": lambda n: Filters(period=_days(n, 30)),
        "a kind": lambda n: Filters(kind="nfe"),
        "everything": lambda n: Filters(),
    }
    slow = {}
    for name, search in searches.items():
        took = _measure(office, actor, MANY, search)
        print(f"{name:<24} {p95(took):6.1f} ms p95")
        if p95(took) > MOST_MS:
            slow[name] = p95(took)
        if name == "access key":
            ratio = median(took) / median(peer)
            print(f"{'':<24} {ratio:.2f} times that among {FEW} ({median(peer):.1f} ms, medians)")
            assert ratio < MOST_TIMES
    for name, word in (("receipt by key", key), ("receipt by UIDL", lambda n: f"uidl-{n}")):
        took = []
        for n in _numbers(MANY):
            began = time.perf_counter()
            told = office.ask_now(receipts.receipts, actor, word(n))
            took.append((time.perf_counter() - began) * 1_000)
            assert [each.id for each in told] == [n + 1]
        print(f"{name:<24} {p95(took):6.1f} ms p95")
        if p95(took) > MOST_MS:
            slow[name] = p95(took)
    began = time.perf_counter()
    totals = office.ask_now(documents.totals, actor)
    print(f"{'sum of all':<24} {(time.perf_counter() - began) * 1_000:6.1f} ms once")
    assert totals.count == MANY
    assert not slow


def _numbers(count: int) -> list[int]:
    return [(n * 15_485_863 + 7) % count for n in range(ROUNDS)]


def _days(n: int, more: int) -> Period:
    first = now().date() - timedelta(days=40 + n % 600)
    return Period(first, first + timedelta(days=more))


def _measure(office: Office, actor: Actor, count: int, search: Search) -> list[float]:
    took = []
    for n in _numbers(count):
        began = time.perf_counter()
        ids = office.ask_now(documents.ids, actor, filters=search(n), most=MOST)
        page = office.ask_now(documents.rows, actor, ids[:PAGE])
        took.append((time.perf_counter() - began) * 1_000)
        assert page
    return took
