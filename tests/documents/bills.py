"""NFCom, NF3e and BP-e, also TA and TM: nfelib's samples with parties, numbers and keys of our own."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.documents.certificates import certificate
from tests.documents.generator import ISSUED, Party, access_key
from tests.documents.signing import signed

_SAMPLES = {
    "NFCom": ("nfcom/samples/v1_0/NFCom-nfcom.xml", 62, "dest", "nNF"),
    "NF3e": ("nf3e/samples/v1_0/nota_energia-nf3e.xml", 66, "dest", "nNF"),
    "BPe": ("bpe/samples/v1_0/bpe.xml", 63, "comp", "nBP"),
    "BPeTA": ("bpe/samples/v1_0/bpe-ta.xml", 63, "comp", "nBP"),
    "BPeTM": ("bpe/samples/v1_0/bpe-tm.xml", 63, "", "nBP"),
}

_WHERE = (
    "<enderComp><xLgr>Avenida Paulista</xLgr><nro>1000</nro><xBairro>Bela Vista</xBairro>"
    "<cMun>3550308</cMun><xMun>São Paulo</xMun><UF>SP</UF></enderComp>"
)


def bill(element: str, issuer: Party, recipient: Party, number: int) -> bytes:
    """A bill of that element, signed and with its protocol: valid by its schema.

    A BPeTM has no place for a ``recipient``.
    """
    path, model, buyer, numbered = _SAMPLES[element]
    kind = element[:3] if element.startswith("BPe") else element
    key = access_key(issuer.cnpj, number, model=model)
    text = re.sub(r'Id="[A-Za-z0-9]+"', f'Id="{kind}{key}"', _sample(path), count=1)
    text = re.sub(r"<nBP>\d+|<nNF>\d+", f"<{numbered}>{number}", text, count=1)
    text = re.sub(r"<serie>\d+", "<serie>1", text, count=1)
    text = re.sub(r"<cUF>\d+", "<cUF>35", text, count=1)
    text = re.sub(r"<cDV>\d", f"<cDV>{key[43]}", text, count=1)
    text = re.sub(r"<CNPJ>\w+", f"<CNPJ>{issuer.cnpj}", text, count=1)
    whom = f"<{buyer}><xNome>{recipient.name}</xNome><CNPJ>{recipient.cnpj}</CNPJ>"
    if not buyer:
        pass
    elif f"<{buyer}>" in text:
        text = re.sub(rf"<{buyer}>.*?</CNPJ>", whom, text, count=1, flags=re.DOTALL)
    else:
        text = text.replace("</emit>", f"</emit>{whom}<IE>ISENTO</IE>{_WHERE}</{buyer}>", 1)
    text = re.sub(r"(ch[A-Za-z0-9]+=)\d{44}", rf"\g<1>{key}", text)
    if f"inf{kind}Supl" not in text and element != "BPeTM":
        code = f"https://dfe-portal.svrs.rs.gov.br/{kind}/qrcode?ch{kind}={key}&amp;tpAmb=2"
        extra = f"<inf{kind}Supl><qrCod{kind}>{code}</qrCod{kind}></inf{kind}Supl>"
        text = text.replace(f"</inf{kind}>", f"</inf{kind}>{extra}", 1)
    space = kind.lower()
    around = element.replace(kind, space)
    when = ISSUED.isoformat(timespec="seconds")
    proof = (
        f'<prot{kind} versao="1.00"><infProt><tpAmb>2</tpAmb><verAplic>SP_1.0</verAplic>'
        f"<ch{kind}>{key}</ch{kind}><dhRecbto>{when}</dhRecbto><nProt>{number:0{15 if kind == 'BPe' else 16}d}</nProt>"
        "<digVal></digVal><cStat>100</cStat><xMotivo>Autorizado o uso</xMotivo>"
        f"</infProt></prot{kind}>"
    )
    bare = (
        f'<?xml version="1.0" encoding="UTF-8"?><{around}Proc '
        f'xmlns="http://www.portalfiscal.inf.br/{space}" versao="1.00">{text}{proof}</{around}Proc>'
    ).encode()
    return signed(bare, certificate(issuer.cnpj, name=issuer.name))


@cache
def _sample(path: str) -> str:
    spec = find_spec("nfelib")
    assert spec is not None
    assert spec.submodule_search_locations
    text = (Path(spec.submodule_search_locations[0]) / path).read_text(encoding="utf-8")
    return text.partition("?>")[2].strip()
