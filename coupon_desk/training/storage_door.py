"""Where the results of bulk operations are fetched: another host than Shopify's, which knows signed addresses and no tokens."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs

from coupon_desk.training.breaking import Refusals, answer_broken, retry_after
from coupon_desk.training.loopback import Asked, FilePart, Line, Reply
from coupon_desk.training.premises import Premises

_RANGE: Final = re.compile(r"bytes=(\d+)-")
_XML: Final = "application/xml"


class StorageDoor:
    """Answers requests for results. Safe to use from any thread."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises

    def answer(self, asked: Asked, line: Line) -> Reply:
        """One HTTP request. Only what asks for a result can break."""
        if "Signature" not in parse_qs(asked.query):
            return _error(403, "AccessDenied")
        fault = self._premises.faults.meet(("bulk.download",))
        number = self._premises.journal.open(
            "storage", ("bulk.download",), target=asked.headers.get("range", ""), fault=None if fault is None else fault.kind
        )
        reply = answer_broken(fault, lambda: self._file(asked), _refusals(), line, self._premises.faults.cleared)
        self._premises.journal.close(number, executed=reply.file is not None, applied=False, status=reply.status or None)
        return reply

    def _file(self, asked: Asked) -> Reply:
        if "x-shopify-access-token" in asked.headers or "authorization" in asked.headers:
            return _error(400, "InvalidArgument")  # a signed address and credentials are one too many
        signature = parse_qs(asked.query)["Signature"][0]
        found = self._premises.bulk.fetched(asked.path, signature)
        if asked.method != "GET" or found is None:
            return _error(403, "ExpiredToken")
        file, size = found
        wanted = _RANGE.fullmatch(asked.headers.get("range", ""))
        start = int(wanted[1]) if wanted is not None and self._premises.options.bulk_ranges else 0
        if start >= size and start > 0:
            return _error(416, "InvalidRange")
        told = (("Content-Range", f"bytes {start}-{size - 1}/{size}"),) if start else ()
        part = FilePart(file, start, size)
        return Reply(206 if start else 200, b"", "application/jsonl", told, file=part)


def _refusals() -> Refusals:
    return Refusals(
        throttled=lambda: _error(503, "SlowDown"),
        too_many=lambda seconds: Reply(429, b"", _XML, (retry_after(seconds),)),
        status=lambda status: _error(status, "Unavailable"),
        server_error=lambda: _error(500, "InternalError"),
        internal_error=lambda: _error(500, "InternalError"),
        unauthorized=lambda: _error(401, "AccessDenied"),
        forbidden=lambda: _error(403, "AccessDenied"),
    )


def _error(status: int, code: str) -> Reply:
    return Reply(status, f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>".encode(), _XML)
