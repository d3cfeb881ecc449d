"""A private Dovecot 2.3: POP3 with STLS, POP3 over TLS, and a login service for Postfix."""

from __future__ import annotations

import grp
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

from tests.servers.certificate import Authority
from tests.servers.entra_provider import Provider
from tests.servers.ports import free_port, is_root, need, unprivileged, wait_until
from tests.servers.server import Server

BINARY = "dovecot"

_CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
protocols = pop3
{users_of_processes}
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login{mechanisms}
auth_failure_delay = 0 secs
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {folder}/users/%u
}}
{tokens}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100
service pop3-login {{
  {no_chroot}
  service_count = 0
  client_limit = 2000
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  {no_chroot}
  client_limit = 3000
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  client_limit = 3000
  unix_listener {folder}/login {{
    mode = 0666
  }}
}}
{pop3_delete_type}
{extra}
"""

# The provider says which mailboxes the token opens by which protocol; the second step finds the one
# that was asked for among them, or nobody.
_TOKENS = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
  result_success = continue
  result_failure = return-fail
}}
passdb {{
  driver = passwd-file
  mechanisms = xoauth2
  args = username_format=%{{if;%{{passdb:opens}};*;*|%s=%u|*;%u;nobody}} {folder}/mailboxes/%u
}}
"""

_OAUTH2 = """\
introspection_mode = post
introspection_url = {url}
force_introspection = yes
active_attribute = active
active_value = true
username_attribute = email
username_format = token
pass_attrs = opens=%{{oauth2:opens}}
timeout_msecs = 10000
"""


class Dovecot(Server):
    """Dovecot with users of its own, on 127.0.0.1: ``port`` (plain and STLS) and ``tls_port``.

    Refused logins are answered at once, without Dovecot's growing delay. ``ca_file`` is the
    authority to trust; ``auth_socket`` serves Postfix's SASL; ``extra`` is appended to the
    configuration. Runs as root (mail belongs to ``nobody``) or as anybody.

    With ``entra`` it takes XOAUTH2 too: a token of that provider opens the mailbox of its account
    and those shared with it, whose users have the account's address, in lower case, for a name.
    """

    def __init__(
        self,
        *,
        authority: Authority | None = None,
        pop3_delete_type: str | None = None,
        entra: Provider | None = None,
        extra: str = "",
    ) -> None:
        super().__init__("dovecot")
        self.authority = authority or Authority(self.folder)
        self.ca_file = self.authority.ca_file
        self.port = free_port()
        self.tls_port = free_port()
        self.ports = (self.port, self.tls_port)
        self.auth_socket = self.folder / "login"
        self.log = self.folder / "dovecot.log"
        self._owner = unprivileged()
        self._numbers = itertools.count(1)
        (self.folder / "users").mkdir()
        (self.folder / "mailboxes").mkdir()
        (self.folder / "mail").mkdir()
        self._own(self.folder / "mail")
        me = self._owner.pw_name
        group = grp.getgrgid(self._owner.pw_gid).gr_name
        if entra is not None:
            (self.folder / "oauth2.conf").write_text(_OAUTH2.format(url=entra.introspection_url))
        (self.folder / "dovecot.conf").write_text(
            _CONFIG.format(
                folder=self.folder,
                certificate=self.authority.certificate,
                key=self.authority.key,
                uid=self._owner.pw_uid,
                gid=self._owner.pw_gid,
                port=self.port,
                tls_port=self.tls_port,
                users_of_processes=""
                if is_root()
                else f"default_internal_user = {me}\n"
                f"default_login_user = {me}\ndefault_internal_group = {group}",
                no_chroot="" if is_root() else "chroot =",
                pop3_delete_type=f"pop3_delete_type = {pop3_delete_type}"
                if pop3_delete_type
                else "",
                mechanisms=" xoauth2" if entra else "",
                tokens=_TOKENS.format(folder=self.folder) if entra else "",
                extra=extra,
            )
        )

    def argv(self) -> Sequence[str]:
        return [need(BINARY, "dovecot"), "-F", "-c", str(self.folder / "dovecot.conf")]

    def add_user(self, name: str, password: str | None = None) -> None:
        """A user with an empty mailbox, who may log in at once; by token alone without password."""
        if password is not None:
            (self.folder / "users" / name).write_text(f"{name}:{password}\n")
        (self.folder / "mailboxes" / name).write_text(f"{name}:::::::nopassword=y\n")
        home = self.folder / "mail" / name
        for folder in (home, self.maildir(name), *(self.maildir(name) / n for n in _PARTS)):
            folder.mkdir(exist_ok=True)
            self._own(folder)

    def change_password(self, name: str, password: str) -> None:
        """The new password counts from now on; sessions that are open go on."""
        users = self.folder / "users"
        fresh = users / f"{name}.new"
        fresh.write_text(f"{name}:{password}\n")
        fresh.replace(users / name)
        if self._process is not None:
            self.stop()
            self.start()

    def maildir(self, user: str) -> Path:
        """The folder of the user's mail."""
        return self.folder / "mail" / user / "Maildir"

    def deliver(self, user: str, raw: bytes) -> Path:
        """Put a message into the mailbox, byte for byte, and give its file.

        The name carries size and size on the wire, as Dovecot's own deliveries do, so that LIST
        need not read every message.
        """
        wire = len(raw) + raw.count(b"\n") - raw.count(b"\r\n")
        name = f"{1700000000 + next(self._numbers):010d}.M1P1.test,S={len(raw)},W={wire}"
        waiting = self.maildir(user) / "tmp" / name
        waiting.write_bytes(raw)
        self._own(waiting)
        return waiting.rename(self.maildir(user) / "new" / name)

    def messages(self, user: str) -> list[Path]:
        """The files of the messages in the mailbox, in order of delivery."""
        found = [p for n in ("new", "cur") for p in (self.maildir(user) / n).iterdir()]
        return sorted(found, key=lambda path: path.name)

    def wait_for(self, user: str, count: int, timeout: float = 20.0) -> list[Path]:
        """The messages as soon as there are ``count`` of them."""
        wait_until(
            lambda: len(self.messages(user)) >= count, f"{count} messages for {user}", timeout
        )
        return self.messages(user)

    def _own(self, path: Path) -> None:
        if is_root():
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)


_PARTS = ("tmp", "new", "cur")
