"""Compares our subset of Shopify's schema, and every operation of the desk, with the published schema.

`python tests/training/published_schema.py INTROSPECTION_JSON_GZ` prints each difference and ends with 1 when there is one. The
published schema is no part of this program: it is fetched where it can be, and never kept.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    NoDeprecatedCustomRule,
    build_client_schema,
    build_schema,
    is_required_argument,
    is_required_input_field,
    parse,
    specified_rules,
    validate,
)
from graphql.utilities.print_schema import print_input_value

PACKAGE = Path(__file__).parents[2] / "coupon_desk"


def differences(ours: GraphQLSchema, published: GraphQLSchema) -> Iterator[str]:
    """Where our subset says anything that the published schema does not say just so."""
    for name, kind in ours.type_map.items():
        if name.startswith("__"):
            continue
        model = published.type_map.get(name)
        if model is None:
            yield f"{name}: is not published"
        elif type(model) is not type(kind):
            yield f"{name}: is a {type(model).__name__}, not a {type(kind).__name__}"
        else:
            yield from _of_type(name, kind, model)


def wrong_documents(folder: Path, published: GraphQLSchema) -> Iterator[str]:
    """What is wrong with the operations in a folder: invalid, or with a deprecated field."""
    for file in sorted(folder.glob("*.graphql")):
        document = parse(file.read_text(encoding="utf-8"))
        for error in validate(published, document, [*specified_rules, NoDeprecatedCustomRule]):
            yield f"{file.name}: {error.message}"


def read_introspection(file: Path) -> GraphQLSchema:
    """The published schema from its introspection as gzipped JSON."""
    with gzip.open(file, "rt", encoding="utf-8") as text:
        told = json.load(text)
    return build_client_schema(told.get("data", told), assume_valid=True)


def _of_type(name: str, kind: GraphQLNamedType, model: GraphQLNamedType) -> Iterator[str]:
    match kind, model:
        case (GraphQLObjectType(), GraphQLObjectType()):
            for field, ours in kind.fields.items():
                theirs = model.fields.get(field)
                yield from _of_field(f"{name}.{field}", ours, theirs)
                if theirs is not None:
                    yield from _of_arguments(f"{name}.{field}", ours.args, theirs.args)
        case (GraphQLInputObjectType(), GraphQLInputObjectType()):
            yield from _of_arguments(name, kind.fields, model.fields)
        case (GraphQLEnumType(), GraphQLEnumType()):
            for value, ours in kind.values.items():
                theirs = model.values.get(value)
                if theirs is None:
                    yield f"{name}.{value}: is not published"
                elif ours.deprecation_reason != theirs.deprecation_reason:
                    yield f"{name}.{value}: deprecated {theirs.deprecation_reason!r}, not {ours.deprecation_reason!r}"
        case (GraphQLUnionType(), GraphQLUnionType()):
            known = {member.name for member in model.types}
            yield from (f"{name}: {member.name} is no member" for member in kind.types if member.name not in known)


def _of_field(name: str, ours: Any, theirs: Any) -> Iterator[str]:
    if theirs is None:
        yield f"{name}: is not published"
        return
    if str(ours.type) != str(theirs.type):
        yield f"{name}: is {theirs.type}, not {ours.type}"
    if ours.deprecation_reason != theirs.deprecation_reason:
        yield f"{name}: deprecated {theirs.deprecation_reason!r}, not {ours.deprecation_reason!r}"


def _of_arguments(name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    for argument, one in ours.items():
        other = theirs.get(argument)
        if other is None:
            yield f"{name}({argument}): is not published"
        elif print_input_value(argument, one) != print_input_value(argument, other):
            yield f"{name}: has {print_input_value(argument, other)}, not {print_input_value(argument, one)}"
    for argument, other in theirs.items():
        if argument not in ours and (is_required_argument if isinstance(other, GraphQLArgument) else is_required_input_field)(
            other
        ):
            yield f"{name}({argument}): is required"


def main(arguments: list[str]) -> int:
    """Print every difference. 0 without one, 1 with, 2 for a wrong call."""
    if len(arguments) != 1:
        print("usage: published_schema.py INTROSPECTION_JSON_GZ", file=sys.stderr)
        return 2
    published = read_introspection(Path(arguments[0]))
    ours = build_schema((PACKAGE / "training" / "shopify.graphql").read_text(encoding="utf-8"))
    found = [*differences(ours, published), *wrong_documents(PACKAGE / "shopify" / "documents", published)]
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
