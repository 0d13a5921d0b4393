"""The training shop: Shopify, the point system and a mailbox as real servers on loopback, with faults on demand."""
