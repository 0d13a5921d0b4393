"""The Admin API itself: takes a request's body, checks, charges and executes it, and writes the answer as Shopify does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    execute_sync,
    parse,
    validate,
)

from coupon_desk.training.admin_context import AdminContext
from coupon_desk.training.admin_schema import admin_schema
from coupon_desk.training.cost import MAX_QUERY_COST, Bucket, Costing

_UNKNOWN_FIELD: Final = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'\.")
_BY_MESSAGE: Final = (
    (re.compile(r"Unknown argument"), "argumentNotAccepted"),
    (re.compile(r"[Aa]rgument '.*' of type '.*!' is required"), "missingRequiredArguments"),
    (re.compile(r"cannot represent|Expected (value of )?type|does not exist in '.*' enum"), "argumentLiteralsIncompatible"),
    (re.compile(r"is never used"), "variableNotUsed"),
    (re.compile(r"is not defined"), "variableNotDefined"),
    (re.compile(r"Unknown type"), "undefinedType"),
    (re.compile(r"Unknown fragment"), "fragmentSpreadDefinition"),
    (re.compile(r"used in position expecting type"), "variableMismatch"),
)


@dataclass(frozen=True, slots=True)
class AdminRequest:
    """A request to the Admin API, understood as far as it goes. `names` are its operation name and its root fields."""

    document: DocumentNode | None
    operation: OperationDefinitionNode | None
    variables: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ("invalid",)
    errors: tuple[dict[str, Any], ...] = ()

    @property
    def target(self) -> str:
        """What the request is about: the ids and codes among its variables."""
        told: list[str] = []
        for value in self.variables.values():
            for one in value if isinstance(value, list) else [value]:
                found = one.get("ownerId") if isinstance(one, dict) else one
                if isinstance(found, str):
                    told.append(found[:120])
        return " ".join(told)


def read_request(body: bytes) -> AdminRequest | None:
    """Understand a body; None for one that is not a GraphQL request at all."""
    try:
        told = json.loads(body)
    except ValueError:
        return None
    if not isinstance(told, dict) or not isinstance(told.get("query"), str):
        return None
    variables = told.get("variables") or {}
    try:
        document, errors = _checked(told["query"])
    except GraphQLError as wrong:
        return AdminRequest(None, None, errors=(_told(wrong),))
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    wanted = told.get("operationName")
    chosen = [node for node in operations if wanted is None or (node.name is not None and node.name.value == wanted)]
    if len(chosen) != 1:
        return AdminRequest(document, None, variables, errors=({"message": "An operation name is required"},))
    operation = chosen[0]
    roots = [node.name.value for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    names = tuple(dict.fromkeys([*([operation.name.value] if operation.name else []), *roots])) or ("invalid",)
    return AdminRequest(document, operation, variables, names, errors)


def execute_request(request: AdminRequest, context: AdminContext, bucket: Bucket) -> dict[str, Any]:
    """Charge and execute a request; the answer's JSON."""
    if request.errors or request.document is None or request.operation is None:
        return {"errors": list(request.errors)}
    schema = admin_schema()
    fragments = {node.name.value: node for node in request.document.definitions if isinstance(node, FragmentDefinitionNode)}
    costing = Costing(schema, fragments, _with_defaults(request), context.options.charges_each_node)
    requested = costing.of(request.operation)
    if requested > MAX_QUERY_COST:
        message = f"Query cost is {requested}, which exceeds the single query max cost limit ({MAX_QUERY_COST})."
        extensions = {
            "code": "MAX_COST_EXCEEDED",
            "cost": requested,
            "maxCost": MAX_QUERY_COST,
            "documentation": "https://shopify.dev/api/usage/rate-limits",
        }
        return {"errors": [{"message": message, "extensions": extensions}]}
    if not bucket.take(requested):
        return throttled(requested, bucket)
    operation_name = request.operation.name.value if request.operation.name else None
    result = execute_sync(
        schema,
        request.document,
        variable_values=dict(request.variables),
        operation_name=operation_name,
        context_value=context,
    )
    actual = min(requested, costing.of(request.operation, result.data)) if result.data is not None else 0
    bucket.give_back(requested - actual)
    answer: dict[str, Any] = {}
    if result.errors:
        answer["errors"] = [_told(error) for error in result.errors]
    if result.data is not None or not any(error.path is None for error in result.errors or ()):
        answer["data"] = result.data
    answer["extensions"] = {"cost": _cost(requested, actual, bucket)}
    if context.search_notes:
        answer["extensions"]["search"] = context.search_notes
    return answer


def throttled(requested: int, bucket: Bucket, available: int | None = None) -> dict[str, Any]:
    """The answer when the bucket does not hold enough: HTTP 200, and nothing was executed."""
    extensions = {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"}
    cost = _cost(requested, None, bucket)
    if available is not None:
        cost["throttleStatus"]["currentlyAvailable"] = available
    return {"errors": [{"message": "Throttled", "extensions": extensions}], "extensions": {"cost": cost}}


def internal_error(request_id: str) -> dict[str, Any]:
    """The answer when something broke at Shopify: HTTP 200, and nobody says whether it was executed."""
    message = (
        "Internal error. Looks like something went wrong on our end.\n"
        f"Request ID: {request_id} (include this in support requests)."
    )
    return {
        "data": None,
        "errors": [{"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}}],
    }


@lru_cache(maxsize=256)
def _checked(query: str) -> tuple[DocumentNode, tuple[dict[str, Any], ...]]:
    document = parse(query)
    return document, tuple(_told(error) for error in validate(admin_schema(), document))


def _cost(requested: int, actual: int | None, bucket: Bucket) -> dict[str, Any]:
    return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": bucket.status.to_json()}


def _with_defaults(request: AdminRequest) -> dict[str, Any]:
    variables = dict(request.variables)
    for defined in (request.operation.variable_definitions or ()) if request.operation else ():
        default = getattr(defined.default_value, "value", None)
        if default is not None and isinstance(default, str) and default.isdigit():
            variables.setdefault(defined.variable.name.value, int(default))
    return variables


def _told(error: GraphQLError) -> dict[str, Any]:
    told: dict[str, Any] = {"message": error.message}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        told["path"] = list(error.path)
    unknown = _UNKNOWN_FIELD.match(error.message)
    if error.extensions:
        told["extensions"] = dict(error.extensions)
    elif unknown is not None:
        name, kind = unknown.groups()
        told["message"] = f"Field '{name}' doesn't exist on type '{kind}'"
        told["extensions"] = {"code": "undefinedField", "typeName": kind, "fieldName": name}
    elif error.message.startswith("Variable '$") and "position" not in error.message and "never used" not in error.message:
        told["extensions"] = {"code": "INVALID_VARIABLE", "problems": [{"path": [], "explanation": error.message}]}
    else:
        codes = (code for pattern, code in _BY_MESSAGE if pattern.search(error.message))
        told["extensions"] = {"code": next(codes, "BAD_REQUEST")}
    return told
