"""Setting a shop up, and changing its settings: what the assistant, the settings window and `config` do. Nothing here draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coupon_desk.app import checks
from coupon_desk.app.checks import Check
from coupon_desk.app.configuration import AS_GOOD_AS_ANY, Change, ConfigurationFile, Values, exported, taken_over, with_values
from coupon_desk.app.home import Home
from coupon_desk.app.secrets import store
from coupon_desk.clock import Clock, SystemClock
from coupon_desk.errors import ConfigurationError, NotPermitted, StorageError
from coupon_desk.mail.smtp import SmtpMailer
from coupon_desk.people.roles import Right
from coupon_desk.points.rest import RestPoints
from coupon_desk.settings import Settings, parse
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.vault import Secret, SecretName, Vault
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.people.operators import Session
    from coupon_desk.people.people import People
    from coupon_desk.trail.trail import Trail

SAVED: Final = "settings.saved"
"""The entry that says who changed the configuration in the program; `settings.changed` follows when it is in force."""


class Connection(StrEnum):
    """What can be tried out before anything is saved."""

    SHOPIFY = "shopify"
    POINTS = "pos"
    MAIL = "mail"
    CENTRAL = "central"


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to begin with: the file's text and its values, which secrets are kept, and whether the keyring works."""

    text: str
    values: Values
    stored: frozenset[SecretName]
    keyring: Check


@dataclass(frozen=True, slots=True)
class Keepers:
    """What an open home adds: its trail, its people, and the lock that whoever changes something must hold."""

    trail: Trail
    people: People
    hold: Callable[[], None]


class Setup:
    """One home's configuration and secrets. Methods block on disk, keyring and network: worker threads only.

    Without `keepers` the home has nobody yet whose right could be asked for. The training shop's cannot be changed.
    """

    def __init__(self, home: Path, vault: Vault, clock: Clock | None = None, keepers: Keepers | None = None) -> None:
        self._home = Home(home)
        self._vault = vault
        self._clock = clock or SystemClock()
        self._keepers = keepers
        self.file = ConfigurationFile(self._home.config)

    def look(self) -> Found:
        """What there is now. A keyring that does not work is told, not raised. Raises ConfigurationError."""
        keyring = checks.keyring(self._vault)
        text = self.file.read()
        stored = frozenset(self._vault.names()) if keyring.is_well else frozenset()
        return Found(text, self.file.values(text), stored, keyring)

    def validate(self, values: Mapping[str, Any]) -> Settings:
        """Whether these values can be, the others being as good as any. No I/O. Raises WrongSetting, which names one."""
        return parse(with_values("", {**AS_GOOD_AS_ANY, **values}), self._home.config)

    def try_out(
        self, connection: Connection, values: Mapping[str, Any], typed: Mapping[SecretName, Secret]
    ) -> tuple[Check, ...]:
        """Connect with these values and what was typed, else with what the keyring keeps; nothing is saved or changed.

        Raises WrongSetting.
        """
        settings = self.validate(values)
        return tuple(self._try_out(connection, settings, typed))

    def keep(self, typed: Mapping[SecretName, Secret], session: Session | None) -> None:
        """Put secrets into the keyring. Raises NotPermitted, VaultError."""
        self._permit(session)
        trail = self._keepers.trail if self._keepers is not None else None
        for name, secret in typed.items():
            store(self._vault, name, secret, trail, session)

    def save(self, text: str, values: Mapping[str, Any], session: Session | None, *, base: str = "") -> Change:
        """Write a configuration: these values in the text that was looked at before, or in another one as `base`.

        It holds when the desk is opened anew. Raises WrongSetting, NotPermitted, StorageError, and ConfigurationError where
        somebody else changed the file meanwhile.
        """
        wanted = self.file.change(base or text, values).text
        return self._write(self.file.difference(text, wanted), text, session)

    def export(self) -> str:
        """The configuration for another desk. Raises ConfigurationError."""
        return exported(self.file.read(), self._home.config)

    def export_to(self, file: Path) -> None:
        """Write it to a file. Raises ConfigurationError, StorageError."""
        text = self.export()
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as wrong:
            raise StorageError(
                msg("{file} cannot be written.", file=str(file)), done=msg("Nothing was done."), detail=str(wrong)
            ) from wrong

    def take_over(self, file: Path) -> str:
        """Another desk's configuration, as it would be this one's; nothing is written. Raises ConfigurationError."""
        source = ConfigurationFile(file)
        text = source.read()
        if not text:
            raise ConfigurationError(msg("{file} holds no configuration.", file=str(file)), done=msg("Nothing was changed."))
        now = self.file.read()
        return taken_over(text, file, self.file.values(now))

    def difference(self, text: str) -> Change:
        """What would be other with this text in place of the present one. Raises ConfigurationError."""
        return self.file.difference(self.file.read(), text)

    def replace(self, text: str, session: Session | None) -> Change:
        """Write this text in place of the present one. Errors as in `save`."""
        now = self.file.read()
        return self._write(self.file.difference(now, text), now, session)

    def missing_secrets(self, text: str) -> tuple[SecretName, ...]:
        """What a configuration needs and the keyring does not keep. Raises ConfigurationError, VaultError."""
        settings, stored = parse(text, self._home.config), self._vault.names()
        return tuple(name for name in needed_secrets(settings) if name not in stored)

    def _write(self, change: Change, text: str, session: Session | None) -> Change:
        self._permit(session)
        if self.file.read() != text:
            raise ConfigurationError(
                msg("Somebody else has changed the configuration meanwhile."),
                done=msg("Nothing was changed."),
                todo=msg("Look at the settings again, and change what is still to be changed."),
            )
        if self._keepers is not None and session is not None and change.after:
            self._keepers.hold()
            role = session.operator.role.value
            self._keepers.trail.record(
                SAVED, {}, actor=session.login, role=role, result="saved", before=change.before, after=change.after
            )
        self.file.write(change.text)
        return change

    def _permit(self, session: Session | None) -> None:
        if self._keepers is not None and not self._keepers.people.is_empty():
            if session is None:
                raise NotPermitted(msg("Sign in to change the settings."), done=msg("Nothing was changed."))
            self._keepers.people.authorise(session, Right.SETTINGS, "settings")
        if self._home.training_mark.exists():
            raise NotPermitted(
                msg("The training shop's settings are made anew at each start."), done=msg("Nothing was changed.")
            )

    def _try_out(self, connection: Connection, settings: Settings, typed: Mapping[SecretName, Secret]) -> Iterator[Check]:
        def giver(name: SecretName) -> Callable[[], str]:
            return lambda: self._secret(name, typed)

        match connection:
            case Connection.SHOPIFY:
                with ShopifyClient(settings.shopify, giver(needed_secrets(settings)[0]), self._clock) as client:
                    yield from checks.shopify(client, self._clock)
            case Connection.POINTS:
                with RestPoints(settings.pos, giver(SecretName.POS_TOKEN), self._clock) as points:
                    yield checks.point_system(points)
            case Connection.MAIL:
                mailer = SmtpMailer(settings.mail, settings.shop.name, giver(SecretName.MAIL_PASSWORD), self._clock)
                yield checks.mail_server(mailer)
            case Connection.CENTRAL if settings.central is not None:
                yield self._central(settings, typed)

    def _central(self, settings: Settings, typed: Mapping[SecretName, Secret]) -> Check:
        from coupon_desk.central.place import open_central  # late: most homes share no database

        assert settings.central is not None

        def password() -> str | None:
            found = typed.get(SecretName.CENTRAL_PASSWORD) or self._vault.get(SecretName.CENTRAL_PASSWORD)
            return found.reveal() if found is not None else None

        central = open_central(settings.central, password, self._clock)
        try:
            return checks.central_database(central)
        finally:
            central.close()

    def _secret(self, name: SecretName, typed: Mapping[SecretName, Secret]) -> str:
        secret = typed.get(name) or self._vault.get(name)
        if secret is None:
            raise ConfigurationError(
                msg("The secret {name} is not in the keyring.", name=name.value),
                todo=msg("Type or paste its value and try again."),
            )
        return secret.reveal()


def needed_secrets(settings: Settings) -> tuple[SecretName, ...]:
    """The secrets without which this configuration does not work, Shopify's first."""
    by_token = settings.shopify.auth == "token"
    shopify = SecretName.SHOPIFY_TOKEN if by_token else SecretName.SHOPIFY_CLIENT_SECRET
    mail = (SecretName.MAIL_PASSWORD,) if settings.mail.username else ()
    return (shopify, SecretName.POS_TOKEN, *mail)
