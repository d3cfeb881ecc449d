"""TLS for every client connection, and connection errors as typed facts."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from functools import lru_cache
from pathlib import Path

from services.errors import Invalid
from services.failure import Failure, Stage, WireError
from services.language import _

_HOSTNAME_MISMATCH = {62, 63, 64}
_NOT_YET_VALID = 9
_EXPIRED = 10
_REVOKED = 23
_NOT_FOR_SERVERS = 26
_WEAK = {66, 67, 68}
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_UNKNOWN_ISSUER = {2, 18, 19, 20, 21, 27}
# What the system answers is told by the names that manuals know: its words are in English.
_RESOLVING = {getattr(socket, name): name for name in dir(socket) if name.startswith("EAI_")}


@lru_cache(maxsize=16)
def client_context(verify: bool = True, ca_file: Path | None = None) -> ssl.SSLContext:
    """The shared context for clients: TLS 1.2 or newer, certificate and host name checked.

    ``ca_file`` (PEM) is trusted besides the system's authorities; without ``verify`` the
    connection is encrypted but anybody may be at the other end. Made once for each pair, because
    loading the authorities costs 20 ms. Raises :class:`Invalid` for an unusable file.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca_file is not None:
        _add(context, ca_file)
    return context


def authorities(ca_file: Path | None = None) -> int:
    """How many authorities a verified connection trusts, those of ``ca_file`` among them.

    Where the system has a folder of them, they are read from it as they are needed: its files
    count. Raises :class:`Invalid` for an unusable file.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        _add(context, ca_file)
    loaded: int = context.cert_store_stats()["x509_ca"]
    folder = ssl.get_default_verify_paths().capath
    files = Path(folder).iterdir() if folder else ()
    return max(loaded, sum(_HASHED.fullmatch(file.name) is not None for file in files))


def _add(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as e:  # ssl.SSLError is one
        raise Invalid(
            _("{file}: não é um arquivo de certificados (PEM) utilizável").format(file=ca_file),
            field="ca_file",
        ) from e


def failure_of(exc: BaseException, who: str, stage: Stage) -> Failure:
    """The fact behind an exception of ``ssl``, ``socket``, ``asyncio`` or a library above them.

    A library's own exception is looked through to its cause. None of these facts is permanent:
    networks, names and certificates get mended without us. ``field`` names what a person would
    change if the server is in order.
    """
    if isinstance(exc, WireError):
        return exc.failure
    seen: BaseException | None = exc
    while seen is not None and not isinstance(seen, OSError | EOFError | UnicodeError):
        seen = seen.__cause__
    cause = seen or exc
    kind, explanation, field = _diagnosis(cause, stage)
    return Failure(who, stage, kind, reply=_words(cause), explanation=explanation, field=field)


def _words(exc: BaseException) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return exc.verify_message
    if isinstance(exc, ssl.SSLError):
        return _reason(exc)
    if isinstance(exc, socket.gaierror):
        return _RESOLVING.get(exc.errno, "")
    if isinstance(exc, OSError):
        return errno.errorcode.get(exc.errno or 0, "")
    return "" if isinstance(exc, EOFError | UnicodeError) else str(exc)


def _diagnosis(exc: BaseException, stage: Stage) -> tuple[str, str, str | None]:
    """Kind, explanation and field."""
    match exc:
        case ssl.SSLCertVerificationError():
            field = "host" if exc.verify_code in _HOSTNAME_MISMATCH else "verify_certificate"
            return "certificate", _of_certificate(exc.verify_code), field
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() if stage != Stage.TLS:
            return "closed", _("O servidor fechou a conexão no meio da conversa."), None
        case ssl.SSLError():
            return "tls", _of_tls(exc), "security"
        case socket.gaierror() if exc.errno == socket.EAI_AGAIN:
            return "dns", _("O serviço de nomes (DNS) não respondeu; tente de novo."), "host"
        case socket.gaierror() | UnicodeError():
            return "dns", _("Não existe servidor com este nome; confira o endereço."), "host"
        case TimeoutError() if stage == Stage.DNS:
            return "timeout", _("O serviço de nomes (DNS) não respondeu a tempo."), "host"
        case TimeoutError() if stage == Stage.TCP:
            return (
                "timeout",
                _("O servidor não atendeu a tempo; confira servidor e porta, ou um firewall."),
                "host",
            )
        case TimeoutError() if stage == Stage.GREETING:
            return (
                "timeout",
                _("Conectou, mas o servidor não se apresentou; confira porta e segurança."),
                "security",
            )
        case TimeoutError() if stage == Stage.TLS:
            return (
                "timeout",
                _("Conectou, mas o TLS não começou; talvez a porta espere STARTTLS."),
                "security",
            )
        case TimeoutError():
            return "timeout", _("O servidor parou de responder a tempo."), "timeout"
        case ConnectionRefusedError():
            return (
                "network",
                _("O servidor recusou a conexão nesta porta; confira a porta."),
                "port",
            )
        case ConnectionError() | EOFError() if stage == Stage.TLS:
            return (
                "tls",
                _("O servidor fechou a conexão ao iniciar o TLS; confira porta e segurança."),
                "security",
            )
        case ConnectionError() | EOFError():
            return "closed", _("O servidor fechou a conexão no meio da conversa."), None
        case _:
            return (
                "network",
                _("Não foi possível chegar ao servidor; confira o endereço e a rede."),
                "host",
            )


def _of_certificate(code: int) -> str:
    if code in _HOSTNAME_MISMATCH:
        return _("O certificado do servidor é de outro nome; confira o endereço do servidor.")
    if code == _EXPIRED:
        return _("O certificado do servidor venceu; quem administra o servidor deve renová-lo.")
    if code == _NOT_YET_VALID:
        return _("O certificado do servidor ainda não vale; confira o relógio desta máquina.")
    if code == _REVOKED:
        return _(
            "O certificado do servidor foi revogado; quem administra o servidor deve trocá-lo."
        )
    if code == _NOT_FOR_SERVERS:
        return _("O certificado não serve para um servidor; quem o administra deve trocá-lo.")
    if code in _WEAK:
        return _("O certificado do servidor usa uma chave fraca; quem o administra deve trocá-lo.")
    if code in _UNKNOWN_ISSUER:
        return _(
            "O certificado do servidor é autoassinado ou de uma autoridade desconhecida; "
            "instale a autoridade (ca_file) ou desligue a validação por sua conta e risco."
        )
    return _("O certificado do servidor não passou na validação.")


def _reason(exc: ssl.SSLError) -> str:
    # Only errors that OpenSSL itself made carry a reason.
    return getattr(exc, "reason", None) or ""


def _of_tls(exc: ssl.SSLError) -> str:
    reason = _reason(exc)
    if reason in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}:
        return _("O servidor só oferece um TLS antigo e inseguro (anterior ao 1.2).")
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return _("O servidor não fala TLS nesta porta; use STARTTLS ou outra porta.")
    return _("O TLS falhou; confira a porta e a opção de segurança.")
