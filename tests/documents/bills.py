"""NFCom, NF3e and BP-e: nfelib's samples with parties, numbers and keys of our own."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.documents.generator import Party, access_key

_SAMPLES = {
    "NFCom": ("nfcom/samples/v1_0/NFCom-nfcom.xml", 62, "dest", "nNF"),
    "NF3e": ("nf3e/samples/v1_0/nota_energia-nf3e.xml", 66, "dest", "nNF"),
    "BPe": ("bpe/samples/v1_0/bpe.xml", 63, "comp", "nBP"),
}


def bill(kind: str, issuer: Party, recipient: Party, number: int) -> bytes:
    """A bill of that kind with its protocol; not signed."""
    path, model, buyer, numbered = _SAMPLES[kind]
    key = access_key(issuer.cnpj, number, model=model)
    text = re.sub(r'Id="[A-Za-z0-9]+"', f'Id="{kind}{key}"', _sample(path), count=1)
    text = re.sub(r"<nBP>\d+|<nNF>\d+", f"<{numbered}>{number}", text, count=1)
    text = re.sub(r"<serie>\d+", "<serie>1", text, count=1)
    text = re.sub(r"<CNPJ>\w+", f"<CNPJ>{issuer.cnpj}", text, count=1)
    whom = f"<{buyer}><xNome>{recipient.name}</xNome><CNPJ>{recipient.cnpj}</CNPJ></{buyer}>"
    if f"<{buyer}>" in text:
        text = re.sub(rf"<{buyer}>.*?</{buyer}>", whom, text, count=1, flags=re.DOTALL)
    else:
        text = text.replace("</emit>", f"</emit>{whom}", 1)
    space = kind.lower()
    proof = (
        f'<prot{kind} versao="1.00"><infProt><ch{kind}>{key}</ch{kind}><cStat>100</cStat>'
        f"<nProt>135{number:012d}</nProt></infProt></prot{kind}>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{space}Proc '
        f'xmlns="http://www.portalfiscal.inf.br/{space}" versao="1.00">{text}{proof}</{space}Proc>'
    ).encode()


@cache
def _sample(path: str) -> str:
    spec = find_spec("nfelib")
    assert spec is not None
    assert spec.submodule_search_locations
    text = (Path(spec.submodule_search_locations[0]) / path).read_text(encoding="utf-8")
    return text.partition("?>")[2].strip()
