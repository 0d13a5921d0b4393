"""What a GraphQL request costs, and the leaky bucket that it is paid from (facts: Shopify §4).

Shopify keeps its formulas to itself ("intentionally closed"); these are what its people and its answers tell:
- Scalars and enums 0, objects 1, of an interface or union the dearest selection, a mutation 10 (documentation, rate limits).
- A connection is 2 and its children times floor(2 ln n), n being the page size and, in what was used, the nodes that came:
  "logarithmic scaling into connection fields" (Shopify, community.shopify.dev/t/24364). It fits every recorded cost: 250
  orders 13 (used 13), with 250 line items each 156, 250 products with variants and options 167, a product's `variants(first:
  250)` with their inventory items 25, `payouts(first: 200)` of an account 13 (BCApps, audited against 2025-07).
- `pageInfo` and money 0: "primitive value objects" (the same thread). Edges are only the way to the node.
- A list that is no connection is charged as one object, however long (the options of those products). That `nodes(ids:)` is
  charged so as well follows from it and is not recorded anywhere: `charges_each_node` charges each node instead.
- A mutation's payload and the objects in it are in its 10 (recorded: 10 of 10 for several), its connections are not (13).
- What was asked for is charged before anything runs and decides on THROTTLED; what was not used is given back (recorded: 862
  asked, 158 used, and the bucket was 158 lower).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from coupon_desk.clock import Clock

MAX_QUERY_COST: Final = 1000
_FLAT: Final = 10


@dataclass(frozen=True, slots=True)
class ThrottleStatus:
    """The bucket after a request."""

    maximum: int
    available: int
    restore_rate: float

    def to_json(self) -> dict[str, float]:
        """As Shopify writes it."""
        return {
            "maximumAvailable": float(self.maximum),
            "currentlyAvailable": self.available,
            "restoreRate": float(self.restore_rate),
        }


class Bucket:
    """Points that refill by themselves. Safe to use from any thread."""

    def __init__(self, clock: Clock, maximum: int, restore_rate: float) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._maximum = maximum
        self._restore_rate = restore_rate
        self._available = float(maximum)
        self._at = clock.monotonic()
        self._spent = 0
        self._refusals = 0

    def take(self, points: int) -> bool:
        """Pay; False, and nothing is paid, when there is not enough."""
        with self._lock:
            self._refill()
            if points > self._available:
                self._refusals += 1
                return False
            self._available -= points
            self._spent += points
            return True

    def give_back(self, points: int) -> None:
        """Return what was charged too much."""
        with self._lock:
            self._available = min(self._maximum, self._available + points)
            self._spent -= points

    def resize(self, maximum: int, restore_rate: float) -> None:
        """Another plan; the bucket is full."""
        with self._lock:
            self._maximum, self._restore_rate = maximum, restore_rate
            self._available, self._at = float(maximum), self._clock.monotonic()

    def drain(self, left: float) -> None:
        """Take all that is in it but so many points, as if others had."""
        with self._lock:
            self._refill()
            self._available = min(left, self._available)

    @property
    def spent(self) -> int:
        """How many points were paid and not given back, since the shop opened."""
        return self._spent

    @property
    def refusals(self) -> int:
        """How often there was not enough: so many requests were THROTTLED."""
        return self._refusals

    @property
    def status(self) -> ThrottleStatus:
        """What is in the bucket now."""
        with self._lock:
            self._refill()
            return ThrottleStatus(self._maximum, int(self._available), self._restore_rate)

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._available = min(self._maximum, self._available + max(0.0, now - self._at) * self._restore_rate)
        self._at = now


_FREE: Final = frozenset({"PageInfo", "MoneyV2"})
_COMPOSITE: Final = GraphQLObjectType | GraphQLUnionType | GraphQLInterfaceType


@dataclass(frozen=True, slots=True)
class Costing:
    """The cost of one operation. `found` None: what was asked for; else the answer's data: what was used."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    charges_each_node: bool = False
    _asked: dict[tuple[int, str], int] = field(default_factory=dict)

    def of(self, operation: OperationDefinitionNode, found: dict[str, Any] | None = None) -> int:
        """The cost in points."""
        root = self.schema.get_root_type(operation.operation)
        return 0 if root is None else max(1, self._selection(operation.selection_set, root, found))

    def _selection(self, selection: SelectionSetNode | None, kind: GraphQLNamedType, found: Any) -> int:
        if selection is None:
            return 0
        total = 0
        choices = [0]
        for node in selection.selections:
            if self._is_left_out(node):
                continue
            match node:
                case FieldNode():
                    total += self._field(node, kind, found)
                case InlineFragmentNode() | FragmentSpreadNode():
                    inner = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
                    named = inner.type_condition
                    target = kind if named is None else self.schema.get_type(named.name.value)
                    if target is not None:
                        choices.append(self._selection(inner.selection_set, target, found))
        is_abstract = isinstance(kind, GraphQLUnionType | GraphQLInterfaceType)
        return total + (max(choices) if is_abstract else sum(choices))

    def _field(self, node: FieldNode, parent: GraphQLNamedType, found: Any) -> int:
        if found is not None:
            return self._field_found(node, parent, found)
        place = id(node), parent.name
        if place not in self._asked:
            self._asked[place] = self._field_found(node, parent, None)
        return self._asked[place]

    def _field_found(self, node: FieldNode, parent: GraphQLNamedType, found: Any) -> int:
        name = node.name.value
        kind = _kind_of(parent, name)
        if kind is None or name == "userErrors" or kind.name in _FREE:
            return 0
        value = None
        if found is not None:
            value = found.get(node.alias.value if node.alias else name)
            if value is None:
                return _FLAT if parent is self.schema.mutation_type else 0
        if parent is self.schema.mutation_type:
            return _FLAT + self._connections_in(node.selection_set, kind, value)
        if kind.name == "Count" and parent is self.schema.query_type:
            return _FLAT
        if kind.name.endswith("Connection"):
            return self._connection(node, kind, value)
        own = int(isinstance(kind, _COMPOSITE) and not kind.name.endswith("Edge"))
        if isinstance(value, list):
            each = [own + self._selection(node.selection_set, kind, one) for one in value if one is not None]
            return sum(each) if self._is_charged_each(node) else max(each, default=0)
        one = own + self._selection(node.selection_set, kind, value if isinstance(value, dict) else None)
        return one * self._number_of_ids(node) if found is None and self._is_charged_each(node) else one

    def _connections_in(self, selection: SelectionSetNode | None, kind: GraphQLNamedType, found: Any) -> int:
        """What connections in a mutation's payload cost; the objects on the way to them are in the mutation's own cost."""
        total = 0
        for node in selection.selections if selection is not None else ():
            inner = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            if isinstance(inner, FieldNode):
                target = _kind_of(kind, inner.name.value)
                told = found.get(inner.alias.value if inner.alias else inner.name.value) if isinstance(found, dict) else None
                if target is None or (found is not None and told is None):
                    continue
                if target.name.endswith("Connection"):
                    total += self._connection(inner, target, told)
                else:
                    total += self._connections_in(inner.selection_set, target, told)
            elif isinstance(inner, InlineFragmentNode | FragmentDefinitionNode):
                named = inner.type_condition
                target = kind if named is None else self.schema.get_type(named.name.value)
                if target is not None:
                    total = max(total, self._connections_in(inner.selection_set, target, found))
        return total

    def _connection(self, node: FieldNode, kind: GraphQLNamedType, value: Any) -> int:
        size = self._size(node)
        total = 2
        for child in node.selection_set.selections if node.selection_set else ():
            if not isinstance(child, FieldNode) or child.name.value not in {"nodes", "edges"} or self._is_left_out(child):
                continue
            if value is None:
                total += _weight_of(size) * self._field(child, kind, None)
            else:
                listed = value.get(child.alias.value if child.alias else child.name.value) or []
                inner = _kind_of(kind, child.name.value)
                own = int(inner is not None and not inner.name.endswith("Edge"))
                costs = [own + self._selection(child.selection_set, inner, one) for one in listed] if inner else []
                total += math.ceil(_weight_of(len(costs)) * sum(costs) / len(costs)) if costs else 0
        return total

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in {"first", "last"}:
                given = argument.value
                if isinstance(given, IntValueNode):
                    return int(given.value)
                if isinstance(given, VariableNode) and isinstance(self.variables.get(given.name.value), int):
                    return int(self.variables[given.name.value])
        return 1

    def _is_charged_each(self, node: FieldNode) -> bool:
        return self.charges_each_node and any(argument.name.value == "ids" for argument in node.arguments or ())

    def _number_of_ids(self, node: FieldNode) -> int:
        given = next(argument.value for argument in node.arguments or () if argument.name.value == "ids")
        told = self.variables.get(given.name.value, ()) if isinstance(given, VariableNode) else ()
        return len(given.values) if isinstance(given, ListValueNode) else len(told or ())

    def _is_left_out(self, node: Any) -> bool:
        """Whether `@include` or `@skip` takes the field away: what does not run costs nothing."""
        for directive in node.directives or ():
            for argument in directive.arguments:
                given = argument.value
                holds = given.value if isinstance(given, BooleanValueNode) else self.variables.get(given.name.value)
                if bool(holds) is (directive.name.value == "skip"):
                    return True
        return False


def _weight_of(nodes: int) -> int:
    """By how much a page of so many nodes is dearer than one node."""
    return math.floor(2 * math.log(max(2, nodes))) if nodes else 0


@lru_cache(maxsize=1024)
def _kind_of(parent: GraphQLNamedType, name: str) -> GraphQLNamedType | None:
    """The type of a field, without what wraps it; None where there is no such field."""
    told = parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
    return None if told is None else get_named_type(told.type)
