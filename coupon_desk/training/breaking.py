"""How an HTTP call breaks: the one place that turns a fault into bytes, silence or a reset."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.loopback import Ending, Line, Reply

_BAD_GATEWAY = (
    b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n"
    b"<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>\n"
)


@dataclass(frozen=True, slots=True)
class Refusals:
    """How a system says no, in its own words."""

    throttled: Callable[[], Reply]
    too_many: Callable[[float], Reply]
    status: Callable[[int], Reply]
    server_error: Callable[[], Reply]
    internal_error: Callable[[], Reply]
    unauthorized: Callable[[], Reply]
    forbidden: Callable[[], Reply]


def answer_broken(fault: Fault | None, carry_out: Callable[[], Reply], refusals: Refusals, line: Line, cleared: Event) -> Reply:
    """Carry the call out, or not, and answer as the fault wants it."""
    if fault is None:
        return carry_out()
    if fault.kind.applied:
        return _answer_after(fault, carry_out, refusals, line, cleared)
    if fault.kind is FaultKind.BLACKHOLE:
        line.hold(cleared)
    refused: dict[FaultKind, Callable[[], Reply]] = {
        FaultKind.RESET_BEFORE: _reset,
        FaultKind.BLACKHOLE: _reset,
        FaultKind.ERROR_500_BEFORE: refusals.server_error,
        FaultKind.INTERNAL_ERROR_200_BEFORE: refusals.internal_error,
        FaultKind.THROTTLED: refusals.throttled,
        FaultKind.HTTP_429: lambda: refusals.too_many(fault.seconds),
        FaultKind.HTTP_STATUS: lambda: refusals.status(fault.status),
        FaultKind.HTML_502: lambda: Reply(502, _BAD_GATEWAY, "text/html"),
        FaultKind.UNAUTHORIZED: refusals.unauthorized,
        FaultKind.FORBIDDEN: refusals.forbidden,
    }
    return refused[fault.kind]()


def _answer_after(fault: Fault, carry_out: Callable[[], Reply], refusals: Refusals, line: Line, cleared: Event) -> Reply:
    if fault.kind is FaultKind.SLOW:
        line.pause(fault.seconds)
    reply = carry_out()
    match fault.kind:
        case FaultKind.LOST_ANSWER:
            return _reset()
        case FaultKind.BLACKHOLE_AFTER:
            line.hold(cleared)
            return _reset()
        case FaultKind.ERROR_500_AFTER:
            return refusals.server_error()
        case FaultKind.INTERNAL_ERROR_200_AFTER:
            return refusals.internal_error()
        case FaultKind.TRUNCATED_AFTER:
            return replace(reply, ending=Ending.TRUNCATED)
        case FaultKind.NOT_JSON:
            return Reply(200, b"OK, thank you.", "text/plain")
    return reply


def json_reply(status: int, told: Any, *headers: tuple[str, str], content_type: str | None = None) -> Reply:
    """An answer in JSON."""
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, body, content_type or "application/json; charset=utf-8", headers)


def retry_after(seconds: float) -> tuple[str, str]:
    """The header that says when to come back, in whole seconds as HTTP has it."""
    return "Retry-After", str(math.ceil(seconds))


def _reset() -> Reply:
    return Reply(0, b"", ending=Ending.RESET)
