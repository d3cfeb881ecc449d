"""Is a document built as its layout says: the official schemas that nfelib brings (R40)."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import lxml.etree as etree

from services.fiscal.labels import Check
from services.fiscal.layout import Layout

_VERSION = re.compile(r"[0-9]\.[0-9]{2}")
_EVENT = re.compile(r"ev[A-Za-z0-9]{1,40}")
# One of the big ones takes 4 MB: so many stay loaded.
_KEPT = 10


def check(root: etree._Element, covered: etree._Element, layout: Layout) -> Check:
    """The schema of this kind and version, and that of what it lets pass unseen.

    "unverifiable" where there is none: that a document is right is not said of what was not seen.
    """
    what = covered.findtext(layout.schema_by) if layout.schema_by else None
    name = layout.schemas.get(what or "", layout.schema)
    if not name:
        return Check(
            "unverifiable", "no_schema" if what is None else "no_schema_of_event", what or ""
        )
    version = root.get("versao") or covered.get("versao") or ""
    schema = _schema(name, layout.versions.get(version, version))
    if schema is None:
        return Check("unverifiable", "no_schema_of_version", version[:20])
    found = _validated(schema, root)
    if found.code != "ok" or not layout.inside:
        return found
    around = covered.find(layout.inside)
    return found if around is None else _inside(around, layout)


def _inside(around: etree._Element, layout: Layout) -> Check:
    version = (around.get("versaoModal") or around.get("versaoEvento") or "")[:20]
    for element in around:
        if not isinstance(element.tag, str):
            continue
        local = element.tag.rpartition("}")[2]
        name = layout.inner.get(local, "")
        if not name and layout.events and _EVENT.fullmatch(local):
            name = f"{layout.events}/{local}"
        schema = _schema(name, version)
        if schema is None:
            return Check("unverifiable", "no_schema_of_part", f"{local[:40]} {version}")
        found = _validated(schema, element)
        if found.code != "ok":
            return found
    return Check("ok")


def _validated(schema: etree.XMLSchema, element: etree._Element) -> Check:
    try:
        if schema.validate(element):
            return Check("ok")
        first = schema.error_log[0]
    except (etree.LxmlError, LookupError) as error:
        return Check("unverifiable", "schema_broke", str(error)[:200])
    return Check("failed", "not_by_schema", f"{first.line}: {first.message}"[:200])


def _schema(name: str, version: str) -> etree.XMLSchema | None:
    """``cte/procCTe`` in version 4.00 is the file ``cte/schemas/v4_0/procCTe_v4.00.xsd``."""
    if not name or not _VERSION.fullmatch(version):
        return None
    folder, _, file = name.partition("/")
    return _load(f"{folder}/schemas/v{version[0]}_{version[2]}/{file}_v{version}.xsd")


@lru_cache(maxsize=_KEPT)
def _load(path: str) -> etree.XMLSchema | None:
    whole = _home() / path
    return etree.XMLSchema(file=str(whole)) if whole.is_file() else None


@cache
def _home() -> Path:
    spec = find_spec("nfelib")
    if spec is None or not spec.submodule_search_locations:
        return Path("/nonexistent")
    return Path(spec.submodule_search_locations[0])
