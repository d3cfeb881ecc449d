"""Fetches pip for a Python that comes without it, as Debian's does; run by the launcher alone.

``python pip_wheel.py FOLDER`` puts the wheel into FOLDER, proven by its hash, and prints its path.
The index is pip's own: ``PIP_INDEX_URL``, or PyPI.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import Request, urlopen

NAME = "pip-26.2.1-py3-none-any.whl"
SHA256 = "71138adf1f4ca900cdb7d289c21b7494329f2332b6d85f0e1c42108c0384ed3e"
_JSON = "application/vnd.pypi.simple.v1+json"
_SECONDS = 60


def fetch(folder: Path) -> Path:
    """The wheel in ``folder``; raises ``ValueError`` for one that is not the one meant."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    page, kind = _get(index)
    data, _kind = _get(urljoin(index, _address(page.decode(), kind)))
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ValueError(f"{NAME}: not the file that was meant")
    path = folder / NAME
    path.write_bytes(data)
    return path


def _get(address: str) -> tuple[bytes, str]:
    asked = Request(address, headers={"Accept": f"{_JSON}, text/html"})  # noqa: S310 - the index
    with urlopen(asked, timeout=_SECONDS) as told:  # noqa: S310
        return told.read(), told.headers.get_content_type()


def _address(page: str, kind: str) -> str:
    if kind == _JSON:
        found = [file["url"] for file in json.loads(page)["files"] if file["filename"] == NAME]
    else:
        found = re.findall(rf'href="([^"]*{re.escape(NAME)}[^"]*)"', page)
    if not found:
        raise ValueError(f"{NAME}: not in the index")
    return str(found[0]).partition("#")[0]


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{fetch(Path(sys.argv[1]))}\n")
    except (OSError, ValueError) as e:
        sys.exit(f"pip: {e}")
