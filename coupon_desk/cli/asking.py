"""What is asked of the person at the terminal, or read from standard input: PINs and secrets, never shown."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Final

from coupon_desk.errors import ConfigurationError
from coupon_desk.words import Language, Message, msg, say

PIN_VARIABLE: Final = "COUPON_DESK_PIN"


def own_pin(login: str, language: Language) -> str:
    """The PIN of the operator who calls: from `COUPON_DESK_PIN`, else from the terminal. Raises ConfigurationError."""
    told = os.environ.pop(PIN_VARIABLE, None)  # no program that we start inherits it
    if told:
        return told
    if not has_terminal():
        raise ConfigurationError(
            msg("There is no terminal to ask for the PIN."),
            done=msg("Nothing was done."),
            todo=msg("Run the command in a terminal, or give the PIN in the variable {variable}.", variable=PIN_VARIABLE),
        )
    return hidden(msg("PIN of {login}:", login=login), language)


def new_pin(login: str, language: Language) -> str:
    """A PIN to be set: typed twice at a terminal, else one line of standard input. Raises ConfigurationError."""
    return _typed_twice(
        msg("New PIN of {login}:", login=login),
        msg("The same PIN again:"),
        ConfigurationError(
            msg("The two PINs differ."), done=msg("Nothing was changed."), todo=msg("Try again and type the same PIN twice.")
        ),
        language,
    )


def new_password(desk: str, language: Language) -> str:
    """A desk's password for the central database: typed twice at a terminal, else one line of standard input.

    Raises ConfigurationError.
    """
    return _typed_twice(
        msg("New password of the desk {desk} (it is not shown):", desk=desk),
        msg("The same password again:"),
        ConfigurationError(
            msg("The two passwords differ."),
            done=msg("Nothing was changed."),
            todo=msg("Try again and type the same password twice."),
        ),
        language,
    )


def administrators_password(server: str, language: Language, *, may_be_piped: bool) -> str:
    """The password of a database's administrator: from the terminal, else one line of standard input. ConfigurationError.

    Where standard input brings something else already, it has to come from the terminal.
    """
    if may_be_piped and not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    if not has_terminal():
        raise ConfigurationError(
            msg("There is no terminal to ask for the administrator's password."),
            done=msg("Nothing was done."),
            todo=msg("Run the command in a terminal, or give the password in the variable {variable}.", variable="PGPASSWORD"),
        )
    return hidden(msg("Administrator's password for {server} (it is not shown):", server=server), language)


def secret_value(name: str, language: Language) -> str:
    """The value of a secret: typed at a terminal, else the whole of standard input."""
    if sys.stdin.isatty():
        return hidden(msg("Value of {name} (it is not shown):", name=name), language)
    return sys.stdin.read()


def _typed_twice(first: Message, second: Message, differ: ConfigurationError, language: Language) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed = hidden(first, language)
    if hidden(second, language) != typed:
        raise differ
    return typed


def hidden(prompt: Message, language: Language) -> str:
    """One line from the terminal that is not shown while it is typed. Raises ConfigurationError when nothing comes."""
    try:
        return getpass.getpass(say(prompt, language) + " ")
    except EOFError as nothing:
        raise ConfigurationError(msg("Nothing was typed."), done=msg("Nothing was done.")) from nothing


def has_terminal() -> bool:
    """Whether there is a terminal to ask at, also where standard input is a file (`--from-file -`)."""
    if sys.stdin.isatty():
        return True
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True
