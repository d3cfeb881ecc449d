"""Canonical XML as it is written: what would be made, or nothing (R40)."""

from __future__ import annotations

import re

import lxml.etree as etree
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from services.fiscal import written
from services.fiscal.certificates import DSIG
from services.fiscal.checks import check, layouts
from services.fiscal.signature import signed_info as read_info
from services.fiscal.xml import UnsafeXml, parse
from tests.documents import certificates, kinds
from tests.documents.generator import NFE, nfe
from tests.documents.signing import signed

SAMPLES = {
    name: sample.xml
    for name, sample in kinds.samples().items()
    if parse(sample.xml).tag in layouts()
}
# What is signed has its name in the answer, or in what it is about, once more.
NAMED_TWICE = {"cfe-cancellation", "bpe-tm", "void"} | {
    name for name in SAMPLES if kinds.samples()[name].kind.startswith("Evento")
}
SEALED_TWICE = {"nfse-event"}
# What changes nothing, what is to be escaped, what hides or repeats an element: in a tag, in text.
ODD = [
    *(" ", "\n", "\t", "\r", "\r\n", "  ", "/", "á", "!", "?", "=", ":"),
    *("'", '"', "='", '="', ">", " >", "]]&gt;", "&amp;", "&lt;", "&gt;", "&quot;", "&apos;"),
    *(
        "&#38;",
        "&#13;",
        "&#xD;",
        "&#10;",
        "<!-- x -->",
        "<?x y?>",
        "<![CDATA[x]]>",
        "<![CDATA[<]]>",
    ),
    *("<x/>", "<x></x>", "<x ></x>", "<x></x >", "<x\n></x>", "<x></x\t>", "<á></á>"),
    *('<x a="1"></x>', "<x a='1'></x>", '<x a = "1"></x>', '<x  a="1"></x>', '<x a="1" ></x>'),
    *('<x b="1" a="2"></x>', '<x a="1" b="2"></x>', '<x a="é"></x>', '<x a="&#49;"></x>'),
    *('<x a="1\n2"></x>', '<x a=">"></x>', "<x a='\"'></x>", '<x a=""></x>', '<x a="1"/>'),
    *('<x xmlns=""></x>', '<x xmlns="u"></x>', f'<x xmlns="{NFE}"></x>', '<x xmlns:y="u"></x>'),
    *('<y:x xmlns:y="u"></y:x>', '<x xml:space="preserve"></x>', '<x xml:lang="pt"></x>'),
    *(' a="1"', " a='1'", ' xml:lang="pt"', ' xmlns:y="u"', f' xmlns="{NFE}"', ' xmlns=""'),
    *("<infNFe></infNFe>", "<infNFe/>", "<!-- <infNFe -->", "<!-- </infNFe> -->", "infNFe"),
    *('<!-- <infNFe Id="x"> -->', "<![CDATA[</infNFe>]]>", "<SignedInfo/>", "<!-- <SignedInfo -->"),
]


def parts(text: bytes) -> tuple[etree._Element, etree._Element] | None:
    """What is signed, and the SignedInfo, where there are both and the document may be read."""
    try:
        root = parse(text)
    except UnsafeXml:
        return None
    layout = layouts().get(root.tag)
    body = None if layout is None else root.find(layout.body)
    if layout is None or body is None:
        return None
    covered = body.find(layout.covered)
    info = body.find(f"{DSIG}Signature/{DSIG}SignedInfo")
    return None if covered is None or info is None else (covered, info)


def made(element: etree._Element) -> bytes | None:
    """The canonical form, made from an element that stands alone; some cannot be made."""
    try:
        alone = etree.fromstring(etree.tostring(element, with_tail=False))
        whole: bytes = etree.tostring(alone, method="c14n", with_comments=False)
    except etree.LxmlError:
        return None
    return whole


def same_or_nothing(data: bytes) -> tuple[bool, bool]:
    """See that what is told is right; whether anything is, of what is signed and of SignedInfo."""
    found = parts(data)
    text = written.text_of(data)
    if found is None or text is None:
        return False, False
    covered, info = found
    content, said = written.canonical(text, covered), written.signed_info(text, info)
    assert content is None or content == made(covered)
    assert said is None or (said, said.canonical) == (read_info(info), made(info))
    return content is not None, said is not None


@pytest.mark.parametrize("name", SAMPLES)
def test_of_every_kind(name: str) -> None:
    """What a signer writes is told; what a program wrote anew too, and the same."""
    seen = (name not in NAMED_TWICE, name not in SEALED_TWICE)
    again = signed(SAMPLES[name], certificates.certificate(kinds.ISSUER.cnpj))
    assert same_or_nothing(again) == seen
    same_or_nothing(SAMPLES[name])
    same_or_nothing(etree.tostring(etree.fromstring(again), pretty_print=True))
    strong = signed(SAMPLES[name], certificates.certificate(kinds.ISSUER.cnpj), strong=True)
    assert same_or_nothing(strong) == seen


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"PRODUTO", "PRODUÇÃO".encode()),
        (b"PRODUTO", b"A &amp; B &lt;C&gt; D'E"),
        (b"</verProc>", b"</verProc>\n\t"),
        (b'encoding="UTF-8"', b'encoding="utf-8" standalone="no"'),
        (b'<?xml version="1.0" encoding="UTF-8"?>', b"\xef\xbb\xbf"),
        (b"</nfeProc>", b"<!-- signed by nobody --></nfeProc>"),
        (b"</nfeProc>", b"<x a='1' ><![CDATA[>]]></x></nfeProc>"),
    ],
)
def test_told(old: bytes, new: bytes) -> None:
    """What is usual in real documents, and anything outside of what is signed."""
    xml = SAMPLES["nfe"]
    assert xml.count(old) >= 1
    assert same_or_nothing(xml.replace(old, new)) == (True, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<ide>", b"<ide >"),
        (b"<ide>", b"<ide><!-- x -->"),
        (b"</ide>", b"<x/></ide>"),
        (b"</ide>", b"\r\n</ide>"),
        (b"PRODUTO", b"PRODUTO&#13;"),
        (b"PRODUTO", b"PRODUTO &quot;"),
        (b"PRODUTO", b"PRODUTO >"),
        (b"PRODUTO", b"<![CDATA[PRODUTO]]>"),
        (b'nItem="1"', b"nItem='1'"),
        (b'nItem="1"', b' nItem="1"'),
        (b'nItem="1"', b'nItem="1" a="2"'),
        (b'nItem="1"', b'xmlns="http://www.portalfiscal.inf.br/nfe"'),
        (b"<nfeProc", b'<nfeProc xmlns:x="urn:x"'),
        (NFE.encode(), b"nfe"),
        (b"</nfeProc>", b"<!-- <infNFe --></nfeProc>"),
        (b"</nfeProc>", b"<infNFe></infNFe></nfeProc>"),
        (b'encoding="UTF-8"', b'encoding="ISO-8859-1"'),
        (b'<?xml version="1.0"', b'<?xml version="1.1"'),
    ],
)
def test_not_told(old: bytes, new: bytes) -> None:
    """What would be written otherwise, or may be something else than it seems."""
    xml = SAMPLES["nfe"]
    assert xml.count(old) >= 1
    assert not same_or_nothing(xml.replace(old, new))[0]


def test_in_another_encoding() -> None:
    """Whatever a document says it is in, its bytes are told of only where they are UTF-8."""
    text = SAMPLES["nfe"].decode().replace("PRODUTO", "PRODUÇÃO")
    for encoding in ("utf-16", "utf-16-le", "latin-1"):
        for said in ("UTF-8", encoding):
            data = text.replace('encoding="UTF-8"', f'encoding="{said}"').encode(encoding)
            assert written.text_of(data) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<a xmlns="http://a.b/c"><det Id="x">1</det></a>', True),
        ('<a><det Id="x">1</det></a>', True),
        ('<a xmlns="c"><det Id="x">1</det></a>', False),
        ('<a xmlns="http://a.b/c"><det Id="x"/></a>', False),
        ('<a xmlns="http://a.b/c"><det Id="x"/><!-- </det> --></a>', False),
        ('<a xmlns="http://a.b/c"><det Id="x y">1</det></a>', False),
        ('<a xmlns="http://a.b/c"><det xml:lang="pt">1</det></a>', False),
        ('<p:a xmlns:p="http://a.b/c"><p:det Id="x">1</p:det></p:a>', False),
        # Read nonetheless where what xml:space says is wrong; but not made.
        ('<a><y:det Id="x">1</y:det><b xml:space="1"/></a>', False),
        ('<a><det Id="x"><y:b>1</y:b></det><b xml:space="1"/></a>', False),
        ('<a><det y:b="x">1</det><b xml:space="1"/></a>', False),
        ('<a><det><b c="1">x "y"</b></det></a>', False),
    ],
)
def test_of_any_element(text: str, told: bool) -> None:
    """A namespace without a scheme has no canonical form; an empty element no content."""
    covered = parse(text.encode())[0]
    content = written.canonical(text.encode(), covered)
    assert content == (made(covered) if told else None)


@settings(max_examples=400, deadline=None)
@given(
    name=st.sampled_from(["nfe", "nfe", "nfce", "cte", "cfe", "nfe-cancelled"]),
    odd=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5), st.sampled_from(ODD)), max_size=4),
)
def test_whatever_is_written(name: str, odd: list[tuple[float, int, str]]) -> None:
    """Odd things at every kind of place: in names, before and behind a tag's end, in texts."""
    text = SAMPLES[name].decode()
    for where, how, what in odd:
        places = [
            m.start() + how % 3 for m in re.finditer("[<>]" if how < 3 else '[/ "]|<inf', text)
        ]
        at = places[int(where * (len(places) - 1))]
        text = text[:at] + what + text[at:]
    same_or_nothing(text.encode())


# What stands between tags, in a tag and before the root: as signers write it, and otherwise.
USUAL = st.sampled_from(["1.00", "ção", "d'água", "a &amp; b", "&lt;&gt;", "\n  ", ""])
STRANGE = st.sampled_from(
    [
        *(
            "\r\n",
            '"',
            "]]&gt;",
            " >",
            "&#38;",
            "&#13;",
            "&quot;",
            "&apos;",
            "\u2028",
            "\U0001f600",
        ),
        *("<!-- <a> -->", "<!---->", "<?a b?>", "<![CDATA[<a>]]>", "<![CDATA[]]>", '<!-- " > -->'),
    ]
)
SPACES = ["urn:x", NFE, DSIG[1:-1], "", "http://a.b/c?d", "http://a.b/c&amp;d", "a b"]
BINDINGS = st.tuples(
    st.sampled_from(["xmlns", "xmlns:y", "xmlns:z"]), st.sampled_from(SPACES)
).filter(lambda one: one != ("xmlns:y", "") and one != ("xmlns:z", ""))
ATTRIBUTES = st.one_of(
    st.tuples(
        st.sampled_from(["Id", "versao", "b", "á", "xml:space", "xml:lang", "xml:id", "y:b"]),
        st.sampled_from(
            ["1", "NFe35-1", "", "a b", "é", "'", "&#49;", "&#10;", "a\tb", "&lt;", ">"]
        ),
    ),
    BINDINGS,
)
NAMES = ["a", "ab", "a.b", "det", "ide", "emit", "total", "infNFe", "SignedInfo", "y:a", "á"]
HEADS = ["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-8"?>', "\ufeff", " \n"]
ODD_HEADS = [
    "<!-- <a> -->",
    "<?a b?>",
    '<?xml version="1.1"?>',
    "<?xml version='1.0' encoding='us-ascii'?>",
    '<?xml version="1.0" encoding="iso-8859-1"?>',
    '<!DOCTYPE a [<!ATTLIST a b CDATA "1">]>',
    '<!DOCTYPE a [<!ENTITY e "x">]>',
]


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> str:
    """A well-formed element, but that prefixes are not always told of; three in four as usual."""
    name = draw(st.sampled_from(NAMES[:9] if draw(st.integers(0, 3)) else NAMES))
    odd = not draw(st.integers(0, 3))
    if odd:
        told = draw(st.lists(ATTRIBUTES, max_size=3, unique_by=lambda one: one[0]))
    else:
        told = [("Id", "1-a")] if draw(st.booleans()) else []
    gap, end = (
        draw(st.sampled_from([(" ", ""), (" ", " "), ("  ", ""), ("\n", "\t")]))
        if odd
        else (" ", "")
    )
    quote = "'" if odd and not any("'" in value for _name, value in told) else '"'
    inside = "".join(f"{gap}{what}={quote}{value}{quote}" for what, value in told)
    content = st.one_of(USUAL, STRANGE) if odd else USUAL
    parts = [draw(content)]
    for _each in range(draw(st.integers(0, 3)) if depth < 3 else 0):
        parts += [draw(elements(depth + 1)), draw(content)]
    if odd and not "".join(parts):
        return f"<{name}{inside}{end}/>"
    return f"<{name}{inside}{end}>{''.join(parts)}</{name}{end}>"


@settings(max_examples=400, deadline=None)
@given(
    head=st.sampled_from(HEADS * 2 + ODD_HEADS),
    space=st.sampled_from(["", f' xmlns="{NFE}"', f' xmlns="{NFE}" xmlns:y="urn:y"']),
    within=st.lists(elements(), min_size=1, max_size=3),
    tail=st.sampled_from(["", "\n", "<!-- <a> -->", "<?a b?>"]),
)
def test_whatever_element(head: str, space: str, within: list[str], tail: str) -> None:
    """R40: whichever element of whatever document is asked for, it is libxml2's form or nothing."""
    data = f"{head}<root{space}>{''.join(within)}</root>{tail}".encode()
    text = written.text_of(data)
    try:
        root = parse(data)
    except UnsafeXml:
        return
    if text is None:
        return
    for element in root.iter(etree.Element):
        content = written.canonical(text, element)
        event("told" if content else "not told")
        assert content is None or content == made(element)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(["nfe", "cte", "nfse-event"]),
    odd=st.lists(st.tuples(st.integers(0, 60), st.sampled_from(ODD)), min_size=1, max_size=3),
)
def test_whatever_is_in_signed_info(name: str, odd: list[tuple[int, str]]) -> None:
    """The same for what a signature says of itself."""
    text = SAMPLES[name].decode()
    begin, end = text.index("<SignedInfo") - 1, text.rindex("</SignedInfo>") + 15
    places = [begin + each.end() for each in re.finditer('[<> "=]', text[begin:end])]
    # From behind, so that the places before stay where they are.
    for which, what in sorted(odd, key=lambda one: -(one[0] % len(places))):
        at = places[which % len(places)]
        text = text[:at] + what + text[at:]
    same_or_nothing(text.encode())


def test_the_labels_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """R40: a signature over what is no canonical form does not hold, though its very bytes are signed."""
    good = nfe(kinds.ISSUER, kinds.RECIPIENT, 5)
    assert check(good).signature.code == "ok"
    assert check(good.replace(b"PRODUTO", b"PRODUTA", 1)).signature.code == "altered"
    monkeypatch.setattr(
        "tests.documents.generator._transport",
        lambda _carrier: "<transp><modFrete >9</modFrete></transp>",
    )
    assert check(nfe(kinds.ISSUER, kinds.RECIPIENT, 5)).signature.code == "altered"
