"""The training shop's secrets live in memory."""

from __future__ import annotations

from coupon_desk.vault import MemoryVault, Secret, SecretName, Vault


def test_a_memory_vault_gives_back_what_it_was_given() -> None:
    vault: Vault = MemoryVault({SecretName.POS_TOKEN: Secret("one")})
    vault.set(SecretName.SHOPIFY_TOKEN, Secret("two"))
    assert vault.names() == (SecretName.SHOPIFY_TOKEN, SecretName.POS_TOKEN)
    assert vault.get(SecretName.SHOPIFY_TOKEN) == Secret("two")
    assert vault.delete(SecretName.SHOPIFY_TOKEN)
    assert not vault.delete(SecretName.SHOPIFY_TOKEN)
    assert vault.get(SecretName.SHOPIFY_TOKEN) is None
    assert vault.check() == "memory"


def test_two_memory_vaults_share_nothing() -> None:
    first, second = MemoryVault(), MemoryVault()
    first.set(SecretName.DESK_KEY, Secret("mine"))
    assert second.names() == ()
