"""The comparison with the published schema sees every kind of difference."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from graphql import build_schema, introspection_from_schema

from coupon_desk.training.admin_schema import schema_text
from tests.training.published_schema import differences, main, wrong_documents


def publish(text: str, folder: Path) -> str:
    file = folder / "published.json.gz"
    with gzip.open(file, "wt", encoding="utf-8") as out:
        json.dump({"data": introspection_from_schema(build_schema(text), input_value_deprecation=True)}, out)
    return str(file)


def test_our_subset_and_our_operations_agree_with_what_we_took_them_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([publish(schema_text(), tmp_path)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        ("asyncUsageCount: Int!", "asyncUsageCount: Int", "asyncUsageCount: is Int, not Int!"),
        ("  EXPIRED\n", "", "DiscountStatus.EXPIRED: is not published"),
        (
            'codeDiscountNode(id: ID!): DiscountCodeNode @deprecated(reason: "Use `discountNode` instead.")',
            "codeDiscountNode(id: ID!): DiscountCodeNode",
            "codeDiscountNode: deprecated None, not",
        ),
        ("appliesOnEachItem: Boolean!", "appliesOnEachItems: Boolean!", "DiscountAmount.appliesOnEachItem: is not published"),
        ("job(id: ID!): Job", "job(id: ID!, shop: ID!): Job", "QueryRoot.job(shop): is required"),
        ("reverse: Boolean = false", "reverse: Boolean = true", "has reverse: Boolean = true, not reverse: Boolean = false"),
        ("DiscountAmount | DiscountPercentage", "DiscountAmount", "DiscountPercentage is no member"),
        ("scalar Decimal", "enum Decimal { ONE }", "Decimal: is a GraphQLEnumType, not a GraphQLScalarType"),
    ],
)
def test_a_difference_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], ours: str, theirs: str, told: str) -> None:
    assert ours in schema_text()

    assert main([publish(schema_text().replace(ours, theirs), tmp_path)]) == 1
    assert told in capsys.readouterr().out


def test_a_deprecated_field_in_an_operation_is_named(tmp_path: Path) -> None:
    (tmp_path / "Old.graphql").write_text("query Old($id: ID!) { customer(id: $id) { email } }")

    (told,) = wrong_documents(tmp_path, build_schema(schema_text()))

    assert told.startswith("Old.graphql: The field Customer.email is deprecated.")


def test_a_schema_does_not_differ_from_itself() -> None:
    schema = build_schema(schema_text())

    assert list(differences(schema, schema)) == []
