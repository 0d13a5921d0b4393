"""A home's configuration as values that can be changed one by one, handed to the next desk, and taken over from another.

A value is named by its key in the file: `shopify.domain`. None is a key that is not there.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError

from coupon_desk.address import PostgresAddress
from coupon_desk.app.settings_trail import differences, flattened
from coupon_desk.errors import ConfigurationError, StorageError
from coupon_desk.settings import parse
from coupon_desk.words import msg

Values = dict[str, Any]
BEFORE: Final = ".before"
"""What the file that was replaced is kept as, beside the new one."""

AS_GOOD_AS_ANY: Final[Mapping[str, str]] = {
    "shop.name": "-",
    "shopify.domain": "shop.invalid",
    "pos.endpoint": "https://pos.invalid",
    "mail.host": "mail.invalid",
    "mail.sender": "shop@mail.invalid",
}
"""What stands for values without which there is no configuration, while only others are looked at."""

_OF_ONE_DESK: Final = ("shop.store", "receipts.printer", "receipts.logo")
_HEADING: Final = (
    "Coupon Desk: a configuration for another desk. It holds no secrets: they are asked for where it is taken over."
)


@dataclass(frozen=True, slots=True)
class Change:
    """The text of a configuration to come, and what is other in it than it was: by key, before and after."""

    text: str
    before: Values
    after: Values


class ConfigurationFile:
    """`config.toml` of a home. Comments, order and every value that nobody changes stay as they are."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> str:
        """The text of the file, empty where there is none. Raises ConfigurationError."""
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as unreadable:
            raise ConfigurationError(
                msg("The configuration {file} cannot be read.", file=str(self.path)), detail=str(unreadable)
            ) from unreadable

    def values(self, text: str) -> Values:
        """Every value in force in a text, as the trail keeps it; nothing where the text is empty. Raises ConfigurationError."""
        return flattened(parse(text, self.path)) if text else {}

    def change(self, text: str, wanted: Mapping[str, Any]) -> Change:
        """What a text becomes when these values are in force; those that are in force already are not written.

        Raises WrongSetting, ConfigurationError.
        """
        now = self.values(text) or flattened(parse(with_values("", AS_GOOD_AS_ANY), self.path))
        return self.difference(text, with_values(text, {key: value for key, value in wanted.items() if now.get(key) != value}))

    def difference(self, text: str, new: str) -> Change:
        """What a text becomes when another one takes its place. Raises ConfigurationError."""
        return Change(new, *differences(self.values(text), flattened(parse(new, self.path))))

    def write(self, text: str) -> None:
        """Put a text in the file's place, for its owner alone; the one before is kept beside it. Raises StorageError."""
        beside = self.path.with_name(f"{self.path.name}.new")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                beside.unlink()
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileNotFoundError):
                shutil.copy2(self.path, self.path.with_name(f"{self.path.name}{BEFORE}"))
            os.replace(beside, self.path)
        except OSError as wrong:
            raise StorageError(
                msg("The configuration {file} cannot be written.", file=str(self.path)),
                done=msg("Nothing was changed."),
                todo=msg("Check the rights of the home folder and try again."),
                detail=str(wrong),
            ) from wrong


def with_values(text: str, values: Mapping[str, Any]) -> str:
    """A text with some values changed in place, whose keys have two parts; None takes one out, and a table with its last.

    Raises ConfigurationError.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as wrong:
        raise ConfigurationError(msg("The configuration is no TOML."), detail=str(wrong)) from wrong
    for key, value in values.items():
        section, _, name = key.partition(".")
        if value is not None and section not in document:
            document[section] = tomlkit.table()
        table: Any = document.get(section, {})
        if value is not None:
            table[name] = value
        elif name in table:
            del table[name]
            if not table:
                del document[section]
    return tomlkit.dumps(document)


def exported(text: str, file: Path) -> str:
    """A configuration for the next desk: every value of a text but those of one desk alone, and none of its comments.

    It has no secrets, because a text with secrets is refused. Raises ConfigurationError.
    """
    settings = parse(text, file)
    tables = tomllib.loads(text)
    for key in _OF_ONE_DESK:
        section, _, name = key.partition(".")
        tables.get(section, {}).pop(name, None)
    if settings.central is not None:
        tables["central"]["url"] = _without_user(settings.central.url)
    document = tomlkit.document()
    document.add(tomlkit.comment(_HEADING))
    document.add(tomlkit.nl())
    document.update(tables)
    return tomlkit.dumps(document)


def taken_over(text: str, file: Path, own: Mapping[str, Any]) -> str:
    """Another desk's configuration for this one: what belongs to a desk alone stays as it is in this one's `own` values.

    Raises ConfigurationError that names `file`.
    """
    settings = parse(text, file)
    changes: Values = {key: own.get(key) for key in _OF_ONE_DESK}
    if settings.central is not None:
        place, mine = _without_user(settings.central.url), own.get("central.url")
        changes["central.url"] = mine if mine and _without_user(mine) == place else place
    return with_values(text, changes)


def _without_user(url: str) -> str:
    """The address of the shared database without this desk's login role and certificate."""
    address = PostgresAddress.parse(url)
    head, _, rest = address.for_user("").partition("://@")
    return f"{head}://{rest}"
