"""The way of a log record to an OpenTelemetry collector: a queue, a patient exporter, and no word about its own work.

OpenTelemetry's SDK collects and encodes (OTLP, protobuf over HTTP). How often something is tried again is decided here: the
SDK gives a batch up after some seconds, we keep it until the collector is back and let the bounded queue decide what is lost.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any, Final

import requests
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.resources import Resource

from coupon_desk import VERSION
from coupon_desk.logs.lines import told
from coupon_desk.logs.masking import Mask

_log = logging.getLogger("coupon_desk.logs")

QUEUE: Final = 2048
"""How many records wait for the collector at most; a further one pushes the oldest out."""
BATCH_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 1.5
"""How long closing waits for the last batch."""
FIRST_PAUSE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 60.0

_TRY_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
# They tell about each request and each failure of ours; shipped, every batch would cause the next one.
_NOT_SHIPPED: Final = frozenset({"opentelemetry", "urllib3", "requests", "charset_normalizer"})


class CollectorHandler(logging.Handler):
    """Sends each record, masked, to the collector at `endpoint`. Never raises, never waits but CLOSE_SECONDS for closing."""

    def __init__(self, mask: Mask, endpoint: str, desk: str, *, first_pause_seconds: float = FIRST_PAUSE_SECONDS) -> None:
        super().__init__()
        self._mask = mask
        self._libraries = logging.getLogger("opentelemetry")
        self._level_before = self._libraries.level
        # We tell ourselves, and once, that the collector is away; the SDK tells it with every batch and every lost record.
        self._libraries.setLevel(logging.CRITICAL + 1)
        self._exporter = PatientExporter(address_of(endpoint), first_pause_seconds)
        resource = {"service.name": "coupon-desk", "service.version": VERSION, "coupon_desk.desk": sayable(desk)}
        self._provider = LoggerProvider(Resource.create(resource), shutdown_on_exit=False)
        self._provider.add_log_record_processor(
            BatchLogRecordProcessor(self._exporter, schedule_delay_millis=BATCH_SECONDS * 1000, max_queue_size=QUEUE)
        )

    def filter(self, record: logging.LogRecord) -> bool:
        """Everything but what sending itself causes."""
        return record.name.partition(".")[0] not in _NOT_SHIPPED

    def emit(self, record: logging.LogRecord) -> None:
        """Puts a record into the queue."""
        try:
            line = sayable(told(record, self._mask))
            self._provider.get_logger(record.name).emit(
                timestamp=int(record.created * 1e9),
                severity_number=_severity(record.levelno),
                severity_text=record.levelname,
                body=line["message"],
                attributes=_attributes(line),
            )
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A record that cannot be sent stands in the file; the standard one prints it, unmasked, to the console."""

    def close(self) -> None:
        """Sends what waits, for CLOSE_SECONDS at most. Again is harmless."""
        super().close()
        self._exporter.hurry()
        # Shutting down waits up to half a minute for a collector that is silent; a daemon may be left behind.
        last = threading.Thread(target=self._provider.shutdown, name="last logs", daemon=True)
        last.start()
        last.join(CLOSE_SECONDS)
        self._libraries.setLevel(self._level_before)


class PatientExporter(LogRecordExporter):
    """Tries a batch until the collector has taken or refused it; runs on the SDK's own thread."""

    def __init__(self, address: str, first_pause_seconds: float) -> None:
        self._session = NotedSession()
        self._exporter = OTLPLogExporter(
            endpoint=address, timeout=ANSWER_SECONDS, compression=Compression.Gzip, session=self._session
        )
        self._first_pause_seconds = first_pause_seconds
        self._hurry = threading.Event()
        self._known = ""

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Send a batch; FAILURE only where it is given up."""
        pause = self._first_pause_seconds
        while True:
            sent = self._exporter.export(batch) is LogRecordExportResult.SUCCESS
            self._tell_change()
            if sent or self._session.is_refused or self._hurry.wait(pause):
                return LogRecordExportResult.SUCCESS if sent else LogRecordExportResult.FAILURE
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def hurry(self) -> None:
        """The program ends: from now on each batch is tried once."""
        self._hurry.set()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing waits in here."""
        del timeout_millis
        return True

    def shutdown(self) -> None:
        """Let go of the connection; the SDK's exporter holds nothing else."""
        self._session.close()

    def _tell_change(self) -> None:
        trouble = self._session.trouble
        if trouble == self._known:
            return
        self._known = trouble
        if trouble:
            _log.info("program logs do not reach the collector (%s); they stay in this file", trouble)
        else:
            _log.info("program logs reach the collector again")


class NotedSession(requests.Session):
    """An HTTP session that notes what became of the last request, so that the SDK's own retries have nothing to do.

    `trouble` says in a word why it was not taken, "" when it was; `is_refused`: trying again is useless.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trouble = ""
        self.is_refused = False

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request. Raises NotTaken for everything but success."""
        self.is_refused = False
        try:
            answer = super().request(*args, **kwargs)
        except (requests.RequestException, OSError) as failure:
            self.trouble = type(failure).__name__
            raise NotTaken(self.trouble) from failure
        self.trouble = "" if answer.status_code < 300 else f"HTTP {answer.status_code}"
        if self.trouble:
            self.is_refused = answer.status_code not in _TRY_AGAIN
            raise NotTaken(self.trouble)
        return answer


class NotTaken(Exception):
    """The collector did not take a batch. Unknown to the SDK, which therefore leaves trying again to us."""


def address_of(endpoint: str) -> str:
    """Where logs are posted: OTLP's usual path, unless the endpoint names it itself."""
    plain = endpoint.rstrip("/")
    return plain if plain.endswith("/v1/logs") else f"{plain}/v1/logs"


def sayable(value: Any) -> Any:
    """The value with every text in it such that UTF-8 can say it: one odd letter would cost the whole batch."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {sayable(key): sayable(inner) for key, inner in value.items()}
        case list():
            return [sayable(inner) for inner in value]
        case _:
            return value


def _severity(level: int) -> SeverityNumber:
    """OpenTelemetry's number for a level of `logging`."""
    named = (
        (logging.CRITICAL, SeverityNumber.FATAL),
        (logging.ERROR, SeverityNumber.ERROR),
        (logging.WARNING, SeverityNumber.WARN),
        (logging.INFO, SeverityNumber.INFO),
    )
    return next((number for least, number in named if level >= least), SeverityNumber.DEBUG)


def _attributes(line: dict[str, Any]) -> dict[str, Any]:
    """A record's facts under the names that OpenTelemetry's conventions give them; ours under our own name."""
    known = {
        "code.location": line["where"],
        "process.pid": line["process"],
        "thread.name": line["thread"],
        "exception.stacktrace": line.get("error"),
        "code.stacktrace": line.get("stack"),
    }
    facts = {f"coupon_desk.{name}": value for name, value in line.get("facts", {}).items()}
    return {name: value for name, value in {**known, **facts}.items() if value is not None}
