"""Signing any document anew: another certificate, a content that was changed before."""

from __future__ import annotations

import lxml.etree as etree

from services.fiscal.checks import layouts
from tests.documents.generator import DSIG, digest, sign


def signed(xml: bytes, certificate: bytes, *, proven: bool = True, strong: bool = False) -> bytes:
    """``xml`` with its outer signature made anew, by a certificate (DER) of a test company.

    ``strong`` signs with SHA-256. ``proven`` puts the digest into the protocol, where there is one
    that has a place for it.
    """
    root = etree.fromstring(xml)
    layout = layouts()[root.tag]
    body = root.find(layout.body)
    assert body is not None
    covered = body.find(layout.covered)
    assert covered is not None
    for old in body.findall(f"{{{DSIG}}}Signature"):
        body.remove(old)
    alone = etree.fromstring(etree.tostring(covered, with_tail=False))
    canonical = etree.tostring(alone, method="c14n").decode()
    seal = sign(canonical, covered.get("Id") or "", certificate, strong=strong)
    body.append(etree.fromstring(seal))
    answer = root.find(layout.answer) if layout.answer else None
    if proven and answer is not None:
        for place in answer.iterfind("{*}digVal"):
            place.text = digest(seal)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
