"""Bytes by their hash, as both databases keep and give them."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

from services.store.blobs import drop_unused, fetch_blobs, keep_blobs
from services.store.engine import Store


def test_bytes_come_back_as_they_were_kept(store: Store) -> None:
    """Also zeros, nothing at all, and more than one statement takes; the unknown is left out."""
    contents = [b"", b"\0\xff\\x00", *(os.urandom(1_000) for _n in range(20))]
    blobs = {hashlib.sha256(data).hexdigest(): data for data in contents}
    with store.writing() as session:
        keep_blobs(session, blobs)
        keep_blobs(session, blobs)
    with store.reading() as session:
        assert fetch_blobs(session, [*blobs, "0" * 64]) == blobs
        assert fetch_blobs(session, []) == {}


def test_who_keeps_the_same_at_once_waits_in_one_order(store: Store) -> None:
    """Two that keep the same bytes, given in opposite orders: one waits, neither is refused."""
    blobs = {
        hashlib.sha256(data).hexdigest(): data for data in (os.urandom(90_000) for _ in range(60))
    }

    def kept(given: dict[str, bytes]) -> None:
        with store.writing() as session:
            keep_blobs(session, given)

    for _round in range(5):
        with ThreadPoolExecutor(2) as pool:
            backwards = dict(reversed(blobs.items()))
            for done in [pool.submit(kept, given) for given in (blobs, backwards)]:
                done.result()
        with store.writing() as session:
            assert drop_unused(session, blobs).count == len(blobs)
