"""Did somebody trusted vouch for a certificate, at the time of a document (R40).

Whom to trust is in a file of the installation; nothing is asked over the network, so that what was
revoked is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from services.disk import reason
from services.fiscal import certificates
from services.fiscal.labels import Check
from services.language import _

if TYPE_CHECKING:
    from cryptography import x509

_MOST_STEPS = 6
_MOST_BYTES = 10_000_000


class UnreadableStore(Exception):
    """The file of trusted issuers has no certificate that can be read."""


def check(
    found: Sequence[x509.Certificate], at: datetime | None, trusted_file: Path | None
) -> Check:
    """Does a path lead from the first of ``found`` to a certificate of ``trusted_file``.

    Each step is a signature of an authority that was valid ``at``; the others of ``found`` may be
    steps, and are not trusted for that. "unasked" without a file.
    """
    if trusted_file is None:
        return Check("unasked")
    try:
        trusted = load(trusted_file)
    except UnreadableStore as error:
        return Check("unverifiable", "no_trust_file", str(error)[:200])
    if at is None:
        return Check("unverifiable", "no_time")
    path, whole = _path(tuple(found), trusted)
    for step in path if whole else ():
        if not certificates.valid(step, at):
            return Check("failed", "authority_expired_then", _name(step))
    return Check("ok") if whole else Check("failed", "not_trusted", _name(path[-1], issuer=True))


class Trusted:
    """The certificates of a file by subject."""

    def __init__(self, all_of_them: Sequence[x509.Certificate]) -> None:
        self._by_subject: dict[x509.Name, list[x509.Certificate]] = {}
        for each in all_of_them:
            self._by_subject.setdefault(each.subject, []).append(each)

    def __len__(self) -> int:
        return sum(map(len, self._by_subject.values()))

    def named(self, subject: x509.Name) -> Sequence[x509.Certificate]:
        """Those of that name."""
        return self._by_subject.get(subject, ())


@lru_cache(maxsize=256)
def _path(
    found: tuple[x509.Certificate, ...], trusted: Trusted
) -> tuple[list[x509.Certificate], bool]:
    """From the first of ``found`` upwards, and whether that ends at somebody trusted.

    Suppliers sign everything with the same certificate.
    """
    path = [found[0]]
    for _step in range(_MOST_STEPS):
        issuer = _issuer(path[-1], [*trusted.named(path[-1].issuer), *found[1:]])
        if issuer is None or issuer in path:
            break
        path.append(issuer)
        if issuer in trusted.named(issuer.subject):
            return path, True
    return path, False


def load(trusted_file: Path) -> Trusted:
    """The trusted certificates; read again when the file has changed."""
    try:
        state = trusted_file.stat()
    except OSError as error:
        raise UnreadableStore(reason(error)) from error
    return _load(trusted_file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1)
def _load(trusted_file: Path, _changed: int, size: int) -> Trusted:
    from cryptography import x509

    if size > _MOST_BYTES:
        raise UnreadableStore(_("o arquivo é grande demais para ser uma lista de certificados"))
    try:
        return Trusted(x509.load_pem_x509_certificates(trusted_file.read_bytes()))
    except OSError as error:
        raise UnreadableStore(reason(error)) from error
    except ValueError as error:
        raise UnreadableStore(_("não tem certificados em PEM que se possam ler")) from error


def _issuer(
    step: x509.Certificate, candidates: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    for candidate in candidates:
        if not _may_issue(candidate):
            continue
        try:
            step.verify_directly_issued_by(candidate)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            continue
        return candidate
    return None


def _may_issue(candidate: x509.Certificate) -> bool:
    """An authority by its own words (RFC 5280, 4.2.1.9 and 4.2.1.3)."""
    from cryptography import x509

    try:
        extensions = candidate.extensions
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return False
    try:
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True


def _name(certificate: x509.Certificate, *, issuer: bool = False) -> str:
    try:
        name = certificate.issuer if issuer else certificate.subject
        return name.rfc4514_string()[:200]
    except ValueError:
        return ""
