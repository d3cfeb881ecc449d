"""The generator's documents are true to the layouts: valid by the official schemas in nfelib."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import lxml.etree as etree
import pytest

from tests.documents import events, packages, services, transport
from tests.documents.generator import Party, access_key, cnpj, nfe

A = Party(cnpj(1), "FORNECEDOR & FILHOS")
B = Party(cnpj(2), "CLIENTE", email="a@b.example")
C = Party(cnpj(3), "TERCEIRO")
_NFE, _CTE, _MDFE = (access_key(A.cnpj, 1, model=model) for model in (55, 57, 58))
_NFSE = services.nfse_key(A.cnpj, 1)
_SAME = {"sender": C, "dispatcher": C, "receiver": C}

LAYOUTS = {
    "nfe/schemas/v4_0/procNFe_v4.00.xsd": nfe(A, B, 1, reform=True),
    "nfe/schemas/v4_0/nfe_v4.00.xsd": nfe(A, B, 1, model=65, authorised=False),
    "nfe/schemas/v4_0/enviNFe_v4.00.xsd": packages.lot([nfe(A, B, 1, authorised=False)]),
    "nfe/schemas/v4_0/procInutNFe_v4.00.xsd": events.void(A, 1, 3),
    "cte/schemas/v4_0/procCTe_v4.00.xsd": transport.cte(A, B, 1, taker=C, **_SAME),
    "cte/schemas/v4_0/cte_v4.00.xsd": transport.cte(A, B, 1, authorised=False),
    "cte/schemas/v4_0/procCTeOS_v4.00.xsd": transport.cte_os(A, B, 1),
    "cte/schemas/v4_0/procGTVe_v4.00.xsd": transport.gtve(A, B, C, 1),
    "cte/schemas/v4_0/procCTeSimp_v4.00.xsd": transport.cte_simplified(A, B, 1),
    "cte/schemas/v4_0/procEventoCTe_v4.00.xsd": events.cte_event("610110", B, _CTE),
    "mdfe/schemas/v3_0/procMDFe_v3.00.xsd": transport.mdfe(A, 1, hirer=B, owner=C),
    "mdfe/schemas/v3_0/procEventoMDFe_v3.00.xsd": events.mdfe_event("110112", A, _MDFE),
    "nfse/schemas/v1_0/NFSe_v1.01.xsd": services.nfse(A, B, 1, intermediary=C, beneficiary=C),
    "nfse/schemas/v1_0/DPS_v1.01.xsd": services.dps(A, B, 1),
    "nfse/schemas/v1_0/evento_v1.01.xsd": events.nfse_event(A, _NFSE),
    "nfse/schemas/v1_0/pedRegEvento_v1.01.xsd": events.nfse_event(A, _NFSE, how="request"),
    "nfe_evento_cancel/schemas/v1_0/procEventoCancNFe_v1.00.xsd": events.nfe_event(
        "110111", A, _NFE, recipient=B
    ),
    "nfe_evento_cce/schemas/v1_0/procCCeNFe_v1.00.xsd": events.nfe_event("110110", A, _NFE),
    "nfe_evento_mde/schemas/v1_0/procConfRecebtoNFe_v1.00.xsd": events.nfe_event("210200", B, _NFE),
    "nfe_dist_dfe/schemas/v1_0/retDistDFeInt_v1.01.xsd": packages.distribution([nfe(A, B, 1)]),
    "nfe_dist_dfe/schemas/v1_0/resNFe_v1.01.xsd": packages.summary(A, 1),
}


@pytest.mark.parametrize("path", LAYOUTS)
def test_valid_by_the_official_schema(path: str) -> None:
    """R37: fixtures prove something only when they are what suppliers send."""
    spec = find_spec("nfelib")
    assert spec is not None
    assert spec.submodule_search_locations
    schema = etree.XMLSchema(file=str(Path(spec.submodule_search_locations[0]) / path))
    schema.assertValid(etree.fromstring(LAYOUTS[path]))
