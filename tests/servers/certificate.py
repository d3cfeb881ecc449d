"""A certificate authority of one test run, with a certificate for the loopback names."""

from __future__ import annotations

from pathlib import Path

import trustme


class Authority:
    """``ca_file`` is what a client must trust; ``certificate``/``key`` are the server's (PEM)."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_file))
        self.certificate, self.key = self.issue(folder, "localhost", "127.0.0.1", "::1")

    def issue(self, folder: Path, *names: str) -> tuple[Path, Path]:
        """Make a certificate (with its chain) for ``names`` and its key; the two files."""
        leaf = self._ca.issue_cert(*names)
        certificate, key = folder / f"{names[0]}.pem", folder / f"{names[0]}.key"
        certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
        key.touch(mode=0o600)
        key.write_bytes(leaf.private_key_pem.bytes())
        return certificate, key
