"""The DANFE of real documents, by the library itself."""

from __future__ import annotations

import pytest

from services.fiscal import printing
from services.fiscal.danfe import Danfe
from services.fiscal.printing import render
from tests.documents.generator import Party, cnpj, nfe


def is_pdf(data: bytes) -> bool:
    return data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")


@pytest.mark.parametrize(
    "xml",
    [
        nfe(cnpj(1), Party(cnpj=cnpj(2)), 7, signed=False),
        nfe(cnpj(1), Party(cpf="12345678909"), 7, signed=False, model=65),
        nfe(cnpj(1, alphanumeric=True), cnpj(2, alphanumeric=True), 7, signed=False),
        nfe(Party(cnpj(1), "Padaria 🥖 “São João” – 漢字"), cnpj(2), 7, signed=False),
    ],
    ids=["NF-e", "NFC-e", "letters in the CNPJ", "characters that the fonts lack"],
)
def test_it_is_printed(xml: bytes) -> None:
    """R31: NF-e and NFC-e, whatever stands in them."""
    assert is_pdf(render(xml).pdf)


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """R31: the library is optional."""
    monkeypatch.setattr(printing, "is_installed", lambda: False)
    assert render(nfe(cnpj(1), cnpj(2), 7, signed=False)) == Danfe(why="missing")


def test_other_documents_have_no_danfe() -> None:
    assert render(b"<a/>") == Danfe(why="unsupported")
