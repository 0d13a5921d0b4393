"""Shopify's door: the HTTP side of the Admin API, sign-in with token or client credentials, versions, and faults."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs

from coupon_desk.training import dice
from coupon_desk.training.addresses import Addresses
from coupon_desk.training.admin_api import AdminRequest, execute_request, internal_error, read_request, throttled
from coupon_desk.training.admin_context import AdminContext
from coupon_desk.training.breaking import Refusals, answer_broken, json_reply, retry_after
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.loopback import Asked, Line, Reply
from coupon_desk.training.premises import Premises

_PATH: Final = re.compile(r"/admin/api/([^/]+)/graphql\.json")
_VERSION: Final = re.compile(r"20\d\d-(01|04|07|10)")
_NOT_KNOWN: Final = "[API] Invalid API key or access token (unrecognized login or wrong password)"
_PHRASES: Final = {
    402: "Unavailable Shop",
    403: "[API] This action requires merchant approval for the scopes that it needs.",
    404: "Not Found",
    423: "Unavailable Shop",
    430: "Shopify Security Rejection",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_TOO_MANY: Final = "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."


class ShopifyDoor:
    """Answers requests to Shopify. Safe to use from any thread."""

    def __init__(self, premises: Premises, addresses: Addresses) -> None:
        self._premises = premises
        self._addresses = addresses
        self._lock = threading.Lock()
        self._granted: dict[str, datetime] = {}
        self._asked = 0

    def answer(self, asked: Asked, line: Line) -> Reply:
        """One HTTP request."""
        request_id = self._request_id()
        line.pause(self._premises.options.latency_seconds)
        reply = self._reply(asked, line, request_id)
        return replace(reply, headers=(*reply.headers, ("X-Request-Id", request_id)))

    def _reply(self, asked: Asked, line: Line, request_id: str) -> Reply:
        if asked.method == "POST" and asked.path == "/admin/oauth/access_token":
            return self._sign_in(asked, line, request_id)
        match = _PATH.fullmatch(asked.path)
        version = self._served_version(match.group(1)) if match is not None else None
        if asked.method != "POST" or version is None:
            return json_reply(404, {"errors": "Not Found"})
        request = read_request(asked.body)
        names = ("invalid",) if request is None else request.names
        fault = self._premises.faults.meet(names)
        number = self._premises.journal.open(
            "shopify", names, target="" if request is None else request.target, fault=None if fault is None else fault.kind
        )
        done = _Done()

        def carry_out() -> Reply:
            if not self._is_known(asked.headers.get("x-shopify-access-token", "")):
                return json_reply(401, {"errors": _NOT_KNOWN})
            if request is None:
                return json_reply(400, {"errors": {"query": "Required parameter missing or invalid"}})
            return json_reply(200, self._execute(request, fault, done, number))

        reply = answer_broken(fault, carry_out, self._refusals(request_id, carry_out), line, self._premises.faults.cleared)
        self._premises.journal.close(number, executed=done.executed, applied=done.applied, status=reply.status or None)
        return replace(reply, headers=(*reply.headers, ("X-Shopify-API-Version", version)))

    def _execute(self, request: AdminRequest, fault: Fault | None, done: _Done, number: int) -> dict[str, Any]:
        premises = self._premises
        refused = fault is not None and fault.kind is FaultKind.FORBIDDEN
        with premises.working() as worked:
            context = AdminContext(
                premises.world,
                premises.view(fault),
                premises.options,
                premises.bulk,
                premises.faults,
                premises.working,
                refused,
            )
            answer = execute_request(request, context, premises.bucket)
        done.executed = "data" in answer and not refused
        done.applied = worked.applied
        premises.journal.close(number, executed=done.executed, applied=done.applied, status=None)
        return answer

    def _refusals(self, request_id: str, carry_out: Any) -> Refusals:
        bucket = self._premises.bucket
        return Refusals(
            throttled=lambda: json_reply(200, throttled(10, bucket, available=0)),
            too_many=lambda seconds: json_reply(429, {"errors": _TOO_MANY}, retry_after(seconds)),
            status=lambda status: json_reply(status, {"errors": _PHRASES.get(status, "Unavailable")}),
            server_error=lambda: json_reply(500, {"errors": "Internal Server Error"}),
            internal_error=lambda: json_reply(200, internal_error(request_id)),
            unauthorized=lambda: json_reply(401, {"errors": _NOT_KNOWN}),
            forbidden=carry_out,
        )

    def _sign_in(self, asked: Asked, line: Line, request_id: str) -> Reply:
        fault = self._premises.faults.meet(("oauth",))
        number = self._premises.journal.open("oauth", ("oauth",), fault=None if fault is None else fault.kind)
        done = _Done()

        def carry_out() -> Reply:
            form = {name: values[0] for name, values in parse_qs(asked.body.decode("utf-8", "replace")).items()}
            wanted = ("client_credentials", self._addresses.client_id, self._addresses.client_secret)
            if (form.get("grant_type"), form.get("client_id"), form.get("client_secret")) != wanted:
                return json_reply(
                    400, {"error": "invalid_client", "error_description": "The client credentials are not valid."}
                )
            done.executed = True
            seconds = self._premises.options.token_seconds
            with self._lock:
                token = f"training-granted-{dice.roll(self._premises.seed, 77, len(self._granted)):016x}"
                self._granted[token] = self._premises.clock.now() + timedelta(seconds=seconds)
            scope = ",".join(sorted(self._premises.options.scopes))
            return json_reply(200, {"access_token": token, "scope": scope, "expires_in": seconds})

        refusals = replace(
            self._refusals(request_id, carry_out), forbidden=lambda: json_reply(403, {"error": "shop_not_permitted"})
        )
        reply = answer_broken(fault, carry_out, refusals, line, self._premises.faults.cleared)
        self._premises.journal.close(number, executed=done.executed, applied=False, status=reply.status or None)
        return reply

    def _is_known(self, token: str) -> bool:
        if token == self._addresses.token:
            return True
        with self._lock:
            until = self._granted.get(token)
        return until is not None and self._premises.clock.now() < until

    def _served_version(self, wanted: str) -> str | None:
        # Shopify falls forward silently to the oldest version that it still serves (facts: Shopify §6).
        supported = self._premises.options.api_versions
        if wanted == "unstable" or wanted in supported:
            return wanted
        return supported[0] if _VERSION.fullmatch(wanted) and wanted < supported[0] else None

    def _request_id(self) -> str:
        with self._lock:
            self._asked += 1
            number = dice.roll(self._premises.seed, 78, self._asked)
        text = f"{number:016x}{dice.roll(self._premises.seed, 79, self._asked):016x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:32]}-{1_700_000_000 + self._asked}"


class _Done:
    """What became of a call; filled in by whoever carries it out."""

    __slots__ = ("applied", "executed")

    def __init__(self) -> None:
        self.executed = False
        self.applied = False
