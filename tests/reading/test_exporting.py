"""Where exported documents go."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

from services.reading import exporting


def test_a_document_of_a_clock_that_began_anew(tmp_path: Path) -> None:
    """R43: what came while the machine had no time is exported too; a zip begins in 1980."""
    path = tmp_path / "notas.zip"
    archive = exporting.goal(path)
    assert archive.put("nota.xml", b"<nota/>", datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    archive.keep()
    with zipfile.ZipFile(path) as kept:
        assert kept.getinfo("nota.xml").date_time == (1980, 1, 1, 0, 0, 0)
