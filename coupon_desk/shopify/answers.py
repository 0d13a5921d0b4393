"""Reading an answer of Shopify's: success is HTTP 200, no errors, no warnings of the search, and the expected shape.

Everything else becomes the error that it proves. Many failures come with HTTP 200, and `errors` may be a list, a text or an
object (facts: rate limits and errors).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import msgspec

from coupon_desk.errors import RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.shopify.refusals import Purpose, hopeless, missing_scope, no_proof, refused, throttled, unreadable
from coupon_desk.shopify.throttle import Cost
from coupon_desk.words import msg

T = TypeVar("T")

_NOTHING: Final = msgspec.Raw(b"null")

# Found before anything runs, so a mutation among them was surely not executed.
_NEVER_RUN: Final = frozenset(
    {
        "undefinedField", "undefinedType", "argumentLiteralsIncompatible", "argumentNotAccepted", "missingRequiredArguments",
        "variableMismatch", "variableNotDefined", "selectionMismatch", "INVALID_VARIABLE", "MAX_INPUT_SIZE_EXCEEDED",
        "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "SHOP_INACTIVE", "RESOURCE_NOT_FOUND", "NOT_FOUND",
    }
)  # fmt: skip


class TooCostly(RemoteRefused):
    """One request may cost at most 1,000 points; it was not run. `share_allowed` of its page size would have been in order."""

    share_allowed = 0.5


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """A usable answer. `denied` tells that personal fields were left out because Shopify does not permit them."""

    data: T
    body: str
    request_id: str | None
    server_time: datetime | None
    denied: bool = False


class _ErrorExtensions(msgspec.Struct, frozen=True, rename="camel"):
    code: str | None = None
    required_access: str | None = None
    cost: float | None = None
    max_cost: float | None = None


class _Error(msgspec.Struct, frozen=True):
    message: str = ""
    path: list[str | int] | None = None
    extensions: _ErrorExtensions | None = None

    @property
    def code(self) -> str:
        return (self.extensions.code if self.extensions else None) or ""

    @property
    def hit_a_field_of_the_result(self) -> bool:
        """The mutation itself ran and one field of what it tells failed."""
        return self.path is not None and len(self.path) > 1


class _ThrottleStatus(msgspec.Struct, frozen=True, rename="camel"):
    maximum_available: float
    currently_available: float
    restore_rate: float


class _Cost(msgspec.Struct, frozen=True, rename="camel"):
    requested_query_cost: float
    throttle_status: _ThrottleStatus
    actual_query_cost: float | None = None


class _Search(msgspec.Struct, frozen=True):
    warnings: list[msgspec.Raw] = []


class _Extensions(msgspec.Struct, frozen=True):
    cost: msgspec.Raw = _NOTHING
    search: list[_Search] = []


class Envelope(msgspec.Struct, frozen=True):
    """The outermost object of every answer, its parts still undecoded."""

    data: msgspec.Raw = _NOTHING
    errors: msgspec.Raw = _NOTHING
    extensions: _Extensions | None = None


def open_envelope(body: bytes, purpose: Purpose, request_id: str | None) -> Envelope:
    """The parts of the answer of an HTTP 200. Raises RemoteUnavailable or OutcomeUnknown where it is no such answer."""
    try:
        return decoder(Envelope).decode(body)
    except msgspec.DecodeError as wrong:
        raise unreadable(purpose, detail=type(wrong).__name__, request_id=request_id) from wrong


def cost_of(envelope: Envelope) -> Cost | None:
    """What the answer says about its cost; None where it says nothing."""
    if envelope.extensions is None or _is_null(envelope.extensions.cost):
        return None
    try:
        told = decoder(_Cost).decode(envelope.extensions.cost)
    except msgspec.DecodeError:
        return None
    status = told.throttle_status
    return Cost(
        told.requested_query_cost,
        told.actual_query_cost,
        status.maximum_available,
        status.currently_available,
        status.restore_rate,
    )


def decode(
    envelope: Envelope, shape: type[T], personal: frozenset[str], purpose: Purpose, request_id: str | None
) -> tuple[T, bool]:
    """The data in its expected shape, and whether personal fields were denied. Raises the error that the answer proves."""
    denied = _judge_errors(envelope, personal, purpose, request_id)
    _refuse_warnings(envelope, purpose, request_id)
    if _is_null(envelope.data):
        raise unreadable(purpose, detail="no data", request_id=request_id)
    try:
        return decoder(shape).decode(envelope.data), denied
    except msgspec.DecodeError as wrong:
        raise unreadable(purpose, detail=f"{shape.__name__}: {wrong}", request_id=request_id) from wrong


class PersonalFieldsDenied(Exception):
    """Shopify denied personal fields so that nothing else came either: ask again without them."""


def decoder(shape: type[T]) -> msgspec.json.Decoder[T]:
    """The one decoder for a shape."""
    key: Any = shape
    made: msgspec.json.Decoder[T] = _decoder(key)
    return made


@lru_cache(maxsize=64)
def _decoder(shape: Any) -> Any:
    return msgspec.json.Decoder(shape)


def _judge_errors(envelope: Envelope, personal: frozenset[str], purpose: Purpose, request_id: str | None) -> bool:
    if _is_null(envelope.errors):
        return False
    try:
        errors = decoder(list[_Error]).decode(envelope.errors)
    except msgspec.DecodeError as wrong:
        # A text or an object, with HTTP 200: nothing that is documented, so nothing that proves anything.
        raise no_proof(
            purpose, msg("Shopify reported an error."), detail="errors is not a list", request_id=request_id
        ) from wrong
    if not errors:
        return False
    serious = [
        error for error in errors if not (error.code == "ACCESS_DENIED" and personal.intersection(map(str, error.path or ())))
    ]
    if not serious:
        if any(_took_more_along(envelope.data, error.path or [], personal) for error in errors):
            raise PersonalFieldsDenied
        return True
    raise _worst([_error_of(error, envelope, purpose, request_id) for error in serious])


def _took_more_along(data: msgspec.Raw, path: list[str | int], personal: frozenset[str]) -> bool:
    """Whether the denial of a field that may not be null made what bears it null: a customer, a page of them."""
    here: Any = msgspec.json.decode(data)
    for step in path:
        if here is None or step in personal:
            return here is None
        try:
            here = here[step]
        except (LookupError, TypeError):
            return False
    return False


def _error_of(error: _Error, envelope: Envelope, purpose: Purpose, request_id: str | None) -> RemoteError:
    if purpose is Purpose.WRITE and (error.hit_a_field_of_the_result or not _has_no_result(envelope.data)):
        return no_proof(purpose, msg("Shopify reported an error."), detail=error.code, request_id=request_id)
    match error.code:
        case "THROTTLED":
            return throttled(None, request_id=request_id)
        case "ACCESS_DENIED":
            return missing_scope(error.extensions.required_access if error.extensions else None, request_id=request_id)
        case "MAX_COST_EXCEEDED":
            too_costly = TooCostly(
                System.SHOPIFY, msg("Shopify rejected the request: it asks for too much at once."), request_id=request_id
            )
            told = error.extensions
            if told and told.cost and told.max_cost and told.max_cost < told.cost:
                too_costly.share_allowed = 0.98 * told.max_cost / told.cost
            return too_costly
        case code if code in _NEVER_RUN and _has_no_result(envelope.data):
            return refused(msg("Shopify rejected the request ({code}).", code=code), request_id=request_id)
        case code:
            return no_proof(purpose, msg("Shopify reported an error."), detail=code, request_id=request_id)


def _worst(errors: list[RemoteError]) -> RemoteError:
    """The error that promises least: unknown before refused before unavailable."""
    for error in errors:
        if not isinstance(error, RemoteRefused | RemoteUnavailable):
            return error
    return next((error for error in errors if isinstance(error, RemoteRefused)), errors[0])


def _refuse_warnings(envelope: Envelope, purpose: Purpose, request_id: str | None) -> None:
    """A search that ignored a filter matches everything, and says so only here: such an answer is no answer."""
    if envelope.extensions and any(search.warnings for search in envelope.extensions.search):
        raise hopeless(purpose, msg("Shopify did not understand the search."), detail="search warnings", request_id=request_id)


def _has_no_result(data: msgspec.Raw) -> bool:
    if _is_null(data):
        return True
    fields: Any = msgspec.json.decode(data)
    return isinstance(fields, dict) and all(value is None for value in fields.values())


def _is_null(raw: msgspec.Raw) -> bool:
    return bytes(raw) == b"null"
