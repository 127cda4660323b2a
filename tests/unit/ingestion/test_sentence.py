"""F69: what a sender writes cannot forge a line, colour a screen or turn a reading direction."""

from __future__ import annotations

import pytest

from ingestion.sentence import shown

TRICKS = {
    "a second line": "a\n2026-01-05 INFO crm.night published",
    "carriage return": "a\rb",
    "ansi colour": "\x1b[31mred\x1b[0m",
    "one byte ansi": "\x9b31m",
    "bell": "\x07",
    "nul": "a\x00b",
    "right to left override": "invoice\u202efdp.exe",
    "isolate": "\u2066a\u2069",
    "right to left mark": "a\u200fb",
    "arabic letter mark": "a\u061cb",
    "line separator": "a\u2028b",
    "zero width": "a\u200bb",
    "byte order mark": "\ufeffa",
    "soft hyphen": "a\u00adb",
    "word joiner": "a\u2060b",
    "hidden tag": "a\U000e0041b",
    "interlinear": "a\ufff9b",
    "blank that is a letter": "a\u3164b",
    "half a character": "a\ud800b",
}
PLAIN = ["走访台账_第一小组_202512.xlsx", "𠮷田·约翰", "a b", "１２３", "é", "{x} [red]"]


@pytest.mark.parametrize("name", TRICKS)
def test_tricks_are_written_out(name: str) -> None:
    said = shown(TRICKS[name])
    assert said.isprintable()
    assert "\\" in said
    said.encode("utf-8")


@pytest.mark.parametrize("text", PLAIN)
def test_what_can_be_read_stays(text: str) -> None:
    assert shown(text) == text


def test_a_long_text_is_cut() -> None:
    assert shown("长" * 100, 10) == "长" * 9 + "…"
