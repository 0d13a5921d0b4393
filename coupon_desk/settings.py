"""`config.toml` as typed values (INTERFACE.md §4): unknown keys, wrong values and secrets are refused with file and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from coupon_desk.address import PostgresAddress
from coupon_desk.errors import ConfigurationError
from coupon_desk.opening_hours import OpeningHours
from coupon_desk.receipt_settings import Receipts
from coupon_desk.words import Language, Message, msg

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=600)]
Hours = Annotated[int, msgspec.Meta(ge=1, le=8760)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
ApiVersion = Annotated[str, msgspec.Meta(pattern=r"^(20[0-9]{2}-(01|04|07|10)|unstable)$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Url = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s/]+[^\s]*$")]
MetafieldKey = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_$:-]{3,255}\.[A-Za-z0-9_-]{2,64}$")]
RoleCode = Literal["viewer", "clerk", "manager", "admin", "auditor"]
SignatureAlgorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]

_LOOPBACK: Final = re.compile(r"^https?://(127\.[0-9.]+|localhost|\[::1\])([:/]|$)")
_SECRET_NAME: Final = re.compile(r"token|secret|password|passwd|pin|api_?key|credential", re.IGNORECASE)
_SECRET_VALUE: Final = re.compile(
    r"shp(at|ca|ua|ss|pa)_[0-9a-zA-Z]{8,}|://[^/@\s:]+:[^/@\s]+@|[?&](password|token|secret)=", re.IGNORECASE
)
_NOT_SECRETS: Final = {"replays_idempotency_key"}
_PLACE: Final = re.compile(r"- at `\$\.([a-z_.]+)")
_MISSING: Final = re.compile(r"missing required field `([a-z_]+)`")
_GROUPS: Final = ("sign_in", "roles")
"""Its keys are names of the company's groups: “shopping-managers” holds no PIN."""


class WrongSetting(ConfigurationError):
    """Something in the file cannot be; `key` says what, e.g. `shopify.domain`, and is empty where it is the file itself."""

    def __init__(self, what: Message, key: str) -> None:
        super().__init__(what, todo=msg("Nothing was done. Correct the file and start again."))
        self.key = key


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file."""


class Shop(_Section, frozen=True):
    """`[shop]`: `points_per_unit` points are worth one unit of the currency.

    `store` is a short name of the store that this desk stands in, where a shop has several: see `people.scope`.
    `opening_hours` are those of each day, on this computer's clock; what they may say is told by `OpeningHours.parse`.
    """

    name: Text
    store: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None
    language: Language = Language.EN
    currency: Currency = "JPY"
    points_per_unit: Annotated[int, msgspec.Meta(ge=1)] = 1
    opening_hours: dict[Day, str] | None = None

    @property
    def hours(self) -> OpeningHours | None:
        """When the shop is open; None where that is not configured."""
        told = self.opening_hours
        return OpeningHours.parse({str(day): hours for day, hours in told.items()}) if told is not None else None


class Shopify(_Section, frozen=True):
    """`[shopify]`: `endpoint` is for a test or training server; otherwise it follows from the domain."""

    domain: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]*[a-z0-9](:[0-9]+)?$")]
    api_version: ApiVersion = "2026-10"
    endpoint: Url | None = None
    auth: Literal["token", "client_credentials"] = "token"
    client_id: str | None = None
    coupon_metafield: MetafieldKey = "loyalty.coupons"

    @property
    def url(self) -> str:
        """Where the Admin API is."""
        return (self.endpoint or f"https://{self.domain}").rstrip("/")


class Pos(_Section, frozen=True):
    """`[pos]`: the point system."""

    endpoint: Url
    kind: Literal["rest"] = "rest"
    replays_idempotency_key: bool = False


class Mail(_Section, frozen=True):
    """`[mail]`: how the customer is told."""

    host: Text
    sender: Annotated[str, msgspec.Meta(pattern=r"^([^<>@]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$")]
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None


class Central(_Section, frozen=True):
    """`[central]`: the database that several desks share. What `url` may say is told by `PostgresAddress.parse`."""

    url: Text
    required: bool = False


class Logs(_Section, frozen=True):
    """`[logs]`: where the program's own log also goes, beside its file: an OpenTelemetry collector, over HTTP.

    `otlp_endpoint` is the collector's address, with or without `/v1/logs`. What it asks for to let us in is no setting: it
    comes from `OTEL_EXPORTER_OTLP_HEADERS`, as for every other program that sends to it.
    """

    otlp_endpoint: Url | None = None


class Policy(_Section, frozen=True):
    """`[policy]`: the rules of the house. Minutes and seconds as named; points are points.

    After `idle_minutes` without a key or the mouse the window locks itself. After `personal_data_days` without anything new
    the texts about a coupon are erased from the trail; 0 keeps them for ever.
    A request that nobody approved within `approval_hours` is refused. More cancellations of one customer's coupons within 30
    days of 24 hours than `customer_cancellations_per_30_days` need a second person; 0 sets no limit.
    """

    settle_seconds: Seconds = 5
    retire: Literal["delete-after-check", "keep", "delete-now"] = "delete-after-check"
    recheck_minutes: Annotated[list[Annotated[int, msgspec.Meta(ge=1)]], msgspec.Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: [15, 1440]
    )
    approval_above_points: Count = 5000
    approval_hours: Hours = 72
    daily_points_per_operator: Count = 50000
    customer_cancellations_per_30_days: Count = 3
    minimum_note_length: Annotated[int, msgspec.Meta(ge=1, le=500)] = 5
    idle_minutes: Annotated[int, msgspec.Meta(ge=1, le=240)] = 10
    personal_data_days: Count = 0


class RoleLimits(_Section, frozen=True):
    """`[limits.everybody]` and `[limits.ROLE]`: what one operator may return, and approve, without somebody else.

    Counted per operator, by day, week (from Monday) and month of the desk's own time zone. `approvable_points` is the largest
    single request that may be approved. A value that is left out is taken from `everybody`, and there means no limit; 0 leaves
    nothing to do alone.
    """

    points_per_day: Count | None = None
    points_per_week: Count | None = None
    points_per_month: Count | None = None
    cancellations_per_day: Count | None = None
    cancellations_per_week: Count | None = None
    cancellations_per_month: Count | None = None
    approvable_points: Count | None = None
    approved_points_per_day: Count | None = None

    def over(self, everybody: RoleLimits) -> RoleLimits:
        """A role's own values before everybody's."""
        own = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        return msgspec.structs.replace(everybody, **own)


class Limits(_Section, frozen=True):
    """`[limits.*]`: one table for everybody, and one for each role that may ask or approve. See `people.limits`."""

    everybody: RoleLimits = msgspec.field(default_factory=RoleLimits)
    clerk: RoleLimits = msgspec.field(default_factory=RoleLimits)
    manager: RoleLimits = msgspec.field(default_factory=RoleLimits)
    admin: RoleLimits = msgspec.field(default_factory=RoleLimits)


class Desk(_Section, frozen=True):
    """`[desk]`: how people work at the counter.

    A confirmed cancellation is held for `hold_seconds`, in which it can be stopped; 0 holds nothing. `scanner_prefix` and
    `scanner_suffix` are what a scanner puts before and behind a code; a carriage return is its Enter, and an empty suffix none.
    `note_phrases` are offered for every note before our own.
    """

    hold_seconds: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0
    scanner_prefix: Annotated[str, msgspec.Meta(max_length=16)] = ""
    scanner_suffix: Annotated[str, msgspec.Meta(max_length=4)] = "\r"
    note_phrases: list[Annotated[str, msgspec.Meta(min_length=1, max_length=200)]] = msgspec.field(default_factory=list)


class SignIn(_Section, frozen=True):
    """`[sign_in]`: with a PIN, with the company's account at an OpenID Connect provider, or as one likes.

    `roles` says which value of the claim at `role_claim` (dots lead into objects) makes whom; the first of the table counts.
    """

    kind: Literal["pin", "oidc", "both"] = "pin"
    issuer: Url | None = None
    client_id: str | None = None
    scopes: list[Text] = msgspec.field(default_factory=lambda: ["openid", "profile"])
    role_claim: Text = "groups"
    roles: dict[str, RoleCode] = msgspec.field(default_factory=dict)
    login_claim: Text = "preferred_username"
    name_claim: Text = "name"
    stores_claim: Text | None = None
    algorithms: Annotated[list[SignatureAlgorithm], msgspec.Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: ["RS256", "PS256", "ES256"]
    )
    prompt: Literal["login", "select_account", "none"] = "login"

    @property
    def has_company(self) -> bool:
        """Whether the company's account may be used."""
        return self.kind != "pin"


class Settings(_Section, frozen=True):
    """Everything that a home configures."""

    shop: Shop
    shopify: Shopify
    pos: Pos
    mail: Mail
    central: Central | None = None
    logs: Logs = msgspec.field(default_factory=Logs)
    policy: Policy = msgspec.field(default_factory=Policy)
    sign_in: SignIn = msgspec.field(default_factory=SignIn)
    limits: Limits = msgspec.field(default_factory=Limits)
    desk: Desk = msgspec.field(default_factory=Desk)
    receipts: Receipts = msgspec.field(default_factory=Receipts)


def load(file: Path) -> Settings:
    """The settings in a file. Raises ConfigurationError that names the file, and the line or the key and what was expected."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise ConfigurationError(
            msg("There is no configuration yet: {file} does not exist.", file=str(file)),
            todo=msg("Open Coupon Desk to set up the shop, or try “coupon-desk demo”."),
        ) from missing
    except (OSError, UnicodeDecodeError) as unreadable:
        raise ConfigurationError(
            msg("The configuration {file} cannot be read.", file=str(file)), detail=str(unreadable)
        ) from unreadable
    return parse(text, file)


def parse(text: str, file: Path) -> Settings:
    """The settings in a text; `file` is named in errors. Raises ConfigurationError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise _refused(file, str(wrong)) from wrong
    return of_table(table, file)


def of_table(table: Mapping[str, Any], file: Path) -> Settings:
    """The settings in the tables of a file; `file` is named in errors. Raises ConfigurationError."""
    _refuse_secrets(table, file, ())
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as wrong:
        raise _refused(file, str(wrong)) from wrong
    _refuse_contradictions(settings, file)
    return settings


def _refuse_contradictions(settings: Settings, file: Path) -> None:
    if settings.mail.security == "none" and settings.mail.host not in {"127.0.0.1", "localhost", "::1"}:
        raise _refused(file, 'Expected "starttls" or "tls" off this computer - at `$.mail.security`')
    for day, told in (settings.shop.opening_hours or {}).items():
        try:
            OpeningHours.parse({day: told})
        except ValueError as wrong:
            raise _refused(file, f"{wrong} - at `$.shop.opening_hours.{day}`") from wrong
    collector = settings.logs.otlp_endpoint or ""
    if urlsplit(collector).username is not None:
        raise _secret(file, ("logs", "otlp_endpoint"))
    for url, key in (
        (settings.shopify.url, "shopify.endpoint"),
        (settings.pos.endpoint, "pos.endpoint"),
        (collector, "logs.otlp_endpoint"),
        (settings.sign_in.issuer or "", "sign_in.issuer"),
    ):
        if url.startswith("http://") and not is_on_this_computer(url):
            raise _refused(file, f"Expected https:// off this computer - at `$.{key}`")
    if settings.shopify.auth == "client_credentials" and not settings.shopify.client_id:
        raise _refused(file, 'Expected `str`, for auth = "client_credentials" - at `$.shopify.client_id`')
    _refuse_half_a_provider(settings.sign_in, file)
    if settings.central is not None:
        try:
            PostgresAddress.parse(settings.central.url)
        except ValueError as wrong:
            raise _refused(file, f"{wrong} - at `$.central.url`") from wrong
    _refuse_contradictory_limits(settings.limits, file)


_NOT_MORE_THAN: Final = (
    ("points_per_day", "points_per_week"),
    ("points_per_day", "points_per_month"),
    ("points_per_week", "points_per_month"),
    ("cancellations_per_day", "cancellations_per_week"),
    ("cancellations_per_day", "cancellations_per_month"),
    ("cancellations_per_week", "cancellations_per_month"),
    ("approvable_points", "approved_points_per_day"),
)


def _refuse_contradictory_limits(limits: Limits, file: Path) -> None:
    """A shorter time may not allow more than a longer one, also where one of the two is everybody's."""
    for name in limits.__struct_fields__:
        table = getattr(limits, name)
        merged = table.over(limits.everybody)
        for less, more in _NOT_MORE_THAN:
            small, large = getattr(merged, less), getattr(merged, more)
            if small is not None and large is not None and small > large:
                key = less if getattr(table, less) is not None else more
                raise _refused(file, f"{less} = {small} is more than {more} = {large} - at `$.limits.{name}.{key}`")


def _refuse_half_a_provider(sign_in: SignIn, file: Path) -> None:
    if not sign_in.has_company:
        return
    for name in ("issuer", "client_id", "roles"):
        if not getattr(sign_in, name):
            raise _refused(file, f'Expected `{name}`, for kind = "{sign_in.kind}" - at `$.sign_in.{name}`')
    if "openid" not in sign_in.scopes:
        raise _refused(file, 'Expected "openid" among the scopes - at `$.sign_in.scopes`')


def is_on_this_computer(url: str) -> bool:
    """Whether an address is that of a loopback interface, where no encryption is asked for."""
    return _LOOPBACK.match(url) is not None


def _refuse_secrets(table: object, file: Path, path: tuple[str, ...]) -> None:
    if isinstance(table, dict):
        for key, value in table.items():
            may_be_named_so = key in _NOT_SECRETS or path == _GROUPS
            if isinstance(value, str) and not may_be_named_so and _SECRET_NAME.search(key):
                raise _secret(file, (*path, key))
            _refuse_secrets(value, file, (*path, key))
    elif isinstance(table, str) and _SECRET_VALUE.search(table):
        raise _secret(file, path)


def _secret(file: Path, path: tuple[str, ...]) -> ConfigurationError:
    return ConfigurationError(
        msg("The configuration {file} holds a secret at {key}; it was not used.", file=str(file), key=".".join(path)),
        todo=msg("Take it out of the file and store it with “coupon-desk secrets set NAME”."),
    )


def _refused(file: Path, why: str) -> WrongSetting:
    place = _PLACE.search(why)
    missing = _MISSING.search(why)
    return WrongSetting(
        msg("The configuration {file} is wrong: {why}", file=str(file), why=why.replace("`$.", "`").replace("`$`", "the file")),
        ".".join(part for part in (place[1] if place else "", missing[1] if missing else "") if part),
    )
