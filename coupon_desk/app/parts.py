"""The parts of an open home, put together: database, trail, people, catalogue, remote systems, engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from coupon_desk.app.bulks import BulkWays
from coupon_desk.app.company_accounts import CompanyAccounts
from coupon_desk.app.home import Home, desk_name, os_user
from coupon_desk.app.key_store import VaultKeyStore
from coupon_desk.app.secrets import Secrets
from coupon_desk.app.working import WorkingProgram
from coupon_desk.cancellation.bulk_store import BulkStore
from coupon_desk.cancellation.engine import Engine
from coupon_desk.cancellation.gathering import Gatherer
from coupon_desk.cancellation.operation import Rules
from coupon_desk.cancellation.own_work import own_work, story_if_kept
from coupon_desk.cancellation.permission import Permission
from coupon_desk.cancellation.ports import CentralClaims, CentralRequests, Shop
from coupon_desk.cancellation.turns import Turns
from coupon_desk.cancellation.work import Centre, Systems
from coupon_desk.catalogue.catalogue import Catalogue
from coupon_desk.clock import Clock, ClockOffset
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.evidence import Held
from coupon_desk.mail.smtp import SmtpMailer
from coupon_desk.people.directory import Directory
from coupon_desk.people.limits import HouseLimits
from coupon_desk.people.people import People
from coupon_desk.points.rest import RestPoints
from coupon_desk.settings import Settings
from coupon_desk.shopify.client import ShopifyClient
from coupon_desk.shopify.combined import combined_shop
from coupon_desk.shopify.shop import ShopifyShop
from coupon_desk.storage.database import Database
from coupon_desk.trail.checkpoints import Checkpoints
from coupon_desk.trail.index import OperationIndex
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.trail import Trail
from coupon_desk.vault import SecretName, Vault

if TYPE_CHECKING:
    from coupon_desk.app.shipping import Shipping
    from coupon_desk.central.place import Central


BULK_WORKERS: Final = 100
"""So many coupons of a bulk cancellation are worked on at once: most of them wait for a code to settle or for an answer."""

SOURCES: Final = 4
"""So many sources are asked at the same time for each."""


class Parts:
    """Everything that an open home is made of; made once, closed once. Opening does no network."""

    def __init__(self, home: Home, settings: Settings, vault: Vault, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.lock = home.lock()
        self.database = Database.open(home.database)
        self.database.migrate()
        self.secrets = Secrets(vault, clock)
        offset = ClockOffset(clock)
        self.trail = Trail(self.database, Surroundings(desk_name(), os_user(), clock_offset=lambda: offset.seconds), clock)
        self.key_store = VaultKeyStore(vault)
        self.checkpoints = Checkpoints(self.trail, self.key_store, clock)
        self.working = WorkingProgram(home.path, settings, self.trail, self.checkpoints)
        self.index = OperationIndex(self.database)
        self.central = self._open_central()
        self.people = self._people()
        self.company = CompanyAccounts(settings.sign_in, self.people, clock)
        self.house = HouseLimits(settings.limits, settings.policy)
        self.permission = Permission(self.people, self.house, self.trail)
        self.catalogue = Catalogue(self.database, clock)
        self.client = ShopifyClient(settings.shopify, self._giver(self._shopify_secret), clock, offset=offset)
        self.shop = ShopifyShop(self.client, clock, settings.shopify.coupon_metafield)
        self.points = RestPoints(settings.pos, self._giver(SecretName.POS_TOKEN), clock, offset=offset)
        self.mailer = SmtpMailer(settings.mail, settings.shop.name, self._giver(SecretName.MAIL_PASSWORD), clock)
        self._executor = ThreadPoolExecutor(max_workers=12, thread_name_prefix="evidence")
        self.claims = self._open_claims()
        self.requests = self._open_requests()
        self.shipping = self._open_shipping()
        self.gatherer = Gatherer(self.shop, self.points, clock, self._executor, self.customer_of, self._holder_of)
        self.turns = Turns()
        self.engine = self._engine(self.shop, self.gatherer)
        self.bulk_store = BulkStore(self.database, self.trail)

    def need_secrets(self) -> None:
        """A missing secret is told before anything begins, not in the middle. Raises SecretMissing, VaultError."""
        self.secrets.give(self._shopify_secret)
        self.secrets.give(SecretName.POS_TOKEN)
        if self.settings.mail.username:
            self.secrets.give(SecretName.MAIL_PASSWORD)

    def customer_of(self, code: CouponCode) -> str | None:
        """The customer whom the catalogue knows for a code: a hint, to be checked."""
        coupon = self.catalogue.get(code)
        return coupon.customer_id if coupon else None

    @contextmanager
    def bulk_ways(self) -> Iterator[BulkWays]:
        """An engine over ways to Shopify that many coupons share; it and the counter's never work on one operation at once."""
        threads = SOURCES * BULK_WORKERS
        with (
            combined_shop(self.client, self.clock, self.settings.shopify.coupon_metafield) as shop,
            ThreadPoolExecutor(threads, thread_name_prefix="bulk-evidence") as executor,
        ):
            gatherer = Gatherer(shop, self.points, self.clock, executor, self.customer_of, self._holder_of)
            yield BulkWays(self._engine(shop, gatherer), gatherer, BULK_WORKERS)

    def abort_reads(self) -> None:
        """End every read that is under way; writes go on to their end."""
        self.company.give_up()
        self.client.abort_reads()
        self.points.abort_reads()

    def close(self) -> None:
        """Let go of everything; the last thing that is written says so."""
        self.working.end()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self.client.close()
        self.points.close()
        if self.shipping is not None:
            self.shipping.end()
        if self.central is not None:
            self.central.close()
        self.catalogue.close()
        self.database.close()
        self.lock.release()

    @property
    def _shopify_secret(self) -> SecretName:
        by_token = self.settings.shopify.auth == "token"
        return SecretName.SHOPIFY_TOKEN if by_token else SecretName.SHOPIFY_CLIENT_SECRET

    def _giver(self, name: SecretName) -> Callable[[], str]:
        return self.secrets.giver(name)

    def _people(self) -> People:
        settings = self.settings
        required = settings.central is not None and settings.central.required
        return People(
            self.database,
            self.trail,
            self.clock,
            store=settings.shop.store,
            directory=self._open_directory(),
            centre_required=required,
        )

    def _open_directory(self) -> Directory | None:
        if self.central is None:
            return None
        from coupon_desk.central.directory import PostgresDirectory

        return PostgresDirectory(self.central, self.settings.shopify.domain)

    def _engine(self, shop: Shop, gatherer: Gatherer) -> Engine:
        policy = self.settings.policy
        systems = Systems(
            shop=shop,
            points=self.points,
            mailer=self.mailer,
            gatherer=gatherer,
            clock=self.clock,
            shop_language=self.settings.shop.language,
            contacts_of=self._contacts_of,
            own_work=partial(own_work, self.trail, self.index),
            story_of=partial(story_if_kept, self.trail),
            index=self.index,
            house=self.house,
            centre=self._centre(),
            store=self.settings.shop.store,
        )
        rules = Rules(policy.settle_seconds, policy.retire, tuple(policy.recheck_minutes))
        return Engine(self.trail, self.index, systems, self.permission, rules, self.turns)

    def _open_central(self) -> Central | None:
        """The database that several desks share, where one is configured. No network."""
        if self.settings.central is None:
            return None
        from coupon_desk.central.place import open_central  # late: most homes share no database

        return open_central(self.settings.central, partial(self.secrets.find, SecretName.CENTRAL_PASSWORD), self.clock)

    def _open_claims(self) -> CentralClaims | None:
        if self.central is None:
            return None
        from coupon_desk.central.claims import PostgresClaims

        return PostgresClaims(self.central, self.settings.shopify.domain)

    def _open_shipping(self) -> Shipping | None:
        if self.central is None:
            return None
        from coupon_desk.app.shipping import Shipping

        return Shipping(self.database, self.trail, self.central, self.clock, self.checkpoints, self.key_store)

    def _open_requests(self) -> CentralRequests | None:
        if self.central is None:
            return None
        from coupon_desk.central.requests import PostgresRequests

        return PostgresRequests(self.central, self.settings.shopify.domain)

    def _centre(self) -> Centre | None:
        if self.settings.central is None or self.central is None or self.claims is None:
            return None
        from coupon_desk.central.allowances import PostgresAllowances

        allowances = PostgresAllowances(self.central, self.settings.shopify.domain)
        return Centre(self.claims, self.settings.central.required, allowances, self.requests)

    def _holder_of(self, code: CouponCode) -> Held | None:
        return self.claims.holder(code) if self.claims else None

    def _contacts_of(self, login: str) -> tuple[str, ...]:
        operator = self.people.get(login)
        return operator.contacts if operator else ()
