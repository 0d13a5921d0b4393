"""A secret that is carried around stays unseen."""

from __future__ import annotations

import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_desk.errors import ExitStatus
from coupon_desk.vault import EmptySecret, OwnSecret, Secret, SecretName, UnknownSecretName

TOKEN = "shpat_0123456789abcdef"


@given(content=st.text(min_size=6))
def test_no_way_of_printing_shows_the_content(content: str) -> None:
    secret = Secret(content)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r}", f"{[secret]}"]
    assert set(shown) <= {"Secret(…)", "[Secret(…)]"}
    assert secret.reveal() == content


def test_a_traceback_with_locals_does_not_show_the_content() -> None:
    def use(secret: Secret) -> None:
        raise RuntimeError(f"could not use {secret}")

    try:
        use(Secret(TOKEN))
    except RuntimeError as failure:
        told = "".join(traceback.TracebackException.from_exception(failure, capture_locals=True).format())
    assert "Secret(…)" in told
    assert TOKEN not in told


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(TOKEN))


def test_secrets_are_equal_by_content() -> None:
    assert Secret(TOKEN) == Secret(TOKEN)
    assert hash(Secret(TOKEN)) == hash(Secret(TOKEN))
    assert Secret(TOKEN) != Secret("another")
    assert Secret(TOKEN) != TOKEN


def test_white_space_around_typed_input_is_not_part_of_the_secret() -> None:
    assert Secret.typed(f"  {TOKEN}\r\n") == Secret(TOKEN)


@pytest.mark.parametrize("typed", ["", " ", "\n"])
def test_an_empty_secret_is_refused(typed: str) -> None:
    with pytest.raises(EmptySecret) as refused:
        Secret.typed(typed)
    assert refused.value.exit_status is ExitStatus.USAGE


def test_the_names_are_those_of_the_interface() -> None:
    assert set(SecretName) == {
        "shopify.token",
        "shopify.client_secret",
        "pos.token",
        "mail.password",
        "central.password",
        "desk.key",
        "desk.head",
    }
    assert SecretName.parse(" pos.token ") is SecretName.POS_TOKEN


def test_what_the_program_keeps_itself_is_not_typed_by_anybody() -> None:
    assert SecretName.typed(" pos.token ") is SecretName.POS_TOKEN
    for own in ("desk.key", "desk.head"):
        with pytest.raises(OwnSecret) as refused:
            SecretName.typed(own)
        assert refused.value.exit_status is ExitStatus.USAGE
        assert own in str(refused.value)
        assert str(refused.value.done) == "Nothing was changed."


def test_an_unknown_name_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(UnknownSecretName) as refused:
        SecretName.parse("shopify.tokn")
    assert refused.value.exit_status is ExitStatus.USAGE
    assert "shopify.tokn" in str(refused.value)
    assert refused.value.todo is not None
    assert "shopify.token, shopify.client_secret" in str(refused.value.todo)
