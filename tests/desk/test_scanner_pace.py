"""A scanner is told from a person by its pace, whatever it puts before and behind a code."""

from __future__ import annotations

import pytest

from coupon_desk.desk.scanner_pace import ECHO_MS, FASTEST_HANDS_MS, PREFIXED_MS, Heard, ScannerKeys, ScannerPace

CODE = "70934-AB12CD-500"


def scanned(pace: ScannerPace, text: str, *, every_ms: int = 8, begin_ms: int = 1000) -> list[Heard]:
    return [pace.hear(character, begin_ms + place * every_ms) for place, character in enumerate(text)]


@pytest.mark.parametrize(
    ("keys", "keyed", "every_ms"),
    [
        (ScannerKeys(), f"{CODE}\r", 0),
        (ScannerKeys(), f"{CODE}\n", FASTEST_HANDS_MS),
        (ScannerKeys("]C1"), f"]C1{CODE}\r", 8),
        (ScannerKeys("]C1"), f"{CODE}\r", 8),
        (ScannerKeys("]C1"), f"]C1{CODE}\r", PREFIXED_MS),
        (ScannerKeys(suffix="\t"), f"{CODE}\t", 8),
        (ScannerKeys(suffix="\r\n"), f"{CODE}\r", 8),
        (ScannerKeys("\x02", "\x03"), f"\x02{CODE}\x03", 8),
        (ScannerKeys("~", "##"), f"~{CODE}##", 8),
    ],
)
def test_what_comes_at_a_scanners_pace_is_a_scan(keys: ScannerKeys, keyed: str, every_ms: int) -> None:
    pace = ScannerPace(keys)
    heard = scanned(pace, keyed, every_ms=every_ms)
    assert (heard[0], set(heard[1:-1]), heard[-1]) == (Heard.BEGAN, {Heard.FAST}, Heard.ENDED)
    assert pace.text == CODE


def test_what_a_person_types_is_none_however_fast() -> None:
    assert set(scanned(ScannerPace(ScannerKeys()), f"{CODE}\r", every_ms=FASTEST_HANDS_MS + 1)) == {Heard.BEGAN}
    assert set(scanned(ScannerPace(ScannerKeys("~")), f"{CODE}\r", every_ms=FASTEST_HANDS_MS + 1)) == {Heard.BEGAN}


def test_two_keys_that_were_hit_together_are_no_scan() -> None:
    pace = ScannerPace(ScannerKeys())
    assert [pace.hear("4", 0), pace.hear("2", 5), pace.hear("\r", 10)] == [Heard.BEGAN, Heard.FAST, Heard.FAST]


def test_an_arrow_begins_anew() -> None:
    pace = ScannerPace(ScannerKeys())
    scanned(pace, CODE[:8])
    assert pace.hear("", 1070) is Heard.TYPED
    assert scanned(pace, f"{CODE[8:]}\r", begin_ms=1080)[-1] is Heard.ENDED
    assert pace.text == CODE[8:]


def test_the_second_half_of_a_line_end_belongs_to_the_scan_and_the_next_enter_to_a_person() -> None:
    pace = ScannerPace(ScannerKeys())
    scanned(pace, f"{CODE}\r", every_ms=0)
    pace.take()
    assert pace.hear("\n", 1000 + ECHO_MS) is Heard.ECHO
    assert pace.hear("\r", 1000 + ECHO_MS + 1) is Heard.BEGAN


def test_only_control_characters_of_the_scanner_are_its_own() -> None:
    keys = ScannerKeys("\x02~", "\x03\r")
    assert [keys.is_frame(text) for text in ("\x02", "\x03", "~", "\r", "\x06", "")] == [True, True, False, False, False, False]
