from contextlib import suppress

import lxml.etree as etree
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fiscal import xml

LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>'


@pytest.mark.parametrize(
    "data",
    [
        b"<a>\xc3\xa7</a>",
        b"\xef\xbb\xbf<a>\xc3\xa7</a>",
        b'\r\n<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe7</a>',
        b'<?xml version="1.0" encoding="windows-1252"?><a>\xe7</a>',
        "\ufeff<?xml version='1.0' encoding='utf-16'?><a>ç</a>".encode("utf-16-le"),
        "<?xml version='1.0' encoding='utf-16'?><a>ç</a>".encode("utf-16-be"),
        b"\xef\xbb\xbf\xef\xbb\xbf<a>\xc3\xa7</a>",
        b"<a>\xe7</a>",
        b'<?xml version="1.0" encoding="UTF-8"?><a>\xe7</a>',
        b'<?xml version="1.0" encoding="US-ASCII"?><a>\xc3\xa7</a>',
        b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xc3\xa7</a>',
        b'<?xml version="1.0" encoding="utf-16"?><a>\xc3\xa7</a>',
        b'<?xml version="1.0" encoding="utf-16"?><a>\xe7</a>',
    ],
)
def test_encodings(data: bytes) -> None:
    """R37: with and without byte order mark, declared rightly, wrongly or not at all."""
    assert xml.parse(data).text == "ç"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "malformed"),
        (b"<a>", "malformed"),
        (LAUGHS, "doctype"),
        (b"<?xml version='1.0'?><!-- x --> <?p?>\n" + LAUGHS, "doctype"),
        (b"\xef\xbb\xbf" + LAUGHS, "doctype"),
        (LAUGHS.decode().encode("utf-16"), "doctype"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "doctype"),
        (b"<a>" * 65 + b"</a>" * 65, "too_deep"),
        (b"<a>" * 100_000, "too_deep"),
        (b"<a>" + b" " * xml.MAX_BYTES + b"</a>", "too_large"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "encoding"),
        ("<a/>".encode("utf-32-le"), "encoding"),
        (b"\xff\xfe<", "encoding"),
    ],
)
def test_what_is_refused(data: bytes, reason: str) -> None:
    """No entity, no DOCTYPE, caps on depth and size."""
    with pytest.raises(xml.UnsafeXml) as refusal:
        xml.parse(data)
    assert refusal.value.reason == reason


@given(st.binary(max_size=200) | st.text("<>/=\"'!?-[]&;a ", max_size=80).map(str.encode))
def test_any_bytes_give_an_element_or_unsafe(data: bytes) -> None:
    with suppress(xml.UnsafeXml):
        assert xml.parse(data) is not None


def _outcome(data: bytes) -> tuple[str, bytes]:
    try:
        return "read", etree.tostring(xml.parse(data), encoding="utf-8")
    except xml.UnsafeXml as refusal:
        return f"{refusal.reason} {refusal.detail.partition(', line')[0]}", b""


@given(
    st.sampled_from(
        [
            b'<?xml version="1.0" encoding="UTF-8"?>',
            b'<?xml version="1.0" encoding="utf-8"?>',
            b'<?xml version="1.0" encoding="Utf-8"?>',
            b'<?xml version="1.0" encoding="utf-16"?>',
            b'<?xml version="1.1" encoding="UTF-8"?>',
            b'<?xml version="1.0"?>',
        ]
    ),
    st.sampled_from(
        [b"<a>", b"<a:a>", b" <a>", b"<!-- --><a>", LAUGHS, b"<\0a>", b"<\xc3\xa7>", b""]
    ),
    st.binary(max_size=20) | st.text("<>/=\"'!?-[]&;a ç", max_size=20).map(str.encode),
    st.sampled_from([b"</a>", b"</a:a>", b"</\xc3\xa7>", b""]),
)
def test_the_usual_beginning_is_only_quicker(
    declaration: bytes, root: bytes, middle: bytes, end: bytes
) -> None:
    """With a line before it the same document takes the long way, and comes to the same."""
    data = declaration + root + middle + end
    assert _outcome(data) == _outcome(b"\n" + data)
