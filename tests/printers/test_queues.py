"""A real print service: what arrives at its printers, and what a person is told when a printer does not print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coupon_desk.clock import SystemClock
from coupon_desk.printers.escpos_devices import in_escpos
from coupon_desk.printers.faults import FaultKind, PrinterFault
from coupon_desk.printers.picture import Picture
from coupon_desk.printers.queues import Patience, Queue
from coupon_desk.printers.raw_queue import RawQueue
from coupon_desk.printers.service import PrintService, address_of_service
from coupon_desk.words import Language
from tests.surroundings.print_service import PrintServiceOfTests, print_service
from tests.surroundings.receipt_printer import receipt_printer
from tests.surroundings.tool import wait_until

RECEIPT = b"%PDF-1.4\n" + bytes(range(256)) * 300
HASTY = Patience(fault_seconds=0.1, job_seconds=90, look_seconds=0.02)


@pytest.fixture(scope="module")
def running_service() -> Iterator[PrintServiceOfTests]:
    with print_service() as service:
        yield service


@pytest.fixture
def service(running_service: PrintServiceOfTests) -> Iterator[PrintServiceOfTests]:
    yield running_service
    running_service.say("")


def queue(service: PrintServiceOfTests, name: str = "Counter", patience: Patience = HASTY) -> Queue:
    return Queue(name, PrintService(service.address), SystemClock(), patience)


def fault_of(queue: Queue) -> PrinterFault:
    with pytest.raises(PrinterFault) as told:
        queue.print_document(RECEIPT, "COUPON-70934-AB12CD-500")
    assert queue.name in told.value.sentences(Language.EN)
    return told.value


def test_a_receipt_arrives_at_the_printer_of_a_queue_byte_for_byte(service: PrintServiceOfTests) -> None:
    with receipt_printer() as printer:
        service.add_queue("Network", f"socket://127.0.0.1:{printer.port}/?snmp=false")
        queue(service, "Network").print_document(RECEIPT, "COUPON-70934-AB12CD-500")
        assert printer.wait() == RECEIPT


def test_a_picture_arrives_at_a_receipt_printer_behind_a_queue_in_escpos(service: PrintServiceOfTests) -> None:
    picture = Picture(24, bytes(range(250)) * 12)
    with receipt_printer() as printer:
        service.add_queue("Till", f"socket://127.0.0.1:{printer.port}/?snmp=false")
        RawQueue("Counter", queue(service, "Till")).print_picture(picture, "COUPON-70934-AB12CD-500")
        taken = printer.wait()
    assert taken == in_escpos(picture)
    assert taken.startswith(b"\x1b@\x1dv0\0\x03\0\0\x01" + picture.rows[:3])


def test_the_usual_queue_comes_first(service: PrintServiceOfTests) -> None:
    service.add_queue("Another", "counter:/")
    service.administer("lpadmin", "-d", "Counter")
    names = PrintService(service.address).queues()
    assert names[0] == "Counter"
    assert "Another" in names


@pytest.mark.parametrize(
    ("program", "undo", "kind"),
    [("cupsdisable", "cupsenable", FaultKind.PAUSED), ("cupsreject", "cupsaccept", FaultKind.REJECTING)],
)
def test_a_queue_that_stands_still_is_given_nothing(
    service: PrintServiceOfTests, program: str, undo: str, kind: FaultKind
) -> None:
    service.administer(program, "Counter")
    fault = fault_of(queue(service))
    service.administer(undo, "Counter")
    assert (fault.kind, fault.is_handed_over) == (kind, False)
    queue(service).look()


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("media-empty-error", FaultKind.NO_PAPER),
        ("media-jam-error", FaultKind.JAM),
        ("cover-open", FaultKind.COVER_OPEN),
        ("marker-supply-empty-error", FaultKind.NO_INK),
        ("offline-report", FaultKind.OFFLINE),
    ],
)
def test_what_a_printer_has_is_told_and_the_receipt_comes_out_when_it_is_mended(
    service: PrintServiceOfTests, reason: str, kind: FaultKind
) -> None:
    service.say(f"STATE: +{reason}")
    fault = fault_of(queue(service))
    assert (fault.kind, fault.waits, fault.is_handed_over) == (kind, True, True)
    assert "comes out by itself" in fault.sentences(Language.EN)
    service.say("")
    wait_until(lambda: service.has_taken(RECEIPT), "the receipt comes out")


def test_paper_that_runs_low_is_no_fault(service: PrintServiceOfTests) -> None:
    service.say("STATE: +media-low-warning")
    slow = fault_of(queue(service, patience=Patience(0.05, 0.4, 0.02)))
    assert slow.kind is FaultKind.SLOW
    service.say("")
    wait_until(lambda: service.has_taken(RECEIPT), "the receipt comes out")
    queue(service).print_document(RECEIPT, "after")


def test_a_network_printer_that_is_switched_off_is_noticed(service: PrintServiceOfTests) -> None:
    with receipt_printer() as printer:
        gone = printer.port
    service.add_queue("Gone", f"socket://127.0.0.1:{gone}/?snmp=false")
    fault = fault_of(queue(service, "Gone", Patience(job_seconds=0.5, look_seconds=0.05)))
    service.administer("cancel", "-a", "Gone")
    assert (fault.kind, fault.waits) == (FaultKind.SLOW, True)


def test_a_job_that_somebody_cancels_is_not_waited_for(service: PrintServiceOfTests) -> None:
    class Cancelling(SystemClock):
        def sleep(self, seconds: float) -> None:
            service.administer("cancel", "-a", "Counter")

    service.say("INFO: warming up")
    watched = Queue("Counter", PrintService(service.address), Cancelling(), Patience(job_seconds=90))
    fault = fault_of(watched)
    assert (fault.kind, fault.waits, fault.is_handed_over) == (FaultKind.FAILED, False, True)


def test_a_queue_that_is_not_there_is_told(service: PrintServiceOfTests) -> None:
    assert fault_of(queue(service, "Missing")).kind is FaultKind.UNKNOWN


def test_where_no_print_service_answers_that_is_told(tmp_path: Path) -> None:
    for address in (str(tmp_path / "no.sock"), "127.0.0.1:9", "127.0.0.1:nine"):
        fault = fault_of(Queue("Counter", PrintService(address), SystemClock()))
        assert (fault.kind, fault.is_handed_over) == (FaultKind.NO_SERVICE, False)


def test_the_service_is_found_as_the_systems_own_programs_find_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUPS_SERVER", "printers.example.com:631")
    assert address_of_service() == "printers.example.com:631"
    monkeypatch.delenv("CUPS_SERVER")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".cups").mkdir()
    (tmp_path / ".cups" / "client.conf").write_text("# ours\nServerName print.example.com/version=1.1\n", encoding="utf-8")
    assert address_of_service() == "print.example.com"
