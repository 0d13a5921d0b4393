"""The GraphQL operations as they stand in `documents/*.graphql`, each with the shape of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Generic, TypeVar

from coupon_desk.shopify.splice import compact

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One operation: `name` is its operationName and its file, `answer` the shape that its `data` must have.

    `personal` names the fields that Shopify may deny to a shop's plan without making the rest of the answer useless; `text` is
    the document where it is made for the occasion and stands in no file.
    """

    name: str
    answer: type[T]
    personal: frozenset[str] = frozenset()
    text: str | None = None

    def body(self, variables: Mapping[str, Any]) -> str:
        """The exact text of a request: compact JSON with query, variables and operationName."""
        return compact({"query": self.text or document(self.name), "variables": variables, "operationName": self.name})


@lru_cache(maxsize=64)
def document(name: str) -> str:
    """The text of `documents/<name>.graphql`."""
    return (files("coupon_desk.shopify") / "documents" / f"{name}.graphql").read_text(encoding="utf-8")
