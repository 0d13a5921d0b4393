"""A log record as one line: JSON for the file, a short sentence for the console. Masked either way."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from coupon_desk.logs.masking import Mask

# What every record has; anything else came in by `extra` and is a fact of the subject.
_OF_EVERY_RECORD: Final = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime", "taskName"}
OURS: Final = "coupon_desk"
_TRACEBACKS: Final = logging.Formatter()


class JsonLine(logging.Formatter):
    """A record as one JSON object: `at`, `level`, `logger`, `message`, `where`, `process`, `thread`, `facts`, `error`.

    `says` is the message of one of our own loggers without what was put into it: words of the program and of nobody else.
    """

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        return json.dumps(told(record, self._mask), ensure_ascii=False)


class ConsoleLine(logging.Formatter):
    """A record as one line for the person at the console; tracebacks are for the file."""

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        message = " ".join(self._mask.text(message_of(record)).split())
        return f"{record.levelname.lower()}: {record.name}: {message}"


def told(record: logging.LogRecord, mask: Mask) -> dict[str, Any]:
    """Everything that a record says, masked: the one form that leaves the program, for the file and for a collector."""
    line: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": mask.text(message_of(record)),
        "where": f"{record.module}:{record.lineno}",
        "process": record.process,
        "thread": record.threadName,
    }
    if record.name.startswith(OURS):
        line["says"] = mask.text(str(record.msg))
    facts = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
    if facts:
        line["facts"] = {name: mask.field(name, value) for name, value in facts.items()}
    if record.exc_info:
        line["error"] = mask.text(_TRACEBACKS.formatException(record.exc_info))
    if record.stack_info:
        line["stack"] = mask.text(record.stack_info)
    return line


def message_of(record: logging.LogRecord) -> str:
    """The message with its arguments; a message that does not fit its arguments is still told."""
    try:
        return record.getMessage()
    except Exception as failure:
        return f"{record.msg} (its arguments do not fit: {type(failure).__name__})"
