"""Bytes by their hash, as both databases keep and give them."""

from __future__ import annotations

import hashlib
import os

from services.store.blobs import fetch_blobs, keep_blobs
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
