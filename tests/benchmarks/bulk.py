"""Many coupons at once: what each costs of Shopify's bucket, against one by one, and how much of the bucket's rate is used.

What is asked and written is what a cancellation asks and writes (cancellation/gathering, step_claim, step_invalidate,
step_update_record), without the settling and without the point system, so that the bucket alone is what everybody waits for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from coupon_desk.cancellation.ports import Shop
from coupon_desk.clock import SystemClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Claim, DiscountSeen, OrdersSeen, RecordSeen
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.record import MarkCancelled, PutClaim, RecordChange
from coupon_desk.errors import StaleRecord
from coupon_desk.settings import Shopify
from coupon_desk.shopify.client import BACKGROUND_KEEPS_FREE, ShopifyClient
from coupon_desk.shopify.combined import combined_shop
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.shopify.writes import JOB_STATE
from coupon_desk.training.generated import Fate, Generated
from coupon_desk.training.options import Options
from coupon_desk.training.shop import TrainingShop
from coupon_desk.training.showcase import SHOWCASE_DISCOUNTS
from tests.benchmarks.figures import Figure, at_most, ratio_at_least, ratio_at_most
from tests.benchmarks.scale import Scale

ROUND_TRIP_SECONDS = 0.1
WORKERS = 100
RESTORE_POINTS_PER_SECOND = 100
"""The standard plan's (facts: Shopify §4)."""

SEED = 7
COUPONS = 20_000
CLOCK = SystemClock()


@dataclass(frozen=True)
class Coupon:
    code: CouponCode
    customer_id: str


@dataclass(frozen=True)
class Spent:
    """What a number of coupons cost: points, seconds, and requests that were THROTTLED.

    `busy_points` and `busy_seconds` are those until the last coupon was begun: afterwards fewer and fewer threads have work.
    """

    points: float
    seconds: float
    throttled: int
    busy_points: float
    busy_seconds: float


def figures(scale: Scale) -> Iterator[Figure]:
    is_whole = scale.bulk >= 1000
    plan = Plan() if is_whole else Plan(workers=10, restore=20 * RESTORE_POINTS_PER_SECOND, latency_seconds=0.0)
    count, few = (scale.bulk, 30) if is_whole else (8, 2)
    alone = one_by_one(few).points / few
    bulk = together(count, plan)
    shared = together(count, replace(plan, beside=is_whole))
    dearest = together(count, replace(plan, charges_each_node=True, restore=10 * plan.restore))
    each, dearest_each = bulk.points / count, dearest.points / count
    restored = "what the bucket restores until the last is begun"
    yield Figure("points per coupon", each, alone, "points", "one by one", ratio_at_most(0.2))
    yield Figure("points per coupon, were each node of a list charged", dearest_each, alone, "points", "one by one")
    for name, run in (("share of the bucket's rate", bulk), ("share of the rate, with another desk", shared)):
        yield Figure(name, run.busy_points, run.busy_seconds * plan.restore, "points", restored, ratio_at_least(0.95))
    throttled = bulk.throttled + shared.throttled + dearest.throttled
    yield Figure("requests that were THROTTLED", throttled, 1, "requests", "one would be too many", at_most(0))
    yield Figure(
        "coupons per second", count / bulk.seconds, plan.restore / alone, "coupons/s", "one by one at that rate",
        more_is_better=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """How a bulk is measured: threads, what the bucket restores a second, the round trip, another desk at its counter."""

    workers: int = WORKERS
    restore: float = RESTORE_POINTS_PER_SECOND
    latency_seconds: float = ROUND_TRIP_SECONDS
    charges_each_node: bool = False
    beside: bool = False

    @property
    def options(self) -> Options:
        return Options(
            restore_points_per_second=self.restore,
            latency_seconds=self.latency_seconds,
            charges_each_node=self.charges_each_node,
        )


def one_by_one(count: int) -> Spent:
    with TrainingShop.start(coupons=COUPONS, seed=SEED) as world, client_of(world) as client:
        shop = ShopifyShop(client, CLOCK)

        def work(begins: Callable[[], None]) -> None:
            for coupon in coupons(count):
                begins()
                cancel(shop, coupon)

        return spent(world, work)


def together(count: int, plan: Plan) -> Spent:
    """So many coupons on so many threads.

    At first the bucket holds no more than what work in the background leaves to others: all that is used is restored meanwhile.
    """
    with TrainingShop.start(coupons=COUPONS, seed=SEED, options=plan.options) as world, client_of(world) as client:
        world.bucket.drain(left=BACKGROUND_KEEPS_FREE * plan.options.bucket_points)
        client.read(JOB_STATE, {"id": "gid://shopify/Job/1"})  # tells the desk how the bucket stands, as any call before does
        with (
            another_desk(world, at_work=plan.beside),
            combined_shop(client, CLOCK) as shop,
            ThreadPoolExecutor(plan.workers) as threads,
            ThreadPoolExecutor(3 * plan.workers) as readers,
        ):

            def work(begins: Callable[[], None]) -> None:
                def one(coupon: Coupon) -> None:
                    begins()
                    cancel(shop, coupon, readers)

                list(threads.map(one, coupons(count)))

            return spent(world, work)


def spent(world: TrainingShop, work: Callable[[Callable[[], None]], object]) -> Spent:
    """Measure what the work takes; it tells of each coupon that it begins it."""
    bucket = world.bucket
    begun: list[tuple[float, float]] = []
    points, throttled, start = bucket.spent, bucket.refusals, time.perf_counter()
    work(lambda: begun.append((bucket.spent - points, time.perf_counter() - start)))
    seconds = time.perf_counter() - start
    return Spent(bucket.spent - points, seconds, bucket.refusals - throttled, *begun[-1])


def cancel(shop: Shop, coupon: Coupon, readers: ThreadPoolExecutor | None = None) -> None:
    """What a cancellation asks of Shopify and writes there, its reads at once where there are threads for them."""
    discount, record = look(shop, coupon, readers)
    write(shop, coupon, record, PutClaim(Claim(f"bench-{coupon.code}", "mika", CLOCK.now())))
    shop.send(shop.prepare_deactivation(discount))
    _, record = look(shop, coupon, readers, discount)
    write(shop, coupon, record, MarkCancelled(CLOCK.now(), "mika", Reason.CUSTOMER_REQUEST, coupon.code.points))


def look(
    shop: Shop, coupon: Coupon, readers: ThreadPoolExecutor | None, seen: DiscountSeen | None = None
) -> tuple[DiscountSeen, RecordSeen]:
    """The discount by its code, or again by its id, the record and the orders."""
    since = seen.created_at if seen is not None else None
    asks: tuple[Callable[[], object], ...] = (
        (lambda: shop.read_discount_by_id(seen.id, coupon.code))
        if seen is not None
        else lambda: shop.read_discount(coupon.code),
        lambda: shop.read_record(coupon.customer_id, coupon.code),
        lambda: shop.find_orders(coupon.code, coupon.customer_id, since),
    )
    told = [future.result() for future in [readers.submit(ask) for ask in asks]] if readers else [ask() for ask in asks]
    discount, record, orders = told
    if not isinstance(discount, DiscountSeen) or not isinstance(record, RecordSeen) or orders != OrdersSeen(()):
        raise RuntimeError(f"{coupon.code} cannot be cancelled: {orders}")
    return discount, record


def write(shop: Shop, coupon: Coupon, record: RecordSeen, change: RecordChange) -> None:
    while True:
        try:
            shop.send(shop.prepare_record(record, coupon.code, change))
        except StaleRecord:
            again = shop.read_record(coupon.customer_id, coupon.code)
            if isinstance(again, RecordSeen):
                record = again
        else:
            return


@contextmanager
def another_desk(world: TrainingShop, *, at_work: bool) -> Iterator[None]:
    """Another desk on the same bucket, with a bucket's knowledge of its own, that cancels one coupon after the other."""
    over = threading.Event()

    def serve() -> None:
        with client_of(world) as client:
            shop = ShopifyShop(client, CLOCK)
            for coupon in coupons(COUPONS // 4, begin=1):
                if over.wait(0.5):
                    return
                cancel(shop, coupon)

    counter = threading.Thread(target=serve)
    if at_work:
        counter.start()
    try:
        yield
    finally:
        over.set()
        if at_work:
            counter.join()


def client_of(world: TrainingShop) -> ShopifyClient:
    endpoint, token = world.addresses.shopify_endpoint, world.addresses.token
    return ShopifyClient(Shopify(domain="example.myshopify.com", endpoint=endpoint), lambda: token, CLOCK)


def coupons(count: int, begin: int = 0) -> list[Coupon]:
    """Unused coupons of many customers: every second, so that another desk can have those between."""
    made = Generated(COUPONS - SHOWCASE_DISCOUNTS, SEED, datetime.now(UTC))
    kept = (made.coupon(index) for index in range(begin, made.size, 2))
    unused = (coupon for coupon in kept if coupon.fate is Fate.KEPT and coupon.expires_at > CLOCK.now())
    return [
        Coupon(CouponCode.parse(coupon.code), f"gid://shopify/Customer/{made.customer_number(coupon.customer)}")
        for coupon in islice(unused, count)
    ]
