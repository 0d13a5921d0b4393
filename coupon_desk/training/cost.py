"""What a GraphQL request costs, and the leaky bucket that it is paid from (facts: Shopify §4).

A scalar costs 0, an object 1, a connection 2 and its children times the page size, a mutation and a count of all 10; errors of
mutations and the edges around nodes cost nothing. What was asked for is charged, the difference to what was found is returned.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
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

    def take(self, points: int) -> bool:
        """Pay; False, and nothing is paid, when there is not enough."""
        with self._lock:
            self._refill()
            if points > self._available:
                return False
            self._available -= points
            return True

    def give_back(self, points: int) -> None:
        """Return what was charged too much."""
        with self._lock:
            self._available = min(self._maximum, self._available + points)

    def resize(self, maximum: int, restore_rate: float) -> None:
        """Another plan; the bucket is full."""
        with self._lock:
            self._maximum, self._restore_rate = maximum, restore_rate
            self._available, self._at = float(maximum), self._clock.monotonic()

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


@dataclass(frozen=True, slots=True)
class Costing:
    """The cost of one operation. `found` None: what was asked for; else the answer's data: what was found."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
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
            match node:
                case FieldNode():
                    total += self._field(node, kind, found)
                case InlineFragmentNode() | FragmentSpreadNode():
                    inner = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
                    named = inner.type_condition
                    target = kind if named is None else self.schema.get_type(named.name.value)
                    if target is not None:
                        choices.append(self._selection(inner.selection_set, target, found))
        return total + (max(choices) if isinstance(kind, GraphQLUnionType) else sum(choices))

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
        if kind is None or name == "userErrors":
            return 0
        value = found
        if isinstance(found, dict):
            value = found.get(node.alias.value if node.alias else name)
            if value is None:
                return _FLAT if parent is self.schema.mutation_type else 0
        inner = self._connection(node, kind, value) if kind.name.endswith("Connection") else None
        if inner is None:
            inner = self._selection(node.selection_set, kind, value if isinstance(value, dict) else None)
            inner += isinstance(kind, GraphQLObjectType | GraphQLUnionType) and not kind.name.endswith("Edge")
        if parent is self.schema.mutation_type or (kind.name == "Count" and parent is self.schema.query_type):
            return _FLAT + max(0, inner - 1)
        return inner

    def _connection(self, node: FieldNode, kind: GraphQLNamedType, value: Any) -> int:
        size = self._size(node)
        total = 2
        for child in node.selection_set.selections if node.selection_set else ():
            if isinstance(child, FieldNode) and isinstance(kind, GraphQLObjectType):
                one = self._field(child, kind, None)
                if child.name.value in {"nodes", "edges"}:
                    told = value.get(child.alias.value if child.alias else child.name.value) if value else None
                    one *= size if told is None else len(told)
                total += one
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


@lru_cache(maxsize=1024)
def _kind_of(parent: GraphQLNamedType, name: str) -> GraphQLNamedType | None:
    """The type of a field, without what wraps it; None where there is no such field."""
    told = parent.fields.get(name) if isinstance(parent, GraphQLObjectType) else None
    return None if told is None else get_named_type(told.type)
