"""The training shop: opens, is looked at, is changed, and closes. The one door for tests, `demo` and practice."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from coupon_desk.clock import Clock, SystemClock
from coupon_desk.coupons.points import PointEntry
from coupon_desk.training import checkout, stories
from coupon_desk.training.addresses import Addresses
from coupon_desk.training.control_door import ControlDoor
from coupon_desk.training.cost import Bucket
from coupon_desk.training.faults import Faults
from coupon_desk.training.journal import Journal
from coupon_desk.training.loopback import HOST, LoopbackServer
from coupon_desk.training.mailbox import Mailbox
from coupon_desk.training.options import Options
from coupon_desk.training.pos_door import PosDoor
from coupon_desk.training.premises import Premises
from coupon_desk.training.shopify_door import ShopifyDoor
from coupon_desk.training.showcase import Showcase
from coupon_desk.training.storage_door import StorageDoor
from coupon_desk.training.things import Customer, Discount, Order
from coupon_desk.training.world import World

_DEFAULTS = Options()


class TrainingShop:
    """A running training shop; open one with `start`. Safe to use from any thread.

    Codes may be given as text or as anything whose text is the code.
    """

    def __init__(self, premises: Premises, port: int) -> None:
        self._premises = premises
        with ExitStack() as opening:
            shopify, pos, control = (self._listen(opening, port, place) for place in (0, 1, 3))
            storage = self._listen(opening, 0, 0)
            self.mailbox = Mailbox(premises, port and port + 2)
            opening.pop_all()
        self._open: tuple[LoopbackServer | Mailbox, ...] = (shopify, pos, control, storage, self.mailbox)
        options = premises.options
        self.addresses = addresses = Addresses(
            shopify_endpoint=f"http://{HOST}:{shopify.port}",
            pos_endpoint=f"http://{HOST}:{pos.port}/api",
            smtp_host=HOST,
            smtp_port=self.mailbox.port,
            control_endpoint=f"http://{HOST}:{control.port}/_training",
            smtp_security="none" if options.smtp_tls is None else "starttls",
            smtp_username=options.smtp_username,
            smtp_password=options.smtp_password,
        )
        shopify.serve(ShopifyDoor(premises, addresses).answer)
        pos.serve(PosDoor(premises, addresses).answer)
        premises.bulk.address = f"http://{HOST}:{storage.port}"
        storage.serve(StorageDoor(premises).answer)
        control.serve(ControlDoor(premises, self.mailbox).answer)

    @classmethod
    def start(
        cls, *, coupons: int = 300, seed: int = 7, port: int = 0, clock: Clock | None = None, options: Options = _DEFAULTS
    ) -> TrainingShop:
        """Open a shop with so many coupons. `port` and the three after it are listened on; 0 takes any. Raises PortTaken."""
        return cls(Premises(clock or SystemClock(), coupons, seed, options), port)

    def __enter__(self) -> Self:
        """The shop itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close."""
        self.stop()

    def stop(self) -> None:
        """Close: hang up on everybody and wait until all threads are gone. Closing twice does nothing."""
        parts, self._open = self._open, ()
        closing = [threading.Thread(target=part.stop, name="training-closing") for part in parts]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        self._premises.bulk.forget()

    @property
    def clock(self) -> Clock:
        """The shop's clock."""
        return self._premises.clock

    @property
    def showcase(self) -> Showcase:
        """The special coupons by name."""
        return self._premises.showcase

    @property
    def faults(self) -> Faults:
        """What breaks."""
        return self._premises.faults

    @property
    def journal(self) -> Journal:
        """What was asked."""
        return self._premises.journal

    @property
    def bucket(self) -> Bucket:
        """What Shopify's requests are paid from."""
        return self._premises.bucket

    @property
    def options(self) -> Options:
        """How the shop behaves now."""
        return self._premises.options

    @property
    def latency_seconds(self) -> float:
        """The simulated round trip of every HTTP call."""
        return self._premises.options.latency_seconds

    @latency_seconds.setter
    def latency_seconds(self, seconds: float) -> None:
        self.configure(latency_seconds=seconds)

    def configure(self, **changes: Any) -> None:
        """Behave differently from now on; the names are those of `Options`. Raises TypeError for an unknown one."""
        self._premises.configure(changes)

    def reset(self) -> None:
        """As freshly opened: new world, no faults, empty journal and mailbox; addresses and options stay."""
        self._premises.reset()
        self.mailbox.clear()
        self.mailbox.accept_all()

    def catch_up(self) -> None:
        """Let the lagging usage counts, searches and histories know everything up to now."""
        self._premises.change(World.catch_up)

    def advance(self, seconds: float) -> None:
        """Move the shop's clock on. Raises TypeError when it is not a virtual one."""
        self._premises.advance(seconds)

    def redeem(self, code: object, *, other_codes: tuple[str, ...] = (), first: bool = True, is_paid: bool = True) -> Order:
        """A customer pays with a coupon. Raises CheckoutRefused."""
        return self._premises.change(lambda world: checkout.redeem(world, str(code), other_codes, first=first, is_paid=is_paid))

    def cancel_order(self, name: str, reason: str = "CUSTOMER", *, refunded: int | None = None) -> Order:
        """An order is cancelled, and all of its money refunded or so much. Raises KeyError."""
        return self._premises.change(lambda world: checkout.cancel_order(world, name, reason, refunded))

    def refund_order(self, name: str, amount: int) -> Order:
        """Money of an order goes back to the customer. Raises KeyError."""
        return self._premises.change(lambda world: checkout.refund_order(world, name, amount))

    def edit_record(self, customer_id: str, value: Any) -> None:
        """Somebody else writes a customer's coupon record. Raises KeyError."""
        self._premises.change(lambda world: checkout.edit_record(world, customer_id, value))

    def consent(self, customer_id: str, marketing_state: str) -> None:
        """A customer agrees to e-mails, or no longer does: `SUBSCRIBED`, `UNSUBSCRIBED` … Raises KeyError."""
        self._premises.change(lambda world: checkout.consent(world, customer_id, marketing_state))

    def add_points(self, customer_id: str, points: int, reason: str, reference: str | None = None) -> PointEntry:
        """Somebody else adds or deducts points. Raises KeyError."""
        return self._premises.change(lambda world: checkout.add_points(world, customer_id, points, reason, reference))

    def delete_discount(self, code: object) -> None:
        """Somebody deletes the discount of a code in Shopify. Raises KeyError."""
        self._premises.change(lambda world: checkout.delete_discount(world, str(code)))

    def discount(self, code: object) -> Discount | None:
        """The discount that bears a code."""
        return self._premises.change(lambda world: world.discount_with(str(code)))

    def customer(self, customer_id: str) -> Customer:
        """A customer. Raises KeyError."""
        return self._premises.change(lambda world: checkout.known_customer(world, customer_id))

    def record(self, customer_id: str) -> Any:
        """A customer's coupon record, decoded; None where there is none. Raises KeyError."""
        return self._premises.change(lambda world: world.record(checkout.known_customer(world, customer_id).number))

    def record_entry(self, code: object) -> dict[str, Any] | None:
        """The entry of a coupon in the record of the customer whom its discount names."""
        entry: dict[str, Any] | None = self.story(code)["record_entry"]
        return entry

    def balance(self, customer_id: str) -> int | None:
        """A customer's points; None where the point system does not know them. Raises KeyError."""

        def look(world: World) -> int | None:
            account = world.ledger.account(world.account_id(checkout.known_customer(world, customer_id).number))
            return None if account is None else account.balance

        return self._premises.change(look)

    def point_entries(self, customer_id: str, reference: str | None = None) -> tuple[PointEntry, ...]:
        """A customer's point history, newest first. Raises KeyError."""

        def look(world: World) -> tuple[PointEntry, ...]:
            account = world.ledger.account(world.account_id(checkout.known_customer(world, customer_id).number))
            return () if account is None else tuple(stories.under(account.seen(None), reference))

        return self._premises.change(look)

    def order(self, name: str) -> Order | None:
        """An order by its name."""
        return self._premises.change(lambda world: world.order_named(name))

    def orders_with(self, code: object) -> tuple[Order, ...]:
        """The orders that bear a code, in whichever place."""
        return self._premises.change(lambda world: tuple(world.orders_with(str(code))))

    def story(self, code: object) -> dict[str, Any]:
        """All that the remote systems know of one coupon, as JSON."""
        return self._premises.change(lambda world: stories.story(world, self.showcase, str(code), self.mailbox.mails))

    def state(self) -> dict[str, Any]:
        """Everything that changed since the shop opened, as JSON."""
        return self._premises.change(lambda world: stories.state(world, self.mailbox.mails))

    def _listen(self, opening: ExitStack, port: int, place: int) -> LoopbackServer:
        server = LoopbackServer(port and port + place, self._premises.clock.now)
        opening.callback(server.stop)
        return server
