"""Bulk operations of the Admin API: begun by a mutation, looked after by id, and told with the address of their result."""

from __future__ import annotations

from typing import Any

from coupon_desk.training.admin_context import Info, Resolvers, context
from coupon_desk.training.admin_pages import Page, page_of
from coupon_desk.training.bulk_operations import BulkOperation, told
from coupon_desk.training.bulk_query import BulkQuery, WrongQuery
from coupon_desk.training.faults import FaultKind
from coupon_desk.training.search_query import Match, Search, moment_is, number_is, parse, text_is


def bulk_resolvers() -> Resolvers:
    """Everything about bulk operations."""
    return {
        "QueryRoot": {"bulkOperation": _by_id, "bulkOperations": _all},
        "Mutation": {"bulkOperationRunQuery": _run, "bulkOperationCancel": _cancel},
    }


def _by_id(_: Any, info: Info, **arguments: Any) -> dict[str, Any] | None:
    operation = context(info).bulk.get(arguments["id"])
    return None if operation is None else _told(operation, info)


def _all(_: Any, info: Info, **arguments: Any) -> Page[dict[str, Any]]:
    known = context(info)
    search = _search(arguments.get("query"), info)
    known.note(info, search)
    found = [operation for operation in known.bulk.newest_first() if search.matches(operation)]
    # Newest first by default (published schema: bulkOperations), which is what `reverse` turns round.
    arguments = {**arguments, "reverse": not arguments.get("reverse")}
    page = page_of(found, lambda one: (one.number, one.number), arguments)
    return Page(tuple(_told(one, info) for one in page.nodes), page.cursors, page.has_next, page.has_previous)


def _run(_: Any, info: Info, **arguments: Any) -> dict[str, Any]:
    known = context(info)
    try:
        query = BulkQuery.of(arguments["query"], info.schema)
    except WrongQuery as wrong:
        return _refused("INVALID", f"Invalid bulk query: {wrong}", ["query"])
    if known.bulk.running() >= known.options.bulk_at_once:
        code = "OPERATION_IN_PROGRESS" if known.options.bulk_at_once == 1 else "LIMIT_REACHED"
        return _refused(code, "A bulk query operation for this app and shop is already in progress.", None)
    fault = known.faults.meet(("bulk.run",))
    if fault is not None and fault.kind is FaultKind.FORBIDDEN:
        return _refused("INVALID", "Bulk queries are not available for this access token.", None)
    operation = known.bulk.start(
        arguments["query"],
        query,
        known,
        known.holding,
        grouped=arguments["groupObjects"],
        seconds=known.options.bulk_seconds,
        fault=fault,
    )
    return {"bulkOperation": _told(operation, info) | {"status": "CREATED"}, "userErrors": []}


def _cancel(_: Any, info: Info, **arguments: Any) -> dict[str, Any]:
    operation = context(info).bulk.cancel(arguments["id"])
    if operation is None:
        return {"bulkOperation": None, "userErrors": [{"field": ["id"], "message": "Bulk operation does not exist"}]}
    return {"bulkOperation": _told(operation, info), "userErrors": []}


def _refused(code: str, message: str, field: list[str] | None) -> dict[str, Any]:
    return {"bulkOperation": None, "userErrors": [{"code": code, "field": field, "message": message}]}


def _told(operation: BulkOperation, info: Info) -> dict[str, Any]:
    known = context(info)
    return told(operation, known.bulk, known.view.now)


def _search(query: str | None, info: Info) -> Search[BulkOperation]:
    now = context(info).view.now
    fields: dict[str, Match[BulkOperation]] = {
        "id": lambda it, comparator, value: number_is(it.number, comparator, value.rsplit("/", 1)[-1]),
        "status": lambda it, comparator, value: text_is(it.status(now), comparator, value),
        "operation_type": lambda _, comparator, value: text_is("query", comparator, value),
        "created_at": lambda it, comparator, value: moment_is(it.created_at, comparator, value),
    }
    return parse(query, fields, lambda _it, _comparator, _value: False)
