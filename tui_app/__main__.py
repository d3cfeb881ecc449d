"""Start-up: the console without a command, the command line with one."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from services import language
from services.errors import CarteiroError, Refused, Unavailable
from services.language import _
from services.safe_text import safe
from services.settings import Settings, load
from tui_app import collector, forced, tty
from tui_app.cli.output import Output, error_line, unwritten
from tui_app.cli.parser import parse
from tui_app.cli.stopping import Interrupted, interrupted


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is that of ``cli.md``: 0 to 5, and 130 after Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    names: dict[str, str] = {}
    _have_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(words, names)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        _drop_output()
        return 0
    except SystemExit:
        # Help was given, or not.
        trouble = _unwritten()
        if trouble is None:
            raise
        return _failed(trouble, words, names)
    except (Exception, KeyboardInterrupt) as e:  # noqa: BLE001 - told in one line, logged whole
        return _failed(_unwritten() or e, words, names)
    return status


def _have_streams() -> None:
    """A stream that was closed before the start (``>&-``) leads nowhere; no file takes its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # The lowest number that is free: its own.
            number = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _unwritten() -> CarteiroError | None:
    """Why what is left of the output cannot be written, where that is what went wrong."""
    try:
        sys.stdout.flush()
    except OSError as e:
        _drop_output()
        return None if isinstance(e, BrokenPipeError) else unwritten(e)
    return None


def _drop_output() -> None:
    """The last flush, when Python ends, must not complain either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: BaseException, words: list[str], names: dict[str, str]) -> int:
    """Tell in one line why the command ended; the exit status for it."""
    if not isinstance(error, Interrupted) and interrupted(error):
        error = Interrupted(_("interrompido"))
    if not isinstance(error, CarteiroError):
        _log_it(words, error)
        error = Unavailable(
            _("falha interna ({kind}); os detalhes estão no log").format(kind=type(error).__name__)
        )
    sys.stderr.write(error_line(error, "--json" in words, names) + "\n")
    return error.exit_status


def _run(words: list[str], names: dict[str, str]) -> int:
    settings, trouble = _settle(words)
    args = parse(words)
    if args.as_user is not None and forced.over_ssh():
        ignored = forced.forget_client(args.config)
        settings, trouble = _settle(words)
        if ignored:
            _tell_ignored(ignored, args.json)
    if trouble is not None or settings is None:
        raise trouble or Refused(_("Sem configuração"))
    if args.command is None:
        return _console(settings, args.as_user, mouse=args.mouse)
    from tui_app.cli.context import Context

    context = Context(args, settings, Output(args.json))
    try:
        return args.run(context) or 0
    finally:
        names.update(args.field_names)
        context.close()


def _tell_ignored(names: list[str], as_json: bool) -> None:
    """Say that these variables count for nothing; whoever typed them meant another database."""
    told = safe(", ".join(names))
    if forced.typed():
        raise Refused(
            _(
                "Por SSH com --user vale só o carteiro.toml: indique-o com --config e tire {names} "
                "do ambiente"
            ).format(names=told)
        )
    if not as_json:
        words = _("por SSH com --user vale só o carteiro.toml; sem efeito: {names}")
        sys.stderr.write("carteiro: " + words.format(names=told) + "\n")


def _settle(words: list[str]) -> tuple[Settings | None, CarteiroError | None]:
    """The settings as they are now; the language is chosen by the way."""
    told = _told(words, "--lang")
    language.choose(told, firm=told is not None)
    settings, trouble = _settings(_told(words, "--config"))
    if told is None and settings is not None and settings.language is not None:
        language.choose(settings.language)
    return settings, trouble


def _log_it(words: list[str], error: BaseException) -> None:
    import logging

    from tui_app import logs

    settings, _trouble = _settings(_told(words, "--config"))
    if settings is not None:
        with suppress(CarteiroError):
            logs.start(settings.home)
            logging.getLogger("carteiro").error("a command broke", exc_info=error)


def _settings(config: str | None) -> tuple[Settings | None, CarteiroError | None]:
    """The settings, or why there are none: help is given all the same."""
    try:
        return load(Path(config) if config is not None else None), None
    except CarteiroError as e:
        return None, e


def _told(words: list[str], option: str) -> str | None:
    """The value of a global option, needed before the rest can be understood."""
    for place, word in enumerate(words):
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
        if word == option and place + 1 < len(words):
            return words[place + 1]
    return None


def _console(settings: Settings, user: str | None, *, mouse: bool) -> int:
    tty.take()
    collector.hold()
    from tui_app import logs
    from tui_app.app import run

    logs.start(settings.home)
    return run(settings, user, mouse=mouse)


if __name__ == "__main__":
    sys.exit(main())
