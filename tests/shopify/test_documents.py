"""The documents as they are packaged: each of them is used, valid, and uses nothing that Shopify has deprecated."""

from __future__ import annotations

from importlib.resources import files

import pytest
from graphql import NoDeprecatedCustomRule, OperationDefinitionNode, build_schema, parse, specified_rules, validate

from coupon_desk.shopify import (
    cancelled_orders,
    combined_orders,
    combined_reads,
    combined_writes,
    consent,
    customers,
    discounts,
    exports,
    health,
    listing,
    orders,
    writes,
)
from coupon_desk.shopify.operations import Operation, document

OPERATIONS = {
    operation.name: operation
    for operation in (
        *(
            value
            for module in (
                cancelled_orders,
                combined_orders,
                combined_reads,
                combined_writes,
                consent,
                customers,
                discounts,
                exports,
                health,
                listing,
                orders,
            )
            for value in vars(module).values()
        ),
        *writes.OPERATIONS.values(),
        writes.JOB_STATE,
    )
    if isinstance(operation, Operation)
}
NAMES = sorted(
    entry.name.removesuffix(".graphql")
    for entry in (files("coupon_desk.shopify") / "documents").iterdir()
    if entry.name.endswith(".graphql")
)


def test_every_document_is_used_and_every_operation_has_one() -> None:
    assert sorted(OPERATIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_document_holds_the_one_operation_that_its_name_says(name: str) -> None:
    definitions = parse(document(name)).definitions

    assert [type(each) for each in definitions] == [OperationDefinitionNode]
    assert [each.name.value for each in definitions if isinstance(each, OperationDefinitionNode) and each.name] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_valid_and_asks_for_nothing_deprecated(name: str) -> None:
    schema = build_schema((files("coupon_desk.training") / "shopify.graphql").read_text(encoding="utf-8"))

    assert validate(schema, parse(document(name)), [*specified_rules, NoDeprecatedCustomRule]) == []


def test_no_write_is_by_search() -> None:
    names = [*writes.OPERATIONS, combined_writes.DEACTIVATE_ALL.name]

    assert not any("search" in document(name) for name in names)


@pytest.mark.parametrize("number", [1, 2, combined_reads.MOST_CODES])
def test_the_look_up_of_many_codes_is_valid_and_looks_up_each(number: int) -> None:
    schema = build_schema((files("coupon_desk.training") / "shopify.graphql").read_text(encoding="utf-8"))

    text = combined_reads.ids_by_code(number).text or ""

    assert validate(schema, parse(text), [*specified_rules, NoDeprecatedCustomRule]) == []
    assert text.count("codeDiscountNodeByCode(code: $code") == number
