"""What an answer other than success proves, and what a person can do about it."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.points.answers import ErrorAnswer, error_in
from coupon_desk.points.transport import HttpAnswer
from coupon_desk.words import Message, msg

LOOK_FIRST: Final = msg("The point history will tell; nothing is sent again before.")

# 301, 307 and 308 ask to send it elsewhere; 302 and 303 are also said after the work was done.
_SENT_ELSEWHERE: Final = {301, 307, 308}
# 408: the proxy gave up, not necessarily the system behind it. 409: the same key is being worked on, or was (draft
# ietf-httpapi-idempotency-key-header §2.6). 499: a proxy saw us leave.
_MAY_BE_DONE: Final = {408, 409, 499}
_SEEN_BEFORE: Final = re.compile(r"idempot|duplicate|already|key.?reuse", re.IGNORECASE)


def read_failure(answer: HttpAnswer) -> RemoteError:
    """Why a read got no usable answer: RemoteRefused where trying again is useless, else RemoteUnavailable."""
    error = error_in(answer.content)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _throttled(answer)
    if 300 <= answer.status < 500 and answer.status != HTTPStatus.REQUEST_TIMEOUT:
        return _refused(answer, error)
    return RemoteUnavailable(
        System.POINTS,
        msg("The point system has a fault of its own (HTTP {status}).", status=str(answer.status)),
        todo=msg("Try again in a moment; if it does not pass, tell the people who run the point system."),
        retry_after_seconds=answer.retry_after_seconds,
        detail=_detail(answer, error),
        request_id=answer.request_id,
    )


def unreadable_read(answer: HttpAnswer, why: str) -> RemoteUnavailable:
    """A read was answered with something else than the contract says."""
    return RemoteUnavailable(
        System.POINTS,
        msg("The point system answered with something that cannot be read."),
        todo=msg("Check the address in the configuration ([pos] endpoint); it must speak the point system's REST contract."),
        detail=f"HTTP {answer.status}: {why}",
        request_id=answer.request_id,
    )


def write_failure(answer: HttpAnswer) -> RemoteError:
    """What an answer other than 2xx to `add` proves: not executed yet, refused, or nothing."""
    error = error_in(answer.content)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _throttled(answer)
    is_refusal = answer.status in _SENT_ELSEWHERE or 400 <= answer.status < 500
    if is_refusal and answer.status not in _MAY_BE_DONE and not _SEEN_BEFORE.search(error.code):
        return _refused(answer, error)
    return unknown_write(
        answer,
        msg(
            "The point system answered HTTP {status}, which does not tell whether the points were added.",
            status=str(answer.status),
        ),
        _detail(answer, error),
    )


def refused_in_success(answer: HttpAnswer, error: ErrorAnswer) -> RemoteError:
    """What `success: false` under HTTP 2xx proves."""
    if error.proves_nothing_was_added and not _SEEN_BEFORE.search(error.code):
        return _refused(answer, error)
    return unknown_write(
        answer,
        msg("The point system says that it failed, but not that no points were added."),
        _detail(answer, error),
    )


def unknown_write(answer: HttpAnswer, what: Message, detail: str) -> OutcomeUnknown:
    """An answer that leaves open whether points were added."""
    return OutcomeUnknown(System.POINTS, what, todo=LOOK_FIRST, detail=detail, request_id=answer.request_id)


def _throttled(answer: HttpAnswer) -> RemoteUnavailable:
    return RemoteUnavailable(
        System.POINTS,
        msg("The point system is busy and asked us to come back; nothing was executed."),
        retry_after_seconds=answer.retry_after_seconds,
        detail=f"HTTP {answer.status}",
        request_id=answer.request_id,
    )


def _refused(answer: HttpAnswer, error: ErrorAnswer) -> RemoteRefused:
    what, todo = _explained(answer.status, error)
    return RemoteRefused(System.POINTS, what, todo=todo, detail=_detail(answer, error), request_id=answer.request_id)


def _explained(status: int, error: ErrorAnswer) -> tuple[Message, Message]:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return (
                msg("The point system does not accept the stored token; nothing was done."),
                msg("Store a valid one with “coupon-desk secrets set pos.token”."),
            )
        case HTTPStatus.FORBIDDEN:
            return (
                msg("The token of the point system may not do this; nothing was done."),
                msg("Ask the people who run the point system for the right to read and to add points."),
            )
        case HTTPStatus.NOT_FOUND if error.is_of_the_contract:
            return (
                msg("The point system does not know this customer; nothing was done."),
                msg("Check the customer's id at the point system (metafield loyalty.pos_customer_id)."),
            )
        case _ if status == HTTPStatus.NOT_FOUND or 300 <= status < 400:
            return (
                msg("There is no point system at the configured address; nothing was done."),
                msg("Check the address in the configuration ([pos] endpoint)."),
            )
        case _:
            return (
                msg(
                    "The point system refused this ({reason}); nothing was done.",
                    reason=error.code or f"HTTP {status}",
                ),
                msg("Look at the customer in the point system, or ask the people who run it."),
            )


def _detail(answer: HttpAnswer, error: ErrorAnswer) -> str:
    return f"HTTP {answer.status} {error.code}".strip()
