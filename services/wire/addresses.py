"""Addresses, host names and ports: what is accepted is sent exactly as it comes out of here."""

from __future__ import annotations

import ipaddress
import re

from services.errors import Invalid
from services.language import _
from services.safe_text import has_control, safe

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_MAX_ADDRESS = 254
_MAX_HOST = 253


def valid_address(text: str, *, field: str | None = "email") -> str:
    """The address in the form to be sent: ASCII, domain in lower case and IDNA.

    Quoted local parts, encoded words, comments, address literals and non-ASCII local parts are
    refused, and so is every control character. Nothing is looked up. Raises :class:`Invalid`.
    """
    candidate = text.strip(" ")
    if has_control(candidate) or len(candidate) > _MAX_ADDRESS or "=?" in candidate:
        raise Invalid(_bad_address(candidate), field=field)
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(
            candidate,
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
            strict=True,
            test_environment=True,
        )
    except (EmailNotValidError, UnicodeError) as e:
        raise Invalid(_bad_address(candidate), field=field) from e
    ascii_form = found.ascii_email
    if ascii_form is None or has_control(ascii_form) or "." not in found.domain:
        raise Invalid(_bad_address(candidate), field=field)
    return ascii_form


def split_addresses(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Valid addresses and refused pieces (with the reason) of a list separated by ``;``.

    R31, R32: an invalid one never stops the others. Empty pieces are skipped; the same address
    twice, whatever the case of its domain, counts once, at its first place.
    """
    good: dict[str, None] = {}
    bad: list[tuple[str, str]] = []
    for piece in text.split(";"):
        candidate = piece.strip(" \t\r\n")
        if not candidate:
            continue
        try:
            good.setdefault(valid_address(candidate))
        except Invalid as refusal:
            bad.append((candidate, refusal.message))
    return list(good), bad


def valid_host(text: str, *, field: str | None = "host") -> str:
    """A host name (lower case, IDNA) or an IP address without brackets. Raises :class:`Invalid`."""
    candidate = text.strip(" ")
    bare = candidate[1:-1] if candidate[:1] == "[" and candidate[-1:] == "]" else candidate
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    name = _ascii_name(candidate.removesuffix("."))
    labels = name.split(".")
    if (
        not name
        or len(name) > _MAX_HOST
        or not all(_LABEL.fullmatch(label) for label in labels)
        or labels[-1].isdigit()
    ):
        raise Invalid(
            _("servidor inválido: informe só o nome, como smtp.exemplo.com.br, ou um IP"),
            field=field,
        )
    return name


def valid_port(value: int | str, *, field: str | None = "port") -> int:
    """A TCP port, 1 to 65535. Raises :class:`Invalid`."""
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65_535):
        raise Invalid(_("porta inválida: informe um número de 1 a 65535"), field=field)
    return int(text)


def _ascii_name(name: str) -> str:
    if name.isascii():
        return name.lower()
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return ""


def _bad_address(text: str) -> str:
    return _("endereço de e-mail inválido: {address}").format(address=safe(text, 80))
