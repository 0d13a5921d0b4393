"""What happens to an error that nobody caught: its traceback goes to the log, one sentence to the person."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import TextIO

from coupon_desk.logs.log import Log
from coupon_desk.words import Language, msg, say

_log = logging.getLogger("coupon_desk.crash")


def install_excepthook(log: Log, language: Language, console: TextIO | None = None) -> None:
    """From now until the log is closed, uncaught errors of every thread are logged, and told in one sentence.

    The sentence goes to `console`, or to the standard error of that moment. Ctrl+C stays what it is.
    """
    before, before_threads, before_unraisable = sys.excepthook, threading.excepthook, sys.unraisablehook

    def tell(kind: type[BaseException], failure: BaseException | None, traceback: TracebackType | None, where: str) -> None:
        _log.critical("uncaught in %s: %s", where, kind.__name__, exc_info=(kind, failure or kind(), traceback))
        if log.is_writable:
            sentence = msg("Something unexpected went wrong. The details are in {file}.", file=str(log.file))
        else:
            sentence = msg("Something unexpected went wrong, and the log {file} could not be written.", file=str(log.file))
        out = console or sys.stderr
        if out is not None:
            print(say(sentence, language), file=out, flush=True)

    def hook(kind: type[BaseException], failure: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            before(kind, failure, traceback)
        else:
            tell(kind, failure, traceback, "the main thread")

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if not issubclass(args.exc_type, SystemExit):
            name = args.thread.name if args.thread is not None else "a thread"
            tell(args.exc_type, args.exc_value, args.exc_traceback, name)

    def unraisable_hook(args: sys.UnraisableHookArgs) -> None:
        _log.error("%s", args.err_msg or "an error that could not be raised", exc_info=_info(args))

    def undo() -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook = before, before_threads, before_unraisable

    sys.excepthook, threading.excepthook, sys.unraisablehook = hook, thread_hook, unraisable_hook
    log.on_close(undo)


def _info(args: sys.UnraisableHookArgs) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    return args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
