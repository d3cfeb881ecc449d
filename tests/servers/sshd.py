"""A private OpenSSH server with one key and the command that this key is forced into."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.ports import free_port, is_root, need
from tests.servers.server import Server

BINARY = "sshd"
_PRIVILEGE_SEPARATION = Path("/run/sshd")

_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PermitUserRC yes
AllowTcpForwarding yes
AllowAgentForwarding yes
AllowStreamLocalForwarding yes
X11Forwarding yes
PermitTunnel yes
Subsystem sftp internal-sftp
SetEnv HOME={home}
LogLevel VERBOSE
{extra}
"""


class Sshd(Server):
    """sshd on 127.0.0.1:``port`` for the account that runs the tests, by one key.

    ``options`` are those of the key's line in authorized_keys (``restrict,pty,command="…"``);
    all that the server itself could forbid is allowed. ``home`` is the account's home, which a
    service account would have for its own. ``extra`` is appended to the configuration.
    """

    def __init__(self, options: str, *, home: Path, extra: str = "") -> None:
        super().__init__("sshd")
        self.port = free_port()
        self.ports = (self.port,)
        self.log = self.folder / "sshd.log"
        self.account = pwd.getpwuid(os.geteuid()).pw_name
        self._made_run = False
        for name in ("host_key", "key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name],
                check=True,
                stdin=subprocess.DEVNULL,
            )
        public = (self.folder / "key.pub").read_text()
        host = " ".join((self.folder / "host_key.pub").read_text().split()[:2])
        (self.folder / "authorized_keys").write_text(f"{options} {public}")
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {host}\n")
        (self.folder / "sshd_config").write_text(
            _CONFIG.format(port=self.port, folder=self.folder, home=home, extra=extra)
        )

    def argv(self) -> Sequence[str]:
        config = ("-f", str(self.folder / "sshd_config"))
        return [need(BINARY, "openssh-server"), "-D", "-E", str(self.log), *config]

    def start(self) -> None:
        """Start, with the folder that root's sshd wants."""
        if is_root() and not _PRIVILEGE_SEPARATION.exists():
            _PRIVILEGE_SEPARATION.mkdir(0o755)
            self._made_run = True
        super().start()

    def stop(self) -> None:
        """End the listener; sessions end when their clients do."""
        super().stop()
        if self._made_run:
            _PRIVILEGE_SEPARATION.rmdir()
            self._made_run = False

    def client(
        self, *words: str, program: str = "ssh", sends: Mapping[str, str] | None = None
    ) -> list[str]:
        """The argv of OpenSSH's client with this server's key; ``words`` follow its options.

        ``{at}`` in a word is the account and the host. ``sends`` are variables that it asks the
        server to set.
        """
        port = "-p" if program == "ssh" else "-P"
        options = [
            f"UserKnownHostsFile={self.folder / 'known_hosts'}",
            f"IdentityFile={self.folder / 'key'}",
            *("IdentitiesOnly=yes", "BatchMode=yes", "LogLevel=INFO"),
        ]
        if sends:
            options.append("SetEnv=" + " ".join(f'{name}="{v}"' for name, v in sends.items()))
        told = [part for option in options for part in ("-o", option)]
        at = f"{self.account}@127.0.0.1"
        return [
            *(program, "-F", "none", port, str(self.port), *told),
            *(word.replace("{at}", at) for word in words),
        ]
