"""`config.toml`: what is accepted, and what is refused with file, line or key, and what was expected."""

from pathlib import Path

import pytest

from coupon_desk.errors import ConfigurationError, ExitStatus
from coupon_desk.opening_hours import OpeningHours
from coupon_desk.receipt_settings import NetworkPrinter, QueuePrinter, Receipts, ReceiptTexts, SerialPrinter, UsbPrinter
from coupon_desk.settings import Desk, load, parse
from coupon_desk.words import Language

FILE = Path("config.toml")
GOOD = """
[shop]
name = "Ginza store"
language = "ja"
currency = "JPY"
points_per_unit = 1

[shopify]
domain = "example.myshopify.com"
api_version = "2026-10"
auth = "token"
coupon_metafield = "loyalty.coupons"

[pos]
kind = "rest"
endpoint = "https://pos.example.com/api"

[mail]
host = "smtp.example.com"
port = 587
security = "starttls"
username = "desk"
sender = "Ginza store <points@example.com>"

[central]
url = "postgresql+psycopg://desk@db.example.com/coupons"
required = false

[logs]
otlp_endpoint = "https://collector.example.com:4318"

[policy]
settle_seconds = 5
retire = "delete-after-check"
recheck_minutes = [15, 1440]
approval_above_points = 5000
daily_points_per_operator = 50000
minimum_note_length = 5
approval_hours = 72
customer_cancellations_per_30_days = 3

[limits.everybody]
points_per_week = 100000
approvable_points = 20000

[limits.clerk]
cancellations_per_day = 10
"""


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        parse(text, FILE)
    assert refused.value.exit_status is ExitStatus.USAGE
    told = refused.value.sentences(Language.EN)
    assert "config.toml" in told
    return told


def test_the_example_of_the_interface_is_accepted() -> None:
    settings = parse(GOOD, FILE)
    assert settings.shopify.url == "https://example.myshopify.com"
    assert settings.policy.recheck_minutes == [15, 1440]
    assert settings.shop.language is Language.JA
    assert settings.central is not None


def test_a_collector_on_this_computer_needs_no_certificate() -> None:
    text = GOOD.replace("https://collector.example.com:4318", "http://127.0.0.1:4318")
    assert parse(text, FILE).logs.otlp_endpoint == "http://127.0.0.1:4318"
    assert parse(GOOD.split("[central]", maxsplit=1)[0], FILE).logs.otlp_endpoint is None


def test_central_and_policy_may_be_left_out() -> None:
    settings = parse(GOOD.split("[central]", maxsplit=1)[0], FILE)
    assert settings.central is None
    assert settings.policy.retire == "delete-after-check"


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ('name = "Ginza store"', 'nam = "Ginza store"', "nam"),
        ("points_per_unit = 1", "points_per_unit = 0", "shop.points_per_unit"),
        ("points_per_unit = 1", 'points_per_unit = "1"', "Expected `int`"),
        ('language = "ja"', 'language = "fr"', "shop.language"),
        ('currency = "JPY"', 'currency = "yen"', "shop.currency"),
        ('currency = "JPY"', 'opening_hours = {mon = "10-20"}', '"closed" - at `shop.opening_hours.mon`'),
        ('currency = "JPY"', 'opening_hours = {monday = "closed"}', "monday"),
        ("settle_seconds = 5", "settle_seconds = -1", "policy.settle_seconds"),
        ('retire = "delete-after-check"', 'retire = "burn"', "policy.retire"),
        ("recheck_minutes = [15, 1440]", 'recheck_minutes = ["soon"]', "policy.recheck_minutes"),
        ('auth = "token"', 'auth = "magic"', "shopify.auth"),
        ('auth = "token"', 'auth = "client_credentials"', "shopify.client_id"),
        ('kind = "rest"', 'kind = "loyverse"', "pos.kind"),
        ('endpoint = "https://pos.example.com/api"', 'endpoint = "http://pos.example.com/api"', "pos.endpoint"),
        ('endpoint = "https://pos.example.com/api"', 'endpoint = "pos.example.com"', "pos.endpoint"),
        ('security = "starttls"', 'security = "none"', "mail.security"),
        ("port = 587", "port = 99999", "mail.port"),
        ('coupon_metafield = "loyalty.coupons"', 'coupon_metafield = "coupons"', "shopify.coupon_metafield"),
        ('otlp_endpoint = "https:', 'otlp_endpoint = "http:', "logs.otlp_endpoint"),
        ('otlp_endpoint = "https://', 'otlp_endpoint = "', "logs.otlp_endpoint"),
        ("otlp_endpoint", "otlp", "otlp"),
        ("db.example.com/coupons", "db.example.com/coupons?sslmode=prefer", "central.url"),
        ("db.example.com/coupons", "127.0.0.1,db.example.com/coupons?sslmode=disable", "central.url"),
        ("desk@db.example.com/coupons", "desk@/coupons", "?host=/FOLDER"),
        ("db.example.com/coupons", "db.example.com/coupons?passfile=/tmp/x", "sslrootcert"),
        ("postgresql+psycopg://", "mysql://", "postgresql://USER@HOST/DATABASE"),
        ("[policy]", "[policies]", "policies"),
        ("approval_hours = 72", "approval_hours = 0", "policy.approval_hours"),
        ("customer_cancellations_per_30_days = 3", "customer_cancellations_per_30_days = -1", "policy.customer_cancellations"),
        ("[limits.clerk]", "[limits.viewer]", "viewer"),
        ("cancellations_per_day = 10", "cancellations_per_hour = 10", "cancellations_per_hour"),
        ("cancellations_per_day = 10", "points_per_day = 100001", "limits.clerk.points_per_day"),
        ("points_per_week = 100000", "points_per_week = 9\npoints_per_month = 8", "limits.everybody.points_per_week"),
        ("cancellations_per_day = 10", "approved_points_per_day = 19999", "limits.clerk.approved_points_per_day"),
        ("required = false", "required = maybe", "line 27"),
    ],
)
def test_what_is_wrong_is_named_by_key_or_line(good: str, bad: str, told: str) -> None:
    assert good in GOOD
    assert told in refusal(GOOD.replace(good, bad))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('auth = "token"', 'auth = "token"\ntoken = "abc"'),
        ('username = "desk"', 'username = "desk"\npassword = "hunter2"'),
        ('host = "smtp.example.com"', 'host = "shpat_0123456789abcdef0123456789abcdef"'),
        ("desk@db.example.com", "desk:hunter2@db.example.com"),
        ("https://collector.example.com", "https://hunter2@collector.example.com"),
        ("https://collector.example.com", "https://collector.example.com/?token=hunter2"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(good: str, bad: str) -> None:
    told = refusal(GOOD.replace(good, bad))
    assert "secrets set" in told
    assert "hunter2" not in told
    assert "shpat_" not in told


def test_a_missing_file_and_an_unreadable_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as missing:
        load(tmp_path / "config.toml")
    assert "demo" in str(missing.value.todo)
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError) as unreadable:
        load(tmp_path / "config.toml")
    assert "cannot be read" in str(unreadable.value.what)


def test_a_role_has_its_own_limits_before_everybodys() -> None:
    limits = parse(GOOD, FILE).limits
    clerk = limits.clerk.over(limits.everybody)
    assert (clerk.points_per_week, clerk.cancellations_per_day, clerk.points_per_day) == (100_000, 10, None)
    assert limits.manager.over(limits.everybody) == limits.everybody


COMPANY = """
[sign_in]
kind = "both"
issuer = "https://id.example.com/realms/shop"
client_id = "coupon-desk"
role_claim = "realm_access.roles"

[sign_in.roles]
"shopping-managers" = "manager"
"tokens-and-passwords" = "admin"
"""


def test_a_company_account_is_configured_with_the_roles_of_its_groups_whatever_they_are_called() -> None:
    settings = parse(GOOD + COMPANY, FILE)
    assert settings.sign_in.has_company
    assert list(settings.sign_in.roles.items()) == [("shopping-managers", "manager"), ("tokens-and-passwords", "admin")]
    assert not parse(GOOD, FILE).sign_in.has_company


def test_a_shop_says_when_it_is_open_day_by_day() -> None:
    told = 'opening_hours = {mon = "10:00-13:00, 14:00-20:00", sun = "closed"}\ncurrency = "JPY"'
    hours = parse(GOOD.replace('currency = "JPY"', told), FILE).shop.hours
    assert hours == OpeningHours.parse({"mon": "10:00-13:00, 14:00-20:00", "sun": "closed"})
    assert parse(GOOD, FILE).shop.hours is None


def test_a_desk_says_how_its_scanner_and_its_people_work() -> None:
    assert parse(GOOD, FILE).desk == Desk(hold_seconds=0, scanner_prefix="", scanner_suffix="\r", note_phrases=[])
    told = '[desk]\nhold_seconds = 5\nscanner_prefix = "\\u0002"\nscanner_suffix = "\\t"\nnote_phrases = ["Seen by me."]\n'
    assert parse(GOOD + told, FILE).desk == Desk(
        hold_seconds=5, scanner_prefix="\x02", scanner_suffix="\t", note_phrases=["Seen by me."]
    )
    assert "`desk.hold_seconds`" in refusal(GOOD + "[desk]\nhold_seconds = 61\n")
    assert "`desk.note_phrases[0]`" in refusal(GOOD + '[desk]\nnote_phrases = [""]\n')


RECEIPTS = """
[receipts]
width = "80mm"
printer = "Counter"
logo = "logo.png"
texts.ja.header = ["銀座1-2-3"]
texts.en.footer = ["See you again."]

[receipts.printers]
Counter = {connection = "network", host = "192.0.2.9"}
Till = {connection = "usb", vendor = 0x04b8, product = 0x0e15, width = "58mm"}
Stall = {connection = "serial", device = "/dev/rfcomm0", baud = 115200}
Office = {connection = "queue", queue = "TM-T20"}
"""


def test_a_shop_says_what_its_receipts_bear_and_where_they_come_out() -> None:
    assert parse(GOOD, FILE).receipts == Receipts()
    receipts = parse(GOOD + RECEIPTS, FILE).receipts
    assert (receipts.width, receipts.printer, receipts.logo) == ("80mm", "Counter", "logo.png")
    assert receipts.texts_in(Language.EN) == ReceiptTexts(footer=["See you again."])
    assert receipts.printers == {
        "Counter": NetworkPrinter(host="192.0.2.9", port=9100, width="80mm"),
        "Till": UsbPrinter(vendor=0x04B8, product=0x0E15, width="58mm"),
        "Stall": SerialPrinter(device="/dev/rfcomm0", baud=115200),
        "Office": QueuePrinter(queue="TM-T20"),
    }


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ('width = "80mm"', 'width = "72mm"', "receipts.width"),
        ('connection = "network"', 'connection = "telnet"', "telnet"),
        ('host = "192.0.2.9"', 'host = "192.0.2.9", port = 0', "port"),
        (", product = 0x0e15", "", "product"),
        ("texts.ja.header", "texts.fr.header", "receipts.texts"),
        ('logo = "logo.png"', 'logos = "logo.png"', "logos"),
    ],
)
def test_a_printer_that_cannot_be_is_named(good: str, bad: str, told: str) -> None:
    assert told in refusal(GOOD + RECEIPTS.replace(good, bad, 1))


def test_a_desk_names_its_store_and_when_it_locks() -> None:
    settings = parse(GOOD.replace("[policy]", "[policy]\nidle_minutes = 3").replace("[shop]", '[shop]\nstore = "Ginza"'), FILE)
    assert (settings.shop.store, settings.policy.idle_minutes) == ("Ginza", 3)
    assert (parse(GOOD, FILE).shop.store, parse(GOOD, FILE).policy.idle_minutes) == (None, 10)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (COMPANY.replace("https://id", "http://id"), "sign_in.issuer"),
        (COMPANY.replace('client_id = "coupon-desk"', ""), "sign_in.client_id"),
        (COMPANY.partition("[sign_in.roles]")[0], "sign_in.roles"),
        (COMPANY.replace('"manager"', '"boss"'), "sign_in.roles"),
        (COMPANY.replace('kind = "both"', 'kind = "both"\nscopes = ["profile"]'), "sign_in.scopes"),
        (COMPANY.replace('kind = "both"', 'kind = "both"\nalgorithms = ["none"]'), "sign_in.algorithms"),
        (COMPANY.replace('kind = "both"', 'kind = "both"\nalgorithms = ["HS256"]'), "sign_in.algorithms"),
        (COMPANY.replace('kind = "both"', 'kind = "both"\nclient_secret = "x"'), "sign_in.client_secret"),
    ],
)
def test_a_company_account_that_is_not_safe_or_not_whole_is_refused(wrong: str, told: str) -> None:
    assert told in refusal(GOOD + wrong)
