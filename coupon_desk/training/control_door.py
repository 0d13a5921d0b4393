"""The control port: another process moves the world, sets faults and looks at the truth, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs

from coupon_desk.training import checkout, stories
from coupon_desk.training.breaking import json_reply
from coupon_desk.training.faults import Fault
from coupon_desk.training.loopback import Asked, Line, Reply
from coupon_desk.training.mailbox import Mailbox
from coupon_desk.training.options import changes_from_json
from coupon_desk.training.premises import Premises

Act = Callable[[dict[str, Any]], Any]


class ControlDoor:
    """Answers requests under `/_training`. Safe to use from any thread."""

    def __init__(self, premises: Premises, mailbox: Mailbox) -> None:
        self._premises = premises
        self._mailbox = mailbox
        self._acts: Mapping[tuple[str, str], Act] = {
            ("GET", "state"): self._state,
            ("GET", "story"): self._story,
            ("GET", "journal"): self._journal,
            ("GET", "showcase"): self._showcase,
            ("GET", "mails"): lambda _: [stories.mail_json(mail) for mail in mailbox.mails],
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _: premises.faults.clear(),
            ("POST", "redeem"): self._redeem,
            ("POST", "cancel_order"): self._cancel_order,
            ("POST", "refund_order"): self._refund_order,
            ("POST", "record"): self._record,
            ("POST", "points"): self._points,
            ("POST", "consent"): self._consent,
            ("POST", "delete_discount"): self._delete_discount,
            ("POST", "catch_up"): lambda _: premises.change(lambda world: world.catch_up()),
            ("POST", "advance"): lambda told: premises.advance(float(told["seconds"])),
            ("POST", "options"): lambda told: premises.configure(changes_from_json(told)),
            ("POST", "reset"): self._reset,
            ("POST", "refuse_mail"): lambda told: mailbox.refuse(told["address"], int(told.get("status", 550))),
        }

    def answer(self, asked: Asked, line: Line) -> Reply:
        """One HTTP request."""
        del line
        act = self._acts.get((asked.method, asked.path.removeprefix("/_training/")))
        if act is None or not asked.path.startswith("/_training/"):
            return json_reply(404, {"error": "There is nothing here."})
        try:
            told = (
                json.loads(asked.body) if asked.body else {name: values[-1] for name, values in parse_qs(asked.query).items()}
            )
            return json_reply(200, act(told))
        except checkout.CheckoutRefused as refused:
            return json_reply(409, {"error": str(refused)})
        except (KeyError, ValueError, TypeError) as wrong:
            return json_reply(400, {"error": f"{type(wrong).__name__}: {wrong}"})

    def _state(self, _: dict[str, Any]) -> Any:
        return self._premises.change(lambda world: stories.state(world, self._mailbox.mails))

    def _story(self, told: dict[str, Any]) -> Any:
        showcase, mails = self._premises.showcase, self._mailbox.mails
        return self._premises.change(lambda world: stories.story(world, showcase, told["code"], mails))

    def _journal(self, told: dict[str, Any]) -> Any:
        after = int(told.get("after", 0))
        return [stories.journal_json(entry) for entry in self._premises.journal.entries if entry.number > after]

    def _showcase(self, _: dict[str, Any]) -> Any:
        return {name: asdict(specimen) for name, specimen in self._premises.showcase.all().items()}

    def _faults(self, _: dict[str, Any]) -> Any:
        return {
            "rules": [asdict(rule) for rule in self._premises.faults.rules],
            "fired": [asdict(fired) for fired in self._premises.faults.fired],
        }

    def _add_faults(self, told: Any) -> None:
        self._premises.faults.add(*(Fault.from_json(table) for table in (told if isinstance(told, list) else [told])))

    def _redeem(self, told: dict[str, Any]) -> Any:
        others, first = tuple(told.get("other_codes", ())), bool(told.get("first", True))
        is_paid = bool(told.get("is_paid", True))
        order = self._premises.change(lambda world: checkout.redeem(world, told["code"], others, first=first, is_paid=is_paid))
        return {"order": order.name, "id": order.id}

    def _cancel_order(self, told: dict[str, Any]) -> Any:
        reason, refunded = told.get("reason", "CUSTOMER"), told.get("refunded")
        back = None if refunded is None else int(refunded)
        order = self._premises.change(lambda world: checkout.cancel_order(world, told["order"], reason, back))
        return {"order": order.name, "id": order.id}

    def _refund_order(self, told: dict[str, Any]) -> Any:
        order = self._premises.change(lambda world: checkout.refund_order(world, told["order"], int(told["amount"])))
        return {"order": order.name, "id": order.id, "financial_status": order.financial_status}

    def _record(self, told: dict[str, Any]) -> None:
        self._premises.change(lambda world: checkout.edit_record(world, told["customer_id"], told["value"]))

    def _consent(self, told: dict[str, Any]) -> None:
        self._premises.change(lambda world: checkout.consent(world, told["customer_id"], told["marketing_state"]))

    def _points(self, told: dict[str, Any]) -> Any:
        entry = self._premises.change(
            lambda world: checkout.add_points(
                world, told["customer_id"], int(told["points"]), told["reason"], told.get("reference")
            )
        )
        return {"entry_id": entry.id, "balance": entry.balance}

    def _delete_discount(self, told: dict[str, Any]) -> None:
        self._premises.change(lambda world: checkout.delete_discount(world, told["code"]))

    def _reset(self, _: dict[str, Any]) -> None:
        self._premises.reset()
        self._mailbox.clear()
        self._mailbox.accept_all()
