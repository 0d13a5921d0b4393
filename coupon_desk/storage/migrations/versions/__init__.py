"""One module per revision; the chain is linear."""
