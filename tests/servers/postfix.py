"""A private Postfix: submission with STARTTLS and login, mail of one domain kept in Maildirs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port, need, unprivileged
from tests.servers.server import Server

BINARY = "postfix"
DOMAIN = "example.com"

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = mail.{domain}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks_style = host
mynetworks =
alias_maps =
local_recipient_maps =
biff = no
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = regexp:{folder}/mailboxes
virtual_transport = maildir
default_transport = error:only {domain} is delivered here
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth_socket}
smtpd_sasl_mechanism_filter = {mechanisms}
line_length_limit = 12288
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unlisted_recipient
smtpd_delay_reject = yes
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
message_size_limit = 52428800
{extra}
"""

# Postfix reads this once; Dovecot's users come later, so the address alone decides.
_MAILBOXES = """\
if !/^unknown/
/@{domain}$/ yes
endif
"""

# virtual(8) cannot take the folder from such a pattern; 67 is EX_NOUSER.
_DELIVER = """\
#!/bin/sh
cd {mail}/"$1"/Maildir || exit 67
name=$(date +%s.%N).$$.test
cat >tmp/$name && mv tmp/$name new/
"""

_MASTER = """\
{port} inet n - n - - smtpd
{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
maildir unix - n n - - pipe flags=R user={user} argv={folder}/deliver ${{recipient}}
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Server):
    """Postfix on 127.0.0.1: ``port`` (STARTTLS) and ``tls_port`` (TLS from the first byte).

    Users, passwords and certificate are those of ``dovecot``; mail to its users ``NAME@domain``
    (Dovecot's user name is the whole address) lands in their Maildirs and can be read by POP3;
    addresses that begin with ``unknown`` are refused with 550. Only who logged in may send;
    ``mechanisms`` are those that are offered of Dovecot's ("xoauth2" for tokens alone). A token of
    any length may come on the AUTH line itself, as Microsoft has it. Needs root.
    """

    def __init__(
        self,
        dovecot: Dovecot,
        *,
        domain: str = DOMAIN,
        mechanisms: str = "!external, static:rest",
        extra: str = "",
    ) -> None:
        super().__init__("postfix")
        self.port = free_port()
        self.tls_port = free_port()
        self.ports = (self.port, self.tls_port)
        self.ca_file = dovecot.ca_file
        self.log = self.folder / "postfix.log"
        self._dovecot = dovecot
        self._config = self.folder / "config"
        self._config.mkdir()
        (self.folder / "queue").mkdir()
        (self.folder / "data").mkdir()
        shutil.chown(self.folder / "data", "postfix", "postfix")
        (self._config / "main.cf").write_text(
            _MAIN.format(
                folder=self.folder,
                domain=domain,
                mechanisms=mechanisms,
                certificate=dovecot.authority.certificate,
                key=dovecot.authority.key,
                auth_socket=dovecot.auth_socket,
                extra=extra,
            )
        )
        (self.folder / "mailboxes").write_text(_MAILBOXES.format(domain=domain.replace(".", r"\.")))
        deliver = self.folder / "deliver"
        deliver.write_text(_DELIVER.format(mail=dovecot.folder / "mail"))
        deliver.chmod(0o755)
        (self._config / "master.cf").write_text(
            _MASTER.format(
                folder=self.folder,
                user=unprivileged().pw_name,
                port=f"127.0.0.1:{self.port}",
                tls_port=f"127.0.0.1:{self.tls_port}",
            )
        )

    def argv(self) -> Sequence[str]:
        # Not `start-fg`: with a log file of its own it leaves the master behind when it is told
        # to end.
        return ["/usr/lib/postfix/sbin/master", "-c", str(self._config), "-s"]

    def start(self) -> None:
        """Make the folders of the queue, and start."""
        check = [need(BINARY, "postfix"), "-c", str(self._config), "check"]
        subprocess.run(check, check=True, capture_output=True)
        super().start()
