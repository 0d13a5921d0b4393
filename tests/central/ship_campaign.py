"""The campaign: a trail is shipped to a real PostgreSQL while everything breaks, and then the entries are counted.

`make ship-campaign ENTRIES=1000000`, or `python -m tests.central.ship_campaign --entries 1000000`. Desks write and ship in
processes of their own, one or two on the same home; they are killed with SIGKILL at random moments. The network between them
and the database cuts requests, loses answers and is away for seconds; the server ends sessions in the middle of their work and
crashes. At the end every entry has to stand there once, in its place, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from coupon_desk.central.shipped import ShippedTrail
from coupon_desk.clock import SystemClock
from coupon_desk.storage.database import Database
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.shipped_verification import verify_shipped
from coupon_desk.trail.shipping import Shipment, Turn
from coupon_desk.trail.trail import Trail
from tests.central.rough_network import RoughNetwork, rough_network
from tests.surroundings.central_database import PASSWORD, CentralDatabase, central_database
from tests.surroundings.postgres_server import cluster, serving
from tests.trail.written import write_many

PROJECT = Path(__file__).parents[2]
DESK = "Ginza"
ROUGHNESS = 0.02
LONGEST_SILENCE_SECONDS = 120.0


@dataclass
class Outcome:
    """What a campaign came to. The first four must be 0."""

    entries: int = 0
    lost: int = 0
    twice: int = 0
    out_of_order: int = 0
    wrong: int = 0
    seconds: float = 0.0
    befell: Counter[str] = field(default_factory=Counter)
    alarms: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        return not (self.lost or self.twice or self.out_of_order or self.wrong or self.alarms)

    def lines(self) -> Iterator[str]:
        yield (
            f"{self.entries} entries in {self.seconds:.0f} s ({self.entries / max(self.seconds, 0.001):.0f}/s): "
            f"{self.lost} lost, {self.twice} twice, {self.out_of_order} out of order, {self.wrong} wrong"
        )
        yield "what befell them: " + (", ".join(f"{name} {count}" for name, count in sorted(self.befell.items())) or "nothing")
        yield from self.alarms


class Company:
    """A server that can crash, one central database on it, and the rough network before it."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self._everything = ExitStack()
        self._running = ExitStack()
        self._start()
        self.database: CentralDatabase = self._everything.enter_context(central_database(folder))
        self.network: RoughNetwork = self._everything.enter_context(rough_network(folder / ".s.PGSQL.5432", chance))
        self.url = self.database.url(self.database.add_desk(DESK), f"127.0.0.1:{self.network.port}")

    def end_sessions(self) -> None:
        """The administrator ends every session of the desk in the middle of its work."""
        self.database.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'coupon-desk%'")

    def crash(self) -> None:
        """The server ends as it stands, without having tidied up, and recovers when it comes back."""
        # Killing the first of its processes would leave the others at work in the data, and the next server refused.
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait()
        self._running.close()
        self._running = ExitStack()
        self._start()

    def without_guards(self, statement: str) -> None:
        """What only who owns the database can do: change or remove an entry."""
        self.database.ask("ALTER TABLE coupon_desk.entries DISABLE TRIGGER entries_stay")
        self.database.ask(statement)
        self.database.ask("ALTER TABLE coupon_desk.entries ENABLE ALWAYS TRIGGER entries_stay")

    def close(self) -> None:
        self._everything.close()
        self._running.close()

    def _start(self) -> None:
        # Little to recover from, so that it is soon back.
        self._server = self._running.enter_context(serving(self.folder, "-c", "max_wal_size=96MB"))


@contextmanager
def company(chance: random.Random) -> Iterator[Company]:
    """A company's server in a folder of its own."""
    with cluster() as folder:
        opened = Company(folder, chance)
        try:
            yield opened
        finally:
            opened.close()


class Campaign:
    """One trail shipped under fire."""

    def __init__(self, place: Company, file: Path, entries: int, seed: int, *, crashes: bool = True) -> None:
        self._company = place
        self._file = file
        self._entries = entries
        self._chance = random.Random(seed)
        self._crashes = crashes
        self._longest_peace_seconds = min(20.0, 4.0 + entries / 50_000)
        self._desks: list[subprocess.Popen[bytes]] = []
        self._outcome = Outcome(entries)

    def run(self) -> Outcome:
        """Ship everything, with all that befalls it, and count."""
        began = time.monotonic()
        self._company.network.roughness = ROUGHNESS
        seen, seen_at = 0, began
        try:
            self._kill_the_first()
            while not self._is_finished():
                while len(self._desks) < self._chance.choice((1, 1, 1, 2)):
                    self._start_desk()
                self._wait(self._chance.uniform(0.5, self._longest_peace_seconds))
                arrived = self._arrived()
                # On a busy computer a process takes long to begin: where nothing arrived it is mostly left in peace.
                if arrived > seen or self._chance.random() < 0.25:
                    self._befall()
                if arrived > seen:
                    seen, seen_at = arrived, time.monotonic()
                elif time.monotonic() - seen_at > LONGEST_SILENCE_SECONDS:
                    self._outcome.alarms.append(f"nothing arrived for {LONGEST_SILENCE_SECONDS:.0f} s after entry {seen}")
                    break
        finally:
            for desk in self._desks:
                desk.kill()
                desk.wait()
        self._outcome.seconds = time.monotonic() - began
        self._company.network.roughness = 0.0
        self._outcome.befell.update(self._company.network.broke)
        return self.count()

    def count(self) -> Outcome:
        """Look into the centre's own books."""
        ask, outcome = self._company.database.ask, self._outcome
        [(rows, places, most)] = ask(
            "SELECT count(*), count(DISTINCT sequence), coalesce(max(sequence), 0) FROM coupon_desk.entries WHERE desk = %s",
            DESK,
        )
        outcome.twice = rows - places
        outcome.lost = max(self._entries, most) - places
        [(outcome.out_of_order,)] = ask(
            "SELECT count(*) FROM (SELECT received_at < lag(received_at) OVER (ORDER BY sequence) AS is_early"
            " FROM coupon_desk.entries WHERE desk = %s) AS arrivals WHERE is_early",
            DESK,
        )
        database = Database.open(self._file)
        trail = Trail(database, Surroundings("till 3"), SystemClock())
        found = verify_shipped(ShippedTrail(self._company.database.open(DESK)), trail)
        outcome.wrong = 0 if found.is_intact and found.ours == rows else 1
        if found.trouble is not None:
            outcome.alarms.append(str(found.trouble))
        outcome.alarms += [f"{one.action}: {one.body}" for one in trail.between() if one.action.startswith("trail.shipping")]
        database.close()
        return outcome

    def _start_desk(self) -> None:
        command = [sys.executable, "-m", "tests.central.ship_process", str(self._file), self._company.url]
        self._desks.append(
            subprocess.Popen(
                [*command, str(self._entries), str(self._chance.randrange(1 << 30))],
                cwd=PROJECT,
                env={**os.environ, "PYTHONPATH": str(PROJECT), "PGPASSWORD": PASSWORD},
                stdin=subprocess.DEVNULL,
            )
        )
        self._outcome.befell["processes"] += 1

    def _is_finished(self) -> bool:
        """A desk that ends by itself has been told by the centre that everything is there."""
        ended = [desk for desk in self._desks if desk.poll() is not None]
        self._desks = [desk for desk in self._desks if desk not in ended]
        for desk in ended:
            if desk.returncode:
                self._outcome.alarms.append(f"a desk ended with {desk.returncode}")
        return bool(ended)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and all(desk.poll() is None for desk in self._desks):
            time.sleep(0.02)

    def _kill_the_first(self) -> None:
        """However fast the computer and however few the entries, one desk dies while it ships."""
        self._start_desk()
        while self._desks[0].poll() is None and not self._arrived():
            time.sleep(0.005)
        self._kill(self._desks[0])

    def _kill(self, desk: subprocess.Popen[bytes]) -> None:
        if desk.poll() is None:
            desk.kill()
            desk.wait()
            self._desks.remove(desk)
            self._outcome.befell["processes killed"] += 1

    def _befall(self) -> None:
        match self._chance.choices(("kill", "cut", "away", "end", "crash"), (8, 3, 2, 3, 1))[0]:
            case "kill" if self._desks:
                self._kill(self._chance.choice(self._desks))
            case "cut":
                self._company.network.cut_all()
            case "away":
                self._company.network.be_away(self._chance.uniform(0.5, 3.0))
            case "end":
                self._company.end_sessions()
                self._outcome.befell["sessions ended"] += 1
            case "crash" if self._crashes:
                self._company.crash()
                self._outcome.befell["server crashes"] += 1

    def _arrived(self) -> int:
        newest = "SELECT coalesce(max(sequence), 0) FROM coupon_desk.entries WHERE desk = %s"
        [(count,)] = self._company.database.ask(newest, DESK)
        return int(count)


def calm(place: Company, file: Path, entries: int) -> float:
    """Entries a second where nothing breaks: written before, shipped by one program, confirmed and kept."""
    database = Database.open(file)
    database.migrate()
    write_many(database, entries, "x" * 200)
    trail = Trail(database, Surroundings("till 3"), SystemClock())
    shipment = Shipment(database, trail, ShippedTrail(place.database.open("Calm")), SystemClock())
    began = time.monotonic()
    while shipment.ship_once() is Turn.MORE:
        pass
    seconds = time.monotonic() - began
    database.close()
    return entries / seconds


def main() -> int:
    """Run the campaign; 1 where an entry was lost, stands twice, out of order, or is another one."""
    parser = argparse.ArgumentParser(prog="make ship-campaign", description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000, help="how many entries are shipped")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn")
    parser.add_argument("--calm", type=int, default=20_000, help="how many are shipped first with nothing broken, for the rate")
    parser.add_argument("--json", type=Path, help="write what it came to into this file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, company(random.Random(asked.seed)) as place:
        rate = calm(place, Path(name) / "calm.sqlite3", asked.calm)
        print(f"{rate:.0f} entries a second where nothing breaks")
        outcome = Campaign(place, Path(name) / "desk.sqlite3", asked.entries, asked.seed).run()
    for line in outcome.lines():
        print(line)
    if asked.json:
        asked.json.write_text(json.dumps({**vars(outcome), "calm_entries_a_second": rate}, indent=2), encoding="utf-8")
    return 0 if outcome.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
