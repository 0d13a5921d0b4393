"""How the tests call the training shop: over real HTTP, as a client would."""

from __future__ import annotations

from typing import Any

import httpx

from coupon_desk.training.addresses import Addresses


class Admin:
    """Calls the Admin API."""

    def __init__(self, addresses: Addresses) -> None:
        self._url = f"{addresses.shopify_endpoint}/admin/api/2026-10/graphql.json"
        self._http = httpx.Client(headers={"X-Shopify-Access-Token": addresses.token}, timeout=20)

    def answer(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        answer: dict[str, Any] = self.send(query, **variables).json()
        return answer

    def data(self, query: str, /, **variables: Any) -> Any:
        """The data of an answer without errors; of its one root field."""
        answer = self.answer(query, **variables)
        assert "errors" not in answer, answer
        (field,) = answer["data"].values()
        return field

    def send(self, query: str, /, **variables: Any) -> httpx.Response:
        """The HTTP response."""
        return self._http.post(self._url, json={"query": query, "variables": variables})

    def deactivate(self, discount_id: str) -> Any:
        """Deactivate a discount."""
        return self.data(
            """mutation Deactivate($id: ID!) { discountCodeDeactivate(id: $id) {
                codeDiscountNode { id codeDiscount { ... on DiscountCodeBasic { status startsAt endsAt updatedAt } } }
                userErrors { field message code extraInfo } } }""",
            id=discount_id,
        )

    def discount(self, code: str) -> Any:
        """A discount by its code; None where there is none."""
        node = self.data(
            """query ByCode($code: String!) { codeDiscountNodeByCode(code: $code) { id codeDiscount { __typename
                ... on DiscountCodeBasic { status startsAt endsAt updatedAt usageLimit asyncUsageCount
                  codesCount { count } codes(first: 10) { nodes { id code asyncUsageCount } }
                  context { __typename ... on DiscountCustomers { customers { id } } } } } } }""",
            code=code,
        )
        return None if node is None else {"id": node["id"], **node["codeDiscount"]}

    def close(self) -> None:
        """Hang up."""
        self._http.close()


class Pos:
    """Calls the point system."""

    def __init__(self, addresses: Addresses) -> None:
        self._http = httpx.Client(
            base_url=addresses.pos_endpoint, headers={"Authorization": f"Bearer {addresses.pos_token}"}, timeout=20
        )

    def balance(self, customer: str) -> httpx.Response:
        """Ask for the balance."""
        return self._http.get(f"/customers/{customer}/points")

    def history(self, customer: str, **asked: Any) -> httpx.Response:
        """Ask for the history."""
        return self._http.get(f"/customers/{customer}/points/history", params=asked)

    def add(self, customer: str, amount: Any, reference: str = "COUPON-X", key: str | None = "key-1") -> httpx.Response:
        """Add points."""
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"amount": amount, "reason": "Coupon cancelled", "reference": reference}
        return self._http.post(f"/customers/{customer}/points/add", json=body, headers=headers)

    def close(self) -> None:
        """Hang up."""
        self._http.close()


def number(gid: str) -> str:
    """The number in a global id."""
    return gid.rsplit("/", 1)[-1]
