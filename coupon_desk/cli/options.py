"""The options that every command has; they may stand before or after the command's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from coupon_desk.cli.call import Call
from coupon_desk.words import Language

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def everywhere(function: Decorated) -> Decorated:
    """Give a command `--home`, `--operator` and `--language`."""
    for option in (_LANGUAGE, _OPERATOR, _HOME):
        function = option(function)
    return function


def for_scripts(function: Decorated) -> Decorated:
    """Give a command that reads or changes data `--json`, and what every command has."""
    return everywhere(_JSON(function))


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    call = context.find_object(Call)
    if call is None or value is None or value is False:
        return
    match parameter.name:
        case "home":
            call.home_asked = value
        case "operator":
            call.operator = value
        case "language":
            call.output.language = Language(value)
        case "as_json":
            call.output.as_json = True


_HOME = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    expose_value=False,
    callback=_remember,
    help="The folder that holds everything; else COUPON_DESK_HOME or the platform's usual place.",
)
_OPERATOR = click.option(
    "--operator",
    metavar="LOGIN",
    expose_value=False,
    callback=_remember,
    help="Who you are; the PIN comes from the terminal or from COUPON_DESK_PIN.",
)
_LANGUAGE = click.option(
    "--language",
    type=click.Choice([language.value for language in Language]),
    expose_value=False,
    callback=_remember,
    help="The language of what is printed; else that of your surroundings.",
)
_JSON = click.option(
    "--json",
    "as_json",
    is_flag=True,
    expose_value=False,
    callback=_remember,
    help="Print exactly one JSON document, also for refusals and errors.",
)
