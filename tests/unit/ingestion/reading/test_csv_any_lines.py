"""Whatever stands in an extract, every line of it is accounted for, and each at its own number."""

from __future__ import annotations

import random

import pytest

from tests.unit.ingestion.conftest import Deliver
from tests.unit.ingestion.made_up import HEADINGS, Reading

PIECES = [
    *("a", "b", '"', "|", ",", "\n", "\r", " ", "　", "\u200b", "é", "e\u0301", "张", "𠮷"),
    *("\x1a", "\0", '""', '"\n', '\n"', "1.5", "-", "20250131", "\t"),
]
USUAL = ["张三", "x", "", "1", "20250131"]


def _cell(chance: random.Random) -> str:
    odd = "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 3)))
    text = odd if chance.random() < 0.4 else chance.choice(USUAL)
    return '"' + text.replace('"', '""') + '"' if chance.random() < 0.4 else text


def _extract(chance: random.Random) -> bytes:
    """An extract whose records tell the line they begin on."""
    text, line = f"{HEADINGS}\n", 2
    for _ in range(chance.randint(1, 8)):
        cells = "|".join(_cell(chance) for _ in range(4))
        record = f"L{line}|{cells}" + chance.choice(["\n", "\n", "\n", "\r\n"])
        text, line = text + record, line + record.count("\n")
    data = (text[:-1] if chance.random() < 0.2 else text).encode("gb18030")
    if chance.random() < 0.2:
        place = chance.randrange(len(HEADINGS.encode("gb18030")) + 1, len(data))
        data = data[:place] + chance.choice([b"\xff", b"\x80", b"\x81"]) + data[place:]
    return data


def _check(reading: Reading) -> None:
    assert reading.adds_up()
    assert len(reading.refused) == reading.report.rows_quarantined
    assert all(refused.reasons for refused in reading.refused)
    for row in reading.rows:
        if row["serial_id"][1:].isdigit():
            assert row["serial_id"] == f"L{row['source_row']}"
    places = [row["source_row"] for row in reading.rows] + [r.row for r in reading.refused]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("seed", range(4))
def test_every_line_is_accounted_for(deliver: Deliver, seed: int) -> None:
    """A control character in a cell of two lines moved all line numbers below it by one.

    Then the quarantine showed sound rows without a reason, and the rows at fault were not in it.
    """
    chance = random.Random(seed)
    for _ in range(15):
        reading = deliver(_extract(chance))
        if reading.report.refusal is None:
            _check(reading)
        else:
            assert "GB18030" in reading.refusal.zh


def test_a_control_character_in_a_cell_of_two_lines_moves_nothing(deliver: Deliver) -> None:
    data = f'{HEADINGS}\nL2|"张\x01\n三"|20250131|1|\nL4|李四|20250131|2|\nL5||20250131|3|\n'
    reading = deliver(data)
    assert [(refused.row, refused.codes) for refused in reading.refused] == [
        (2, ["control"]),
        (5, ["missing"]),
    ]
    _check(reading)
