"""What the resolvers of the Admin API know of the request that they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from graphql import GraphQLError, GraphQLResolveInfo

from coupon_desk.training.options import Options
from coupon_desk.training.search_query import Search
from coupon_desk.training.things import Order
from coupon_desk.training.world import View, World

if TYPE_CHECKING:
    from coupon_desk.training.bulk_operations import BulkOperations
    from coupon_desk.training.faults import Faults

Info: TypeAlias = "GraphQLResolveInfo[Any]"
Resolver = Callable[..., Any]
Resolvers = Mapping[str, Mapping[str, Resolver]]

_RECENT: Final = timedelta(days=60)


@dataclass(slots=True)
class AdminContext:
    """One request to the Admin API. `refused`: as if the app had no rights at all.

    `holding` holds the world, for what goes on after the request.
    """

    world: World
    view: View
    options: Options
    bulk: BulkOperations
    faults: Faults
    holding: Callable[[], AbstractContextManager[Any]]
    refused: bool = False
    search_notes: list[dict[str, Any]] = field(default_factory=list)

    def may(self, scope: str) -> bool:
        """Whether the app has an access scope; writing includes reading."""
        scopes = self.options.scopes
        return not self.refused and (scope in scopes or scope.replace("read_", "write_") in scopes)

    def sees(self, order: Order) -> bool:
        """Orders older than sixty days need `read_all_orders` (facts: Shopify §2)."""
        return self.may("read_all_orders") or order.created_at >= self.view.now - _RECENT

    def note(self, info: Info, search: Search[Any]) -> None:
        """Tell in the answer's extensions which parts of a search were ignored."""
        if search.warnings:
            warnings = [{"field": one.field, "message": one.message, "code": one.code} for one in search.warnings]
            self.search_notes.append({"path": info.path.as_list(), "query": search.query, "warnings": warnings})


def context(info: Info) -> AdminContext:
    """The request that a resolver answers."""
    known: AdminContext = info.context
    return known


def needs(scope: str, resolver: Resolver) -> Resolver:
    """A resolver that is refused without an access scope: its field is null and the error says what is missing."""

    def guarded(source: Any, info: Info, **arguments: Any) -> Any:
        if not context(info).may(scope):
            raise denied(info.field_name, scope)
        return resolver(source, info, **arguments)

    return guarded


def denied(field_name: str, scope: str) -> GraphQLError:
    """The error of a field that the app has no right to read."""
    return GraphQLError(
        f"Access denied for {field_name} field. Required access: `{scope}` access scope.",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": f"`{scope}` access scope.",
        },
    )


def too_many(number: int) -> GraphQLError:
    """The error of an array that is longer than Shopify takes."""
    return bad_request(
        f"The input array size of {number} is greater than the maximum allowed of 250.", "MAX_INPUT_SIZE_EXCEEDED"
    )


def bad_request(message: str, code: str = "BAD_REQUEST") -> GraphQLError:
    """An error of the whole field, as Shopify writes it."""
    return GraphQLError(message, extensions={"code": code})
