"""The four checks that label a document: access key, schema, signature, certificate (R40)."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import lxml.etree as etree

from services.fiscal import access_key, signature
from services.fiscal.labels import Check, Checks, words
from services.fiscal.recognise import NFE
from services.fiscal.xml import UnsafeXml, parse
from services.language import _

__all__ = ["Check", "Checks", "check", "words"]

_NS = f"{{{NFE}}}"
_SCHEMAS = {
    (f"{_NS}nfeProc", "4.00"): "nfe/schemas/v4_0/procNFe_v4.00.xsd",
    (f"{_NS}NFe", "4.00"): "nfe/schemas/v4_0/nfe_v4.00.xsd",
}


def check(data: bytes) -> Checks:
    """The four checks of the document in ``data``; never raises on any bytes.

    The signature says whether the document is as it was signed, the certificate whether it is the
    issuer's; whether ICP-Brasil vouches for the certificate is not asked.
    """
    try:
        root = parse(data)
    except UnsafeXml as refusal:
        none = Check("unverifiable", _("O arquivo não é um XML legível"))
        return Checks(none, Check("failed", refusal.detail or refusal.reason), none, none)
    nfe = root if root.tag == f"{_NS}NFe" else root.find(f"{_NS}NFe")
    info = None if nfe is None else nfe.find(f"{_NS}infNFe")
    if nfe is None or info is None:
        unknown = Check("unverifiable", _("Tipo de documento ainda não verificado"))
        return Checks(unknown, unknown, unknown, unknown)
    seal, certificate = signature.check(nfe, info)
    return Checks(_access_key(info), _schema(root, info), seal, certificate)


def _access_key(info: etree._Element) -> Check:
    key = info.get("Id", "").removeprefix("NFe")
    if not key:
        return Check("absent", _("O documento não tem chave de acesso"))
    if not access_key.is_valid(key):
        return Check("failed", _("O dígito verificador da chave não confere"))
    parts = access_key.parse(key)
    issuer = info.find(f"{_NS}emit")
    said = {
        "uf": info.findtext(f"{_NS}ide/{_NS}cUF"),
        "cnpj": None if issuer is None else issuer.findtext(f"{_NS}CNPJ"),
        "model": info.findtext(f"{_NS}ide/{_NS}mod"),
        "series": info.findtext(f"{_NS}ide/{_NS}serie"),
        "number": info.findtext(f"{_NS}ide/{_NS}nNF"),
    }
    for part, value in said.items():
        if value is not None and value.lstrip("0") != str(getattr(parts, part)).lstrip("0"):
            return Check("failed", _("A chave não corresponde aos dados do documento"))
    return Check("ok")


def _schema(root: etree._Element, info: etree._Element) -> Check:
    version = root.get("versao") or info.get("versao") or ""
    schema = _load_schema(_SCHEMAS.get((root.tag, version), ""))
    if schema is None:
        return Check("unverifiable", _("Não há esquema para esta versão do leiaute"))
    if schema.validate(root):
        return Check("ok")
    first = schema.error_log[0]
    return Check("failed", f"{first.line}: {first.message}"[:300])


@cache
def _load_schema(path: str) -> etree.XMLSchema | None:
    spec = find_spec("nfelib")
    if not path or spec is None or not spec.submodule_search_locations:
        return None
    return etree.XMLSchema(file=str(Path(spec.submodule_search_locations[0]) / path))
