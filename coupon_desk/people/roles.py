"""Roles and the rights that come with them, as data; and what a person hears when a right is missing."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Final

from coupon_desk.errors import NotPermitted
from coupon_desk.words import Message, msg


class Right(StrEnum):
    """One thing that an operator may or may not do. The codes stand in the trail and are never renamed."""

    SEE = "see"
    SEE_CUSTOMER = "see_customer"
    ASK = "ask"
    CANCEL = "cancel"
    INVALIDATE = "invalidate"
    REFUND_ORDER = "refund_order"
    INVESTIGATE = "investigate"
    APPROVE = "approve"
    READ_TRAIL = "read_trail"
    EXPORT = "export"
    MANAGE_PEOPLE = "manage_people"
    SETTINGS = "settings"
    REPRINT = "reprint"
    ERASE = "erase"
    REMIND = "remind"
    RECONCILE = "reconcile"

    @property
    def label(self) -> Message:
        """What a person reads in a list of rights."""
        return _LABELS[self]

    @property
    def changes_data(self) -> bool:
        """Whether something may be changed with it: then the operator is looked up in the centre first, where there is one."""
        return self not in _READING


class Role(StrEnum):
    """What an operator is in the shop. The codes stand in the trail and are never renamed."""

    VIEWER = "viewer"
    CLERK = "clerk"
    MANAGER = "manager"
    ADMIN = "admin"
    AUDITOR = "auditor"

    @property
    def label(self) -> Message:
        """What a person reads."""
        return _ROLE_LABELS[self]

    @property
    def rights(self) -> frozenset[Right]:
        """Everything that this role may do."""
        return _RIGHTS[self]

    def may(self, right: Right) -> bool:
        """Whether the role has the right."""
        return right in _RIGHTS[self]


def refusal(role: Role, right: Right) -> NotPermitted:
    """What to raise, and so to tell, when the role lacks the right: what is refused, and whom to ask."""
    helper = msg("Ask a manager.") if Role.MANAGER.may(right) else msg("Ask an administrator.")
    return NotPermitted(
        replace(_REFUSALS[right], values=(("role", role.label),)),
        done=msg("Nothing was done."),
        todo=helper,
        detail=f"role {role} lacks {right}",
    )


_READING: Final = frozenset({Right.SEE, Right.SEE_CUSTOMER, Right.READ_TRAIL, Right.EXPORT, Right.REPRINT})

_CLERK: Final = frozenset({Right.SEE, Right.SEE_CUSTOMER, Right.ASK, Right.REPRINT})
_MANAGER: Final = _CLERK | {
    Right.CANCEL,
    Right.INVALIDATE,
    Right.REFUND_ORDER,
    Right.INVESTIGATE,
    Right.APPROVE,
    Right.READ_TRAIL,
    Right.REMIND,
    Right.RECONCILE,
}

_RIGHTS: Final = {
    Role.VIEWER: frozenset({Right.SEE}),
    Role.CLERK: _CLERK,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: _MANAGER | {Right.EXPORT, Right.MANAGE_PEOPLE, Right.SETTINGS, Right.ERASE},
    Role.AUDITOR: frozenset({Right.SEE, Right.SEE_CUSTOMER, Right.READ_TRAIL, Right.EXPORT}),
}

_ROLE_LABELS: Final = {
    Role.VIEWER: msg("viewer"),
    Role.CLERK: msg("clerk"),
    Role.MANAGER: msg("manager"),
    Role.ADMIN: msg("administrator"),
    Role.AUDITOR: msg("auditor"),
}

_LABELS: Final = {
    Right.SEE: msg("See coupons"),
    Right.SEE_CUSTOMER: msg("See customers' personal data"),
    Right.ASK: msg("Ask for a cancellation"),
    Right.CANCEL: msg("Cancel coupons"),
    Right.INVALIDATE: msg("Invalidate coupons without returning points"),
    Right.REFUND_ORDER: msg("Refund for cancelled orders"),
    Right.INVESTIGATE: msg("Decide on suspected fraud"),
    Right.APPROVE: msg("Approve what others ask for"),
    Right.READ_TRAIL: msg("Read the trail"),
    Right.EXPORT: msg("Export the trail"),
    Right.MANAGE_PEOPLE: msg("Manage operators"),
    Right.SETTINGS: msg("Change the settings"),
    Right.REPRINT: msg("Print receipts again"),
    Right.ERASE: msg("Erase a customer's personal data"),
    Right.REMIND: msg("Remind customers of coupons that expire soon"),
    Right.RECONCILE: msg("Put differences right"),
}

_REFUSALS: Final = {
    Right.SEE: msg("Your role ({role}) may not see coupons."),
    Right.SEE_CUSTOMER: msg("Your role ({role}) may not see customers' personal data."),
    Right.ASK: msg("Your role ({role}) may not ask for a cancellation."),
    Right.CANCEL: msg("Your role ({role}) may not cancel coupons."),
    Right.INVALIDATE: msg("Your role ({role}) may not invalidate coupons."),
    Right.REFUND_ORDER: msg("Your role ({role}) may not ask for a refund for a cancelled order."),
    Right.INVESTIGATE: msg("Your role ({role}) may not decide on suspected fraud."),
    Right.APPROVE: msg("Your role ({role}) may not approve requests."),
    Right.READ_TRAIL: msg("Your role ({role}) may not read the trail."),
    Right.EXPORT: msg("Your role ({role}) may not export the trail."),
    Right.MANAGE_PEOPLE: msg("Your role ({role}) may not manage operators."),
    Right.SETTINGS: msg("Your role ({role}) may not change the settings."),
    Right.REPRINT: msg("Your role ({role}) may not print receipts again."),
    Right.ERASE: msg("Your role ({role}) may not erase personal data."),
    Right.REMIND: msg("Your role ({role}) may not remind customers."),
    Right.RECONCILE: msg("Your role ({role}) may not put differences right."),
}
