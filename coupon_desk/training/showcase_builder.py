"""Puts the special coupons into a new shop."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from coupon_desk.training.ledger import entries
from coupon_desk.training.showcase import Showcase, Specimen
from coupon_desk.training.things import Customer, Discount, DiscountKind, Order, RedeemCode, when, whole
from coupon_desk.training.world import World

_CUSTOMERS: Final = 7_812_190_000_000
_DISCOUNTS: Final = 1_468_900_000_000
_CODES: Final = 21_990_100_000_000
_ORDERS: Final = 6_190_400_000_000


def build_showcase(world: World) -> Showcase:
    """Put every special coupon into the world and say where they are."""
    shelf = _Builder(world)
    put = shelf.put
    used = _Story(used_days=6, total=8640)
    late = replace(used, used_days=0.013, counted_in_hours=1, total=6380)
    return Showcase(
        example=put("70934-AB12CD-500", _person("花子", "佐藤", "ja", "hanako.sato", "Hanako Sato"), _Story(
            entry_extra={"campaign": "2026-autumn"}, top_extra={"tier": "gold"}, wrapped=True)),
        used=put("28417-K7PM3X-1000", _person("大輔", "鈴木", "ja", "daisuke.suzuki"), used),
        used_order_cancelled=put("53120-R4TT9W-800", _person("美咲", "田中", "ja", "misaki.tanaka"), replace(
            used, order_cancelled_days=2, total=12980)),
        used_second_code=put("90266-H2VQ8N-500", _person("Sophia", "Nguyen", "en", "sophia.nguyen"), replace(
            late, first_code="WELCOME10", record_status="active")),
        expired=put("16785-Z9LD4B-300", _person("健太", "高橋", "ja", "kenta.takahashi"), _Story(issued_days=200)),
        scheduled=put("44902-M3XC7F-1500", _person("由紀", "渡辺", "ja", "yuki.watanabe"), _Story(
            issued_days=3, starts_in_days=12)),
        cancelled=put("67031-P8SN5J-500", _person("James", "Carter", "en", "james.carter"), _Story(
            cancelled_days=9, returned=True)),
        several_codes=put("35578-B6WK2T-500", _person("真由美", "小林", "ja", "mayumi.kobayashi"), _Story(
            more_codes=("35578-C1RF8Y-500", "35578-D5GH3M-500"))),
        several_codes_sibling=shelf.sibling("35578-C1RF8Y-500", "35578-B6WK2T-500"),
        free_shipping=put("71449-F8QE6A-800", _person("Léa", "Moreau", "fr", "lea.moreau"), _Story(
            kind=DiscountKind.FREE_SHIPPING)),
        percentage=put("20853-T4JY9C-1000", _person("拓也", "吉田", "ja", "takuya.yoshida"), _Story(percentage=0.1)),
        unrestricted=put("59316-N7DZ3P-500", _person("香織", "山田", "ja", "kaori.yamada"), _Story(anybody=True)),
        record_wrapped=put("83640-G5BX1R-2000", _person("Daniel", "Schmidt", "de", "daniel.schmidt"), _Story(wrapped=True)),
        record_list=put("12974-Y2HM6S-500", _person("怡君", "陳", "zh-TW", "yichun.chen"), _Story()),
        no_record=put("48205-Q9CT4V-300", _person("誠", "山本", "ja", "makoto.yamamoto"), _Story(record=False)),
        conversion_missing=put("95561-W3KF7L-1000", _person("千尋", "中村", "ja", "chihiro.nakamura"), _Story(conversion=None)),
        conversion_differs=put("37128-X6RN2D-1000", _person("和也", "加藤", "ja", "kazuya.kato"), _Story(conversion=800)),
        already_returned=put("64893-J1VP8H-500", _person("Grace", "Kim", "en", "grace.kim"), _Story(returned=True)),
        unknown_at_pos=put("21307-S5YL9E-500", _person("Mateo", "García", "es", "mateo.garcia"), _Story(at_pos=False)),
        mapped_pos_id=put("76452-D8ZG3K-800", _person("直美", "井上", "ja", "naomi.inoue"), _Story(pos_id="GZ-0004821")),
        no_email=put("50819-C4MW7Q-500", _person("恵子", "松本", "ja", None), _Story()),
        english_customer=put("88230-L6TB5X-1000", _person("Emma", "Thompson", "en", "emma.thompson"), _Story()),
        expiring_soon=put("33764-V9EJ2G-1500", _person("蓮", "木村", "ja", "ren.kimura"), _Story(issued_days=176)),
        buy_x_get_y=put("19097-A7SH4Z-500", _person("Giulia", "Rossi", "it", "giulia.rossi"), _Story(kind=DiscountKind.BXGY)),
        app_discount=put("62584-E3NR8W-300", _person("亮", "清水", "ja", "ryo.shimizu"), _Story(kind=DiscountKind.APP)),
        used_partly_refunded=put("41562-U7FD4K-1000", _person("翔太", "森", "ja", "shota.mori"), replace(
            used, used_days=5, order_cancelled_days=1, total=9600, refunded=3400)),
        used_two_codes=put("57389-W2JX6T-500", _person("Olivia", "Martin", "en", "olivia.martin"), replace(
            used, used_days=4, order_cancelled_days=3, total=7000, refunded=3500, second_coupon="57389-K9SB3M-1500")),
        used_two_codes_other=shelf.made("57389-K9SB3M-1500"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Person:
    first: str
    last: str
    locale: str
    email: str | None
    note: str | None


def _person(first: str, last: str, locale: str, email: str | None, note: str | None = None) -> _Person:
    return _Person(first, last, locale, None if email is None else f"{email}@example.com", note)


@dataclass(frozen=True, slots=True)
class _Story:
    """How a special coupon differs from an unused one that is in order. Days count back from when the shop opened."""

    issued_days: float = 34.2
    valid_days: float = 180
    starts_in_days: float | None = None
    used_days: float | None = None
    counted_in_hours: float | None = None
    total: int = 0
    first_code: str | None = None
    second_coupon: str | None = None
    order_cancelled_days: float | None = None
    refunded: int | None = None
    cancelled_days: float | None = None
    kind: DiscountKind = DiscountKind.BASIC
    percentage: float | None = None
    anybody: bool = False
    more_codes: tuple[str, ...] = ()
    record: bool = True
    record_status: str | None = None
    wrapped: bool = False
    entry_extra: dict[str, Any] = field(default_factory=dict)
    top_extra: dict[str, Any] = field(default_factory=dict)
    conversion: int | None = -1
    returned: bool = False
    at_pos: bool = True
    pos_id: str | None = None


class _Builder:
    def __init__(self, world: World) -> None:
        self._world = world
        self._opened_at = whole(world.opened_at)
        self._made: dict[str, Specimen] = {}

    def put(self, code: str, person: _Person, story: _Story) -> Specimen:
        """Put one special coupon, its customer and all that belongs to them into the shop."""
        place = len(self._made)
        points = int(code.rsplit("-", 1)[1])
        story = replace(story, conversion=points) if story.conversion == -1 else story
        customer = self._customer(code, person, place)
        # Each was issued at another time of another day, so that a list of them looks like a shop's.
        issued_at = (
            self._opened_at - timedelta(days=story.issued_days) - timedelta(hours=7 * place % 90, minutes=13 * place % 60)
        )
        discount = self._discount(code, customer, points, issued_at, place, story)
        order = self._order(code, customer, points, place, story)
        coupons = [(discount, points)]
        specimen = self._made[code] = Specimen(code, discount.id, customer.id, points, order)
        second = story.second_coupon
        if second is not None:
            worth = int(second.rsplit("-", 1)[1])
            beside = self._discount(second, customer, worth, issued_at, place + 1, story)
            coupons.append((beside, worth))
            self._made[second] = Specimen(second, beside.id, customer.id, worth, order)
        if story.record:
            self._record(customer, coupons, issued_at, story)
        self._history(customer, code, points, issued_at, place, story)
        return specimen

    def made(self, code: str) -> Specimen:
        """A coupon that was put there together with another."""
        return self._made[code]

    def sibling(self, code: str, first: str) -> Specimen:
        """Another code of the same discount."""
        return replace(self._made[first], code=code)

    def _ago(self, days: float | None) -> datetime | None:
        return None if days is None else self._opened_at - timedelta(days=days)

    def _customer(self, code: str, person: _Person, place: int) -> Customer:
        digits = int(code.partition("-")[0])
        number = _CUSTOMERS + (place * 37 % 890 + 10) * 100_000 + digits
        created_at = self._opened_at - timedelta(days=420 + 31 * place)
        phone = f"+8190{5550_0000 + 137 * place}" if person.locale == "ja" else None
        customer = Customer(
            number, person.first, person.last, person.locale, person.email, phone, created_at, created_at, person.note
        )
        self._world.put_customer(customer, always=True)
        return customer

    def _discount(self, code: str, customer: Customer, points: int, issued_at: datetime, place: int, story: _Story) -> Discount:
        used_at, cancelled_at = self._ago(story.used_days), self._ago(story.cancelled_days)
        starts_at = issued_at if story.starts_in_days is None else self._opened_at + timedelta(days=story.starts_in_days)
        texts = (code, *story.more_codes)
        counted_at = used_at
        if story.counted_in_hours is not None:
            counted_at = self._opened_at + timedelta(hours=story.counted_in_hours)
        codes = tuple(
            RedeemCode(_CODES + 1000 * place + nth, text, (counted_at,) if counted_at is not None and nth == 0 else ())
            for nth, text in enumerate(texts)
        )
        has_amount = story.kind is DiscountKind.BASIC and story.percentage is None
        discount = Discount(
            number=_DISCOUNTS + 32_771 * place,
            title=code if not story.more_codes else f"{code} +{len(story.more_codes)}",
            codes=codes,
            starts_at=starts_at,
            ends_at=cancelled_at or starts_at + timedelta(days=story.valid_days),
            created_at=issued_at,
            updated_at=cancelled_at or issued_at,
            kind=story.kind,
            amount=points if has_amount else None,
            percentage=story.percentage,
            customer_numbers=None if story.anybody else (customer.number,),
        )
        self._world.put_discount(discount, always=True)
        return discount

    def _order(self, code: str, customer: Customer, points: int, place: int, story: _Story) -> str | None:
        used_at, cancelled_at = self._ago(story.used_days), self._ago(story.order_cancelled_days)
        if used_at is None:
            return None
        name = f"#{self._world.next_order_name}"
        self._world.next_order_name += 1
        codes = tuple(one for one in (story.first_code, code, story.second_coupon) if one is not None)
        refunded = 0 if cancelled_at is None else story.total if story.refunded is None else story.refunded
        order = Order(
            _ORDERS + 32_771 * place, name, used_at, cancelled_at or used_at, codes, customer.number, story.total, points,
            cancelled_at, None if cancelled_at is None else "CUSTOMER", _status_of_payment(story.total, refunded),
            refunded=refunded,
        )  # fmt: skip
        self._world.put_order(order, always=True)
        return name

    def _record(self, customer: Customer, coupons: list[tuple[Discount, int]], issued_at: datetime, story: _Story) -> None:
        used_at, cancelled_at = self._ago(story.used_days), self._ago(story.cancelled_days)
        status = "used" if used_at is not None else "cancelled" if cancelled_at is not None else "active"
        record_entries = []
        for discount, points, code in ((*coupon, code) for coupon in coupons for code in coupon[0].codes):
            entry: dict[str, Any] = {
                "code": code.code,
                "discount_id": discount.id,
                "points": points,
                "amount": points,
                "status": story.record_status or status,
                "issued_at": when(issued_at),
                "expires_at": when(discount.starts_at + timedelta(days=story.valid_days)),
                **story.entry_extra,
            }
            if used_at is not None and entry["status"] == "used":
                entry["used_at"] = when(used_at)
            if cancelled_at is not None:
                entry |= {"cancelled_at": when(cancelled_at), "cancelled_by": "Yamada", "reason": "customer_request"}
            record_entries.append(entry)
        value = {**story.top_extra, "coupons": record_entries} if story.wrapped else record_entries
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        written_at = used_at or cancelled_at or issued_at
        self._world.put_metafield(customer.number, "loyalty", "coupons", "json", text, always_since=written_at)

    def _history(self, customer: Customer, code: str, points: int, issued_at: datetime, place: int, story: _Story) -> None:
        account = story.pos_id or str(customer.number)
        if story.pos_id is not None:
            self._world.put_metafield(
                customer.number, "loyalty", "pos_customer_id", "single_line_text_field", story.pos_id,
                always_since=customer.created_at,
            )  # fmt: skip
        if not story.at_pos:
            self._world.ledger.put(account, None)
            return
        texts = (code, *story.more_codes)
        costs = [(text, story.conversion) for text in texts if story.conversion is not None]
        second = story.second_coupon
        if second is not None:
            costs.append((second, int(second.rsplit("-", 1)[1])))
        earned = max(points * len(texts), sum(cost for _, cost in costs))
        moves: list[tuple[datetime, int, str, str | None]] = [
            (customer.created_at, 300, "Welcome points", None),
            (issued_at - timedelta(days=61), 310 * len(texts) + place * 173 % 1190, "Purchase", None),
            (issued_at - timedelta(days=12), earned, "Purchase", None),
            (issued_at + timedelta(days=1.5), 120, "Purchase", None),
        ]
        for nth, (text, cost) in enumerate(costs):
            at = issued_at + timedelta(minutes=nth)
            moves.append((at, -cost, "Converted into a coupon", f"COUPON-{text}"))
        if story.returned:
            at = self._ago(story.cancelled_days) or self._opened_at - timedelta(days=4)
            moves.append((at, points, "Coupon cancelled", f"COUPON-{code}"))
        self._world.ledger.put(account, entries(account, moves))


def _status_of_payment(total: int, refunded: int) -> str:
    """Shopify's word for an order that was paid, and of which so much was refunded."""
    if refunded == 0:
        return "PAID"
    return "REFUNDED" if refunded == total else "PARTIALLY_REFUNDED"
