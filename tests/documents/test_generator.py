from services.fiscal.checks import check
from tests.documents.generator import cnpj, mail, nfe


def test_documents_and_messages_are_alike_for_the_same_seed() -> None:
    xml = nfe(cnpj(1), cnpj(2), 5, seed=3)
    assert xml == nfe(cnpj(1), cnpj(2), 5, seed=3)
    assert xml != nfe(cnpj(1), cnpj(2), 5, seed=4)
    assert mail([xml], seed=1) == mail([xml], seed=1)
    assert mail([xml], seed=1) != mail([xml], seed=2)


def test_a_message_has_the_size_and_line_ends_of_a_usual_one() -> None:
    raw = mail([nfe(cnpj(1), cnpj(2), 5)])
    assert 70_000 < len(raw) < 90_000
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) < 998


def test_the_quick_documents_are_valid_by_the_schema() -> None:
    found = check(nfe(cnpj(1), cnpj(2), 5, signed="cached"))
    assert (found.schema.code, found.signature.code) == ("ok", "altered")
