"""The demonstration's sign-in service, asked as the program asks Microsoft's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from services.failure import WireError
from services.wire.entra import Registration
from tui_app.demo.certificates import Authority
from tui_app.demo.microsoft import CLIENT_ID, Microsoft
from tui_app.demo.servers import Servers

EMAIL = "contato@empresa06.example"
BOTH = ("send", "read")


@pytest.fixture
def signs_in(tmp_path: Path) -> Iterator[tuple[Registration, Microsoft, Path]]:
    """The program's side, the service, and the authority to be trusted."""
    authority = Authority(tmp_path)
    with Servers(authority) as servers:
        microsoft = servers.microsoft
        yield Registration(CLIENT_ID, microsoft.base, authority.file), microsoft, authority.file


@pytest.mark.filterwarnings("ignore:Attempted too soon")
def test_by_code(signs_in: tuple[Registration, Microsoft, Path]) -> None:
    """R44, R45: a code waits until it is accepted; what was given ends when it is revoked."""
    door, microsoft, _ca = signs_in
    asked = door.ask_code("organizations", BOTH)
    microsoft.accept(EMAIL, after=3_600.0)
    assert door.poll(asked) is None
    microsoft.accept(EMAIL)
    signed = door.poll(asked)
    assert signed is not None
    assert signed.person.name == EMAIL
    assert microsoft.opens(signed.tokens.access, EMAIL)
    assert not microsoft.opens(signed.tokens.access, "outra@empresa06.example")
    renewed = door.renew("organizations", signed.tokens.cache, BOTH)
    assert microsoft.opens(renewed.access, EMAIL)
    microsoft.revoke(EMAIL)
    assert not microsoft.opens(renewed.access, EMAIL)
    with pytest.raises(WireError) as refused:
        door.renew("organizations", renewed.cache, BOTH)
    assert refused.value.failure.code == 50173


def test_by_address(signs_in: tuple[Registration, Microsoft, Path]) -> None:
    """R44: a browser ends at an address that completes the sign-in of whoever was expected."""
    door, _microsoft, ca = signs_in
    asked = door.ask_address("organizations", BOTH, EMAIL)
    with requests.Session() as browser:
        browser.trust_env = False
        ended = browser.get(asked.url, verify=str(ca), allow_redirects=False, timeout=10)
    signed = door.finish(asked, ended.headers["Location"])
    assert signed.person.name == EMAIL
