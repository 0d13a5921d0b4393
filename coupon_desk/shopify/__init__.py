"""Shopify: the GraphQL Admin API by httpx, its cost throttle, discounts, customers' records and orders."""
