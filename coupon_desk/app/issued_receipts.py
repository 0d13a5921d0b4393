"""The receipts that were handed out, on paper and as PDF: each stands in the trail, and there is one original on paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from coupon_desk.cancellation.engine import Engine
from coupon_desk.people.operators import Session
from coupon_desk.printers.faults import PrinterFault
from coupon_desk.trail.entry import NewEntry
from coupon_desk.trail.trail import Trail

How = Literal["printed", "pdf"]


class IssuedReceipts:
    """Notes each receipt that leaves the desk."""

    def __init__(self, engine: Engine, trail: Trail) -> None:
        self._engine = engine
        self._trail = trail

    def is_on_paper(self, operation_id: str) -> bool:
        """Whether the receipt was printed already: then every other one is a copy."""
        issued = (entry for entry in self._trail.of_operation(operation_id) if entry.action == "receipt.issued")
        return any("printed" in {entry.fields.result, entry.body.get("how")} for entry in issued)

    @contextmanager
    def noting(
        self, operation_id: str, how: How, session: Session, *, printer: str | None = None, is_copy: bool = False
    ) -> Iterator[None]:
        """Hand a receipt out in the block; it is noted also where the printer has it and must be mended before it comes out."""
        try:
            yield
        except PrinterFault as fault:
            if fault.is_handed_over:
                self._note(operation_id, how, session, printer, is_copy=is_copy)
            raise
        self._note(operation_id, how, session, printer, is_copy=is_copy)

    def _note(self, operation_id: str, how: How, session: Session, printer: str | None, *, is_copy: bool) -> None:
        operation = self._engine.operation(operation_id)
        self._trail.append(
            NewEntry(
                "receipt.issued",
                {"how": how, "copy": is_copy, **({"printer": printer} if printer is not None else {})},
                actor=session.login,
                role=session.operator.role.value,
                operation=operation.id,
                code=operation.code.text,
                customer=operation.customer_id,
                result=how,
            )
        )
