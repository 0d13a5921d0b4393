"""The program's log beside its file: as OpenTelemetry logs to the company's own collector, where one is configured.

Nothing of OpenTelemetry is loaded before that is asked for; its libraries are the optional extra `telemetry`.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from typing import Final

from coupon_desk.errors import ConfigurationError
from coupon_desk.logs.log import Log
from coupon_desk.words import msg

INSTALL: Final = 'pip install "coupon-desk[telemetry]"'
"""What brings the libraries."""

_NEEDED: Final = ("opentelemetry.sdk._logs", "opentelemetry.exporter.otlp.proto.http._log_exporter")


def ship(log: Log, endpoint: str, desk: str) -> None:
    """Send every record of this process to a collector too, until the log is closed; again is harmless.

    In the background, in batches, masked as the file is. A collector that is out of reach delays nothing: what does not fit
    into the bounded queue stays in the file alone. `desk` is this desk's name. Raises ConfigurationError without the libraries.
    """
    if not _is_installed():
        raise ConfigurationError(
            msg("The configuration sends program logs to a collector, but OpenTelemetry is not installed."),
            done=msg("Nothing was done."),
            todo=msg("Install it with “{command}”, or take “otlp_endpoint” out of the configuration.", command=INSTALL),
        )
    from coupon_desk.logs.collector import CollectorHandler

    if not log.goes_to(CollectorHandler):
        log.add(CollectorHandler(log.mask, endpoint, desk))


def _is_installed() -> bool:
    """Whether the libraries are there; looked up, not loaded."""
    with suppress(ModuleNotFoundError):
        return all(find_spec(name) is not None for name in _NEEDED)
    return False
