"""Names and values: what is long goes on in its own column."""

from __future__ import annotations

from screens.widgets.facts import laid_out

SHA = "94513f10572443ba0d23d3a48efef9a3de36cad895b3a23fa2a664c019d0717f"


def test_a_long_value_goes_on_in_its_own_column() -> None:
    """R43: in cells of the room there is; a hash is not cut where it is to be copied."""
    lines = [("Motivo", "não é de nenhuma empresa"), ("SHA-256", SHA), ("Caixa", "xml@a.example")]
    assert laid_out(lines, 26).split("\n") == [
        "Motivo   não é de nenhuma",
        "         empresa",
        f"SHA-256  {SHA}",
        "Caixa    xml@a.example",
    ]


def test_a_value_brings_no_lines_of_its_own() -> None:
    """What came from outside cannot look like another fact."""
    assert laid_out([("Assunto", "Nota\nMotivo   inventado")], 60) == (
        "Assunto  Nota Motivo   inventado"
    )
