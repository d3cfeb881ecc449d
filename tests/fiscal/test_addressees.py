"""Where a document says to whom it is to be sent."""

from __future__ import annotations

import pytest

from services.fiscal.addressees import addressees
from tests.documents.generator import Party, cnpj, nfe


def document(email: str, fields: str = "") -> bytes:
    xml = nfe(cnpj(1), Party(cnpj=cnpj(2), email=email), 7, signed=False).decode()
    return xml.replace("</infCpl>", f"</infCpl>{fields}").encode()


def field(name: str, text: str) -> str:
    return f'<obsCont xCampo="{name}"><xTexto>{text}</xTexto></obsCont>'


def test_the_recipients_own_list() -> None:
    """R31: ``dest/email`` as it stands there, list or not."""
    assert addressees(document("a@loja.example; b@loja.example")) == (
        "a@loja.example; b@loja.example",
    )


@pytest.mark.parametrize("name", ["email", "E-mail", "EmailArquivos", "EMAIL_DEST"])
def test_the_issuers_own_fields(name: str) -> None:
    """R31: further addresses in the free fields of the issuer, however these are written."""
    xml = document(
        "", field(name, "c@loja.example;d@loja.example") + field("Pedido", "x@y.example")
    )
    assert addressees(xml) == ("c@loja.example;d@loja.example",)


@pytest.mark.parametrize("data", [b"", b"<a/>", b"no xml", document("a@b.example")[:-20]])
def test_what_is_no_document_names_nobody(data: bytes) -> None:
    assert addressees(data) == ()
