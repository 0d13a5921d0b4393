"""The program's log for somebody else's eyes: what the program itself said, where and when, and nothing that came from outside.

The log is masked when it is written, but a mask knows only what it can recognise. Here the rule is the other way round: a
text stays only where it is the program's own. So names, codes, addresses and answers of other systems cannot be in it,
whatever they look like.
"""

from __future__ import annotations

import builtins
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

LINES: Final = 4000
"""So many of the newest lines are handed out."""

_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*(:[0-9]+)?", re.ASCII)
_MOMENT: Final = re.compile(r"[0-9T:.+-]{10,40}", re.ASCII)
_FRAME: Final = re.compile(
    r'  File ".*?((?:coupon_desk|site-packages|lib/python[0-9.]+)[/\\][A-Za-z0-9_./\\-]+\.py)", '
    r"line ([0-9]+), in ([A-Za-z0-9_<>.]+)",
    re.ASCII,
)
_FAILURE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)(?=:|$)", re.ASCII)


def log_lines(folder: Path) -> Iterator[str]:
    """The newest lines of the log and of its older files, oldest first, as one JSON object each."""
    files = sorted(folder.glob("coupon-desk.log*"), key=_age, reverse=True)
    lines = [line for file in files for line in _lines_of(file)]
    for line in lines[-LINES:]:
        yield json.dumps(own_words(line), ensure_ascii=False)


def own_words(line: str) -> dict[str, Any]:
    """What is the program's own in one line of the log."""
    try:
        told: Any = json.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return {"unreadable": True}
    kept: dict[str, Any] = {}
    for name, fits in (("at", _MOMENT), ("level", _CODE), ("logger", _CODE), ("where", _CODE)):
        if isinstance(told.get(name), str) and fits.fullmatch(told[name]):
            kept[name] = told[name]
    # Templates are ours where the logger is; the linter (G) sees to it that none is put together beforehand.
    if isinstance(told.get("says"), str) and str(kept.get("logger", "")).startswith("coupon_desk"):
        kept["says"] = told["says"]
    facts = told.get("facts")
    if isinstance(facts, dict):
        kept["facts"] = {
            name: value for name, value in facts.items() if isinstance(value, bool | int | float) and _is_code(name)
        }
    if isinstance(told.get("error"), str):
        kept["error"] = list(frames(told["error"]))
    return kept


def frames(traceback: str) -> Iterator[str]:
    """Where an error came through the program, and of which kinds it was; without what it said."""
    for line in traceback.splitlines():
        if frame := _FRAME.match(line):
            yield f"{frame[1].replace(chr(92), '/')}:{frame[2]} {frame[3]}"
        elif (failure := _FAILURE.match(line)) and _is_failure(failure[1]):
            yield failure[1]


def _is_failure(name: str) -> bool:
    """Whether a word at the beginning of a line is a kind of error, and not somebody's name."""
    package = name.partition(".")[0]
    if package != name:
        return package in sys.stdlib_module_names or package in sys.modules
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


def _is_code(name: object) -> bool:
    return isinstance(name, str) and _CODE.fullmatch(name) is not None


def _age(file: Path) -> int:
    """The number behind the name of a file that was rotated: the larger, the older."""
    suffix = file.suffix.removeprefix(".")
    return int(suffix) if suffix.isdigit() else 0


def _lines_of(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line]
    except OSError:
        return []
