"""The query of a bulk operation: what Shopify demands of it, and the lines of JSON that it yields.

One connection at the root, up to five in all, nested two deep; every node of a connection is a line, and a line of a nested
connection names its parent's id in `__parentId` (shopify.dev: Perform bulk operations with the GraphQL Admin API). The
selection is turned into plain functions once, because a shop of a million coupons is read through them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    validate,
)
from graphql.execution.values import get_argument_values

from coupon_desk.training.admin_context import AdminContext

MOST_CONNECTIONS: Final = 5
DEEPEST: Final = 2
PAGE: Final = 250

Children = list[dict[str, Any]]
_Read = Callable[[Any, AdminContext, Children], Any]


class WrongQuery(Exception):
    """Shopify would not run this query; the text says why."""


@dataclass(frozen=True, slots=True)
class Lines:
    """One page of the result: the lines of the root's nodes, each with those of its nested connections."""

    nodes: tuple[tuple[dict[str, Any], Children], ...]

    def texts(self, *, grouped: bool) -> Iterator[bytes]:
        """The lines: children directly after their parent where they are grouped, else after the page that they belong to."""
        for node, children in self.nodes:
            yield _line(node)
            if grouped:
                yield from map(_line, children)
        if not grouped:
            for _, children in self.nodes:
                yield from map(_line, children)


@dataclass(frozen=True, slots=True)
class BulkQuery:
    """A query that Shopify would run. Pure: may be used from any thread."""

    _resolve: Callable[..., Any]
    _arguments: Mapping[str, Any]
    _name: str
    _node: _Read

    @classmethod
    def of(cls, text: str, schema: GraphQLSchema) -> BulkQuery:
        """Understand a query. Raises WrongQuery."""
        try:
            document = parse(text)
        except GraphQLError as wrong:
            raise WrongQuery(wrong.message) from wrong
        wrong_parts = validate(schema, document)
        if wrong_parts:
            raise WrongQuery(wrong_parts[0].message)
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        roots = operations[0].selection_set.selections if len(operations) == 1 else ()
        root = roots[0] if len(roots) == 1 else None
        if not isinstance(root, FieldNode) or schema.query_type is None:
            raise WrongQuery("Bulk queries must have exactly one top-level field.")
        field = schema.query_type.fields[root.name.value]
        kind = get_named_type(field.type)
        if not isinstance(kind, GraphQLObjectType) or not kind.name.endswith("Connection"):
            raise WrongQuery("Bulk queries must contain at least one connection.")
        node_kind, selection = _nodes_of(kind, root)
        reader = _Reader(schema)
        read = reader.object_of(node_kind, selection, 1)
        if reader.connections + 1 > MOST_CONNECTIONS:
            raise WrongQuery(f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections.")
        if reader.connections and not _selects_id(selection):
            raise WrongQuery("The parent 'node' field for a nested connection must select the 'id' field without an alias.")
        return cls(_resolver(field, root.name.value), get_argument_values(field, root), root.name.value, read)

    def pages(self, context: AdminContext, holding: Callable[[], Any]) -> Iterator[Lines]:
        """The result, page by page; the world is held by `holding()` for one page at a time. Raises GraphQLError."""
        cursor: str | None = None
        while True:
            arguments = {**self._arguments, "first": PAGE, "after": cursor}
            with holding():
                page = self._resolve(None, _Told(context, self._name), **arguments)
                nodes = []
                for source in page.nodes:
                    children: Children = []
                    node = self._node(source, context, children)
                    nodes.append((node, [{**child, "__parentId": node["id"]} for child in children]))
            yield Lines(tuple(nodes))
            if not page.has_next:
                return
            cursor = page.cursors[-1]


class _Reader:
    """Turns selections into functions, and counts the nested connections."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.connections = 0

    def object_of(self, kind: GraphQLObjectType, selection: SelectionSetNode, depth: int) -> _Read:
        """Reads one object; the nodes of its connections go into the list of children."""
        plain: list[tuple[str, _Read]] = []
        nested: list[_Read] = []
        for part in _fields(selection, kind):
            name = part.name.value
            key = part.alias.value if part.alias else name
            if name == "__typename":
                plain.append((key, _always(kind.name)))
                continue
            field = kind.fields[name]
            inner = get_named_type(field.type)
            fetch = _fetch(_resolver(field, name), get_argument_values(field, part), name)
            if isinstance(inner, GraphQLObjectType) and inner.name.endswith("Connection"):
                nested.append(self._connection(inner, part, field, depth))
            elif part.selection_set is None:
                plain.append((key, fetch))
            else:
                plain.append((key, _through(fetch, self._value_of(inner, part.selection_set, depth))))

        def read(source: Any, context: AdminContext, children: Children) -> dict[str, Any]:
            told = {key: one(source, context, children) for key, one in plain}
            for one in nested:
                one(source, context, children)
            return told

        return read

    def _value_of(self, kind: GraphQLNamedType, selection: SelectionSetNode, depth: int) -> _Read:
        if isinstance(kind, GraphQLObjectType):
            return self.object_of(kind, selection, depth)
        assert isinstance(kind, GraphQLUnionType)
        members = {one.name: self.object_of(one, selection, depth) for one in kind.types}
        name_of: Any = kind.resolve_type

        def read(source: Any, context: AdminContext, children: Children) -> Any:
            told = source["__typename"] if isinstance(source, dict) else name_of(source, None, kind)
            return members[told](source, context, children)

        return read

    def _connection(self, kind: GraphQLObjectType, part: FieldNode, field: Any, depth: int) -> _Read:
        self.connections += 1
        if depth >= DEEPEST:
            raise WrongQuery(f"Bulk queries cannot contain connections with a nesting depth greater than {DEEPEST}.")
        node_kind, selection = _nodes_of(kind, part)
        read = self.object_of(node_kind, selection, depth + 1)
        resolve, arguments = _resolver(field, part.name.value), get_argument_values(field, part)

        def children_of(source: Any, context: AdminContext, children: Children) -> None:
            cursor: str | None = None
            while True:
                page = resolve(source, _Told(context, part.name.value), **{**arguments, "first": PAGE, "after": cursor})
                children.extend(read(node, context, children) for node in page.nodes)
                if not page.has_next:
                    return
                cursor = page.cursors[-1]

        return children_of


@dataclass(frozen=True, slots=True)
class _Path:
    name: str

    def as_list(self) -> list[str]:
        return [self.name]


@dataclass(frozen=True, slots=True)
class _Told:
    """As much of GraphQL's own information as our resolvers ask for."""

    context: AdminContext
    field_name: str

    @property
    def path(self) -> _Path:
        return _Path(self.field_name)


def _fields(selection: SelectionSetNode, kind: GraphQLObjectType) -> Iterator[FieldNode]:
    for part in selection.selections:
        if isinstance(part, FieldNode):
            yield part
        elif isinstance(part, InlineFragmentNode):
            if part.type_condition is None or part.type_condition.name.value == kind.name:
                yield from _fields(part.selection_set, kind)
        else:
            raise WrongQuery("Named fragments are not supported.")


def _nodes_of(kind: GraphQLObjectType, part: FieldNode) -> tuple[GraphQLObjectType, SelectionSetNode]:
    """The type and the selection of a connection's nodes, asked for by `nodes` or by `edges { node }`."""
    for one in part.selection_set.selections if part.selection_set else ():
        if isinstance(one, FieldNode) and one.selection_set is not None and one.name.value in {"nodes", "edges"}:
            inner = get_named_type(kind.fields[one.name.value].type)
            assert isinstance(inner, GraphQLObjectType)
            return (inner, one.selection_set) if one.name.value == "nodes" else _node_of(inner, one.selection_set)
    raise WrongQuery("A connection field needs `nodes` or `edges`.")


def _node_of(edge: GraphQLObjectType, selection: SelectionSetNode) -> tuple[GraphQLObjectType, SelectionSetNode]:
    for one in selection.selections:
        if isinstance(one, FieldNode) and one.name.value == "node" and one.selection_set is not None:
            inner = get_named_type(edge.fields["node"].type)
            assert isinstance(inner, GraphQLObjectType)
            return inner, one.selection_set
    raise WrongQuery("`edges` needs `node`.")


def _selects_id(selection: SelectionSetNode) -> bool:
    return any(isinstance(one, FieldNode) and one.name.value == "id" and one.alias is None for one in selection.selections)


def _resolver(field: Any, name: str) -> Callable[..., Any]:
    def by_name(source: Any, _info: Any, **_: Any) -> Any:
        return source.get(name) if isinstance(source, dict) else getattr(source, name)

    return field.resolve or by_name


def _fetch(resolve: Callable[..., Any], arguments: Mapping[str, Any], name: str) -> _Read:
    def fetch(source: Any, context: AdminContext, _children: Children) -> Any:
        return resolve(source, _Told(context, name), **arguments)

    return fetch


def _always(told: str) -> _Read:
    return lambda _source, _context, _children: told


def _through(fetch: _Read, inner: _Read) -> _Read:
    def read(source: Any, context: AdminContext, children: Children) -> Any:
        value = fetch(source, context, children)
        if isinstance(value, list | tuple):
            return [inner(one, context, children) for one in value]
        return None if value is None else inner(value, context, children)

    return read


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
