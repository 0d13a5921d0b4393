"""Many records written in one request, many discounts switched off by one job; each member hears its own outcome.

What a lost or unreadable answer leaves unknown is unknown to each member; what surely did not happen surely did not happen to
each. A member that is sent again by itself is so only after Shopify said that nothing of it was done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from coupon_desk.clock import Clock
from coupon_desk.coupons.evidence import DiscountState
from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, System
from coupon_desk.shopify.answers import Reply
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.jobs import wait_for
from coupon_desk.shopify.operations import Operation
from coupon_desk.shopify.payloads import Shape
from coupon_desk.shopify.refusals import LOOK_FIRST, Purpose, unreadable
from coupon_desk.shopify.rounds import ALONE, Told
from coupon_desk.shopify.splice import compact
from coupon_desk.shopify.throttle import Price
from coupon_desk.shopify.writes import (
    WRITE_RECORD,
    Payload,
    UserError,
    Window,
    WriteAnswer,
    user_error,
)
from coupon_desk.wire import Answer, PreparedRequest
from coupon_desk.words import msg

_POINTS_OF_A_MUTATION: Final = 10


class _Node(Shape, frozen=True):
    id: str
    discount: Window | None = None


class _Nodes(Shape, frozen=True):
    nodes: list[_Node | None]


DEACTIVATE_ALL: Final = Operation("DeactivateDiscounts", WriteAnswer)
STATES: Final = Operation("DiscountStates", _Nodes)


class RecordsWrittenTogether:
    """Writes up to 25 records by one `metafieldsSet`, which is atomic: where one is stale, nothing is written.

    The stale ones hear so, and the others are sent again at once without them. What is sent of each is the entry of its
    prepared request, unchanged.
    """

    MOST: Final = 25
    """Shopify takes no more metafields in one call."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def send_all(self, prepared: Sequence[PreparedRequest]) -> list[Told[Answer]]:
        """What became of each write."""
        told: dict[int, Told[Answer]] = {}
        entries = {place: _entry_of(one) for place, one in enumerate(prepared)}
        told.update((place, ALONE) for place, entry in entries.items() if entry is None)
        while waiting := [place for place in range(len(prepared)) if place not in told]:
            places = list(_one_of_each_owner(waiting, prepared))
            told.update(self._send([(place, prepared[place], entries[place]) for place in places]))
        return [told[place] for place in range(len(prepared))]

    def _send(self, members: Sequence[tuple[int, PreparedRequest, Any]]) -> dict[int, Told[Answer]]:
        """What is known of the members after one request; those that are to be sent again without others are missing."""
        if len(members) == 1:
            return {members[0][0]: ALONE}
        body = WRITE_RECORD.body({"metafields": [entry for _, _, entry in members]})
        together = PreparedRequest(System.SHOPIFY, WRITE_RECORD.name, members[0][1].target, body)
        places = [place for place, _, _ in members]
        try:
            reply = self._client.write(
                together, WRITE_RECORD, Price(f"{WRITE_RECORD.name}/many", len(members) + 10, len(members))
            )
        except RemoteRefused:
            return dict.fromkeys(places, ALONE)  # nothing was executed; whose fault it was shows when each is sent by itself
        except RemoteError as error:
            return dict.fromkeys(places, error)
        payload = reply.data.payload
        if payload is None or (payload.user_errors and payload.metafields):
            return dict.fromkeys(places, _unreadable(reply))
        if payload.user_errors:
            return _refused(members, payload.user_errors, reply)
        if payload.metafields is None or len(payload.metafields) != len(members):
            return dict.fromkeys(places, _unreadable(reply))
        return {
            place: _answer(Payload([], metafields=[written]), reply)
            for place, written in zip(places, payload.metafields, strict=True)
        }


class DeactivationsTogether:
    """Switches many discounts off by one job, by their ids and never by search, and looks afterwards at each of them.

    A job tells no errors: what is not seen switched off after it is sent by itself, which does no harm twice.
    """

    MOST: Final = 100

    def __init__(self, client: ShopifyClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def send_all(self, prepared: Sequence[PreparedRequest]) -> list[Told[Answer]]:
        """What became of each discount."""
        ids = list(dict.fromkeys(one.target for one in prepared))
        together = PreparedRequest(System.SHOPIFY, DEACTIVATE_ALL.name, ids[0], DEACTIVATE_ALL.body({"ids": ids}))
        try:
            reply = self._client.write(together, DEACTIVATE_ALL, Price(DEACTIVATE_ALL.name, _POINTS_OF_A_MUTATION))
        except RemoteRefused:
            return [ALONE] * len(prepared)
        payload = reply.data.payload
        if payload is None or (payload.job is None and not payload.user_errors):
            raise _unreadable(reply)
        if payload.user_errors or payload.job is None:
            error = user_error(together, payload.user_errors, reply.request_id)
            return [error if isinstance(error, OutcomeUnknown) else ALONE] * len(prepared)
        wait_for(payload.job, self._client, self._clock, reply.request_id)
        nodes = self._states(ids, reply)
        return [self._outcome(nodes.get(one.target), reply) for one in prepared]

    def _states(self, ids: list[str], reply: Reply[WriteAnswer]) -> dict[str, _Node]:
        try:
            nodes = self._client.read(STATES, {"ids": ids}, price=Price(STATES.name, 2 * len(ids), len(ids))).data.nodes
        except RemoteError as silent:
            raise OutcomeUnknown(
                System.SHOPIFY,
                msg("Shopify did not say whether the code was switched off."),
                todo=LOOK_FIRST,
                detail=f"states: {silent.detail}",
                request_id=reply.request_id,
            ) from silent
        return {node.id: node for node in nodes if node is not None}

    def _outcome(self, node: _Node | None, reply: Reply[WriteAnswer]) -> Told[Answer]:
        if node is None or node.discount is None or node.discount.status is not DiscountState.EXPIRED:
            return ALONE  # the job is over and did nothing to it: why, Shopify says when it is sent by itself
        return _answer({"node": {"id": node.id, "discount": node.discount}, "userErrors": []}, reply)


def _entry_of(prepared: PreparedRequest) -> Any:
    metafields = json.loads(prepared.body)["variables"]["metafields"]
    return metafields[0] if len(metafields) == 1 else None


def _one_of_each_owner(places: Sequence[int], prepared: Sequence[PreparedRequest]) -> Iterator[int]:
    """Two writes to one record never go together: Shopify would judge the second by what stood there before the first."""
    owners: set[str] = set()
    for place in places:
        if prepared[place].target not in owners:
            owners.add(prepared[place].target)
            yield place


def _refused(
    members: Sequence[tuple[int, PreparedRequest, Any]], errors: Sequence[UserError], reply: Reply[WriteAnswer]
) -> dict[int, Told[Answer]]:
    """Nothing was written: those whom Shopify objected to hear it, nobody else does."""
    objections: dict[int, list[UserError]] = {}
    for error in errors:
        place = _place_in(error, len(members))
        unknown = user_error(members[0][1], [error], reply.request_id)
        if isinstance(unknown, OutcomeUnknown):
            return {place: unknown for place, _, _ in members}
        if place is None:
            return {place: ALONE for place, _, _ in members}
        objections.setdefault(place, []).append(error)
    return {members[place][0]: user_error(members[place][1], told, reply.request_id) for place, told in objections.items()}


def _place_in(error: UserError, members: int) -> int | None:
    """Which entry the error is about: `field` is `["metafields", "3", …]`; `elementIndex` was null whenever recorded."""
    field = error.field or []
    if len(field) < 2 or field[0] != "metafields" or not field[1].isascii() or not field[1].isdigit():
        return None
    return int(field[1]) if int(field[1]) < members else None


def _answer(payload: Any, reply: Reply[WriteAnswer]) -> Answer:
    """The member's own part of the answer, in the form of the single one."""
    told = msgspec.to_builtins({"data": {"payload": payload}})
    return Answer(compact(told), reply.request_id, reply.server_time)


def _unreadable(reply: Reply[WriteAnswer]) -> RemoteError:
    return unreadable(Purpose.WRITE, detail="another state than expected", request_id=reply.request_id)
