"""The point system's door: balance, history and adding points (INTERFACE.md §6), with its ways of guarding against doubles."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from coupon_desk.clock import to_text
from coupon_desk.coupons.points import PointEntry
from coupon_desk.training.addresses import Addresses
from coupon_desk.training.breaking import Refusals, answer_broken, json_reply, retry_after
from coupon_desk.training.faults import Fault
from coupon_desk.training.loopback import Asked, Line, Reply
from coupon_desk.training.options import ErrorStyle, KeyHandling
from coupon_desk.training.premises import Premises

_PATH: Final = re.compile(r"/api/customers/([^/]+)/points(/history|/add)?")
_MOST: Final = 250
_USUAL: Final = 50


@dataclass(slots=True)
class _Call:
    name: str
    customer: str
    asked: Asked
    fault: Fault | None = None
    executed: bool = False
    applied: bool = False
    number: int = 0


class PosDoor:
    """Answers requests to the point system. Safe to use from any thread."""

    def __init__(self, premises: Premises, addresses: Addresses) -> None:
        self._premises = premises
        self._addresses = addresses

    def answer(self, asked: Asked, line: Line) -> Reply:
        """One HTTP request."""
        premises = self._premises
        line.pause(premises.options.latency_seconds)
        call = self._call(asked)
        if call is None:
            return self._error(404, "not_found", "There is nothing here.")
        call.fault = premises.faults.meet((call.name,))
        call.number = premises.journal.open(
            "pos",
            (call.name,),
            key=asked.headers.get("idempotency-key"),
            target=call.customer,
            fault=None if call.fault is None else call.fault.kind,
        )
        reply = answer_broken(call.fault, lambda: self._carry_out(call), self._refusals(), line, premises.faults.cleared)
        premises.journal.close(call.number, executed=call.executed, applied=call.applied, status=reply.status or None)
        return reply

    def _call(self, asked: Asked) -> _Call | None:
        match = _PATH.fullmatch(asked.path)
        if match is None:
            return None
        name = {None: "balance", "/history": "history", "/add": "add"}[match.group(2)]
        if asked.method != ("POST" if name == "add" else "GET"):
            return None
        return _Call(name, unquote(match.group(1)), asked)

    def _carry_out(self, call: _Call) -> Reply:
        if call.asked.headers.get("authorization") != f"Bearer {self._addresses.pos_token}":
            return self._error(401, "unauthorized", "The token is not valid.")
        work: Callable[[_Call], Reply] = {"balance": self._balance, "history": self._history, "add": self._add}[call.name]
        with self._premises.working() as worked:
            reply = work(call)
        call.executed = reply.status == 200
        call.applied = worked.applied
        self._premises.journal.close(call.number, executed=call.executed, applied=call.applied, status=None)
        return reply

    def _balance(self, call: _Call) -> Reply:
        account = self._premises.world.ledger.account(call.customer)
        if account is None:
            return self._unknown()
        told: dict[str, Any] = {"customer_id": call.customer, "balance": account.balance}
        if (days := self._premises.options.points_valid_days) > 0:
            told["added_points_expire_on"] = (self._premises.clock.now() + timedelta(days=days)).date().isoformat()
        return json_reply(200, told)

    def _history(self, call: _Call) -> Reply:
        account = self._premises.world.ledger.account(call.customer)
        if account is None:
            return self._unknown()
        asked = {name: values[-1] for name, values in parse_qs(call.asked.query).items()}
        limit, after = asked.get("limit", str(_USUAL)), _place(asked.get("cursor"))
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= _MOST) or after is None:
            return self._error(400, "invalid_request", f"limit is 1 to {_MOST}, cursor is one that was given.")
        reference = asked.get("reference")
        # The cursor is the place of the last entry shown, counted from the oldest: entries that arrive meanwhile move nothing.
        seen = account.seen(self._premises.view(call.fault).history_until)
        places = {entry.id: place for place, entry in enumerate(account.entries)}
        found = [entry for entry in seen if (reference is None or entry.reference == reference) and places[entry.id] < after]
        shown = found[: int(limit)]
        cursor = None
        if len(found) > len(shown):
            cursor = base64.urlsafe_b64encode(str(places[shown[-1].id]).encode()).decode()
        return json_reply(200, {"entries": [entry_json(entry) for entry in shown], "next_cursor": cursor})

    def _add(self, call: _Call) -> Reply:
        ledger, handling = self._premises.world.ledger, self._premises.options.key_handling
        key = call.asked.headers.get("idempotency-key", "").strip('"')
        wanted = _wanted(call.asked.body)
        if wanted is None:
            return self._error(400, "invalid_request", "amount (a whole number from 1), reason and reference are needed.")
        if handling is not KeyHandling.IGNORED:
            if not key:
                return self._error(400, "key_missing", "Idempotency-Key is needed.")
            print_ = json.dumps([call.customer, wanted], sort_keys=True)
            if key in ledger.keys:
                told, body = ledger.keys[key]
                if handling is KeyHandling.REFUSED:
                    return self._error(409, "key_reused", "This Idempotency-Key was used before.")
                if told != print_:
                    return self._error(422, "key_reused", "This Idempotency-Key was used for another request.")
                return Reply(200, body, headers=(("Idempotent-Replayed", "true"),))
        if ledger.account(call.customer) is None:
            return self._unknown()
        amount, reason, reference = wanted
        entry = ledger.add(call.customer, amount, reason, reference, self._premises.clock.now())
        assert entry is not None
        assert entry.balance is not None
        self._premises.world.revision += 1
        reply = json_reply(
            200,
            {
                "success": True,
                "entry_id": entry.id,
                "previous_balance": entry.balance - amount,
                "added": amount,
                "new_balance": entry.balance,
            },
        )
        if handling is not KeyHandling.IGNORED:
            ledger.keys[key] = (print_, reply.body)
        return reply

    def _unknown(self) -> Reply:
        return self._error(404, "customer_not_found", "No customer has this id.")

    def _error(self, status: int, code: str, message: str, *headers: tuple[str, str]) -> Reply:
        if self._premises.options.error_style is ErrorStyle.PROBLEM:
            told: dict[str, Any] = {"type": f"urn:pos:{code}", "title": message, "status": status, "detail": message}
            return json_reply(status, told, *headers, content_type="application/problem+json")
        return json_reply(status, {"error": {"code": code, "message": message}}, *headers)

    def _refusals(self) -> Refusals:
        def busy(seconds: float = 1) -> Reply:
            return self._error(429, "rate_limited", "Too many requests.", retry_after(seconds))

        def broken() -> Reply:
            return self._error(500, "internal_error", "Something went wrong.")

        return Refusals(
            throttled=busy,
            too_many=busy,
            status=lambda status: self._error(status, "unavailable", "Not now."),
            server_error=broken,
            internal_error=lambda: json_reply(200, {"error": {"code": "internal_error", "message": "Something went wrong."}}),
            unauthorized=lambda: self._error(401, "unauthorized", "The token is not valid."),
            forbidden=lambda: self._error(403, "forbidden", "This token may not do that."),
        )


def entry_json(entry: PointEntry) -> dict[str, Any]:
    """An entry of the history as the point system writes it."""
    return {
        "id": entry.id,
        "type": entry.type.value,
        "points": entry.points,
        "reason": entry.reason,
        "reference": entry.reference,
        "created_at": to_text(entry.created_at),
        "balance": entry.balance,
    }


def _wanted(body: bytes) -> tuple[int, str, str] | None:
    try:
        told = json.loads(body)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    amount, reason, reference = told.get("amount"), told.get("reason"), told.get("reference")
    if type(amount) is not int or amount < 1 or not isinstance(reason, str) or not isinstance(reference, str):
        return None
    return (amount, reason, reference) if reason and 0 < len(reference) <= 255 else None


def _place(cursor: str | None) -> int | None:
    if cursor is None:
        return 1 << 62
    try:
        return int(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except ValueError:
        return None
