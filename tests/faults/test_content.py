"""F40 to F50: what stands in files; every row and fen is accounted for, and nothing is guessed."""

from __future__ import annotations

import random
import unicodedata
from decimal import Decimal

import pytest

from tests.faults import files
from tests.faults.desk import Desk, extract, line
from tests.faults.trial import Figures

pytestmark = pytest.mark.faults
HEADINGS = files.TRANSACTION.split("|")
SEED = 4050


def account(desk: Desk, figures: Figures, content: bytes) -> list[str]:
    """Read a file and enter what the oracle says of it; the codes of what was refused."""
    reading = desk.read(content)
    problems = desk.unaccounted(content, reading)
    figures.tried += 1
    figures.seed = SEED
    figures.rows_lost += sum("lost" in each for each in problems)
    figures.detected += reading.report.refusal is not None or bool(reading.refused)
    figures.recovered += not problems
    assert problems == [], problems[:5]
    refusal = reading.report.refusal
    return ["file"] if refusal else [code for row in reading.refused for code in row.codes]


@pytest.mark.case("F40", "columns added, removed, renamed, moved, doubled, blank, misspelt")
def test_headings_drift(desk: Desk, figures: Figures) -> None:
    """No column is ever taken by its place: values move with their headings or are refused."""
    rng = random.Random(SEED)
    rows = [line(n, 摘要=f"摘要{n}", 交易金额=f"{n}.10") for n in range(1, 6)]
    for variant in range(200):
        order = list(range(len(HEADINGS)))
        rng.shuffle(order)
        names = [HEADINGS[n] for n in order]
        cells = [[row.split("|")[n] for n in order] for row in rows]
        act = rng.choice(("move", "add", "drop", "rename", "double", "blank", "wide", "space"))
        at = rng.randrange(len(names))
        if act == "drop":
            del names[at]
            cells = [[c for n, c in enumerate(row) if n != at] for row in cells]
        elif act in ("add", "double", "blank"):
            names.insert(at, {"add": "不认识", "blank": ""}.get(act, names[at]))
            cells = [[*row[:at], "x", *row[at:]] for row in cells]
        elif act == "rename":
            names[at] = f"{names[at]}改"
        elif act == "wide":
            names[at] = f"{names[at]}　"
        elif act == "space":
            names[at] = f" {names[at]} "
        content = extract(*("|".join(row) for row in cells), headings="|".join(names))
        reading = desk.read(content)
        figures.tried += 1
        figures.detected += reading.report.refusal is not None
        if reading.report.refusal is None:
            texts = {row["transaction_id"]: row for row in reading.rows}
            for n in range(1, 6):
                row = texts[f"J{n:08d}"]
                assert row["amount"] == Decimal(f"{n}.10"), (variant, act)
                assert row["summary_text"] in (f"摘要{n}", None), (variant, act)
        figures.recovered += 1
    figures.seed = SEED
    assert figures.detected > 0


@pytest.mark.case("F41", "types drift after row 1,000")
def test_types_drift_late(desk: Desk, figures: Figures) -> None:
    for bad in ("C-0001", "未知", "12.345", "#N/A"):
        rows = [line(n, 交易金额="1.00" if n <= 1500 else "2.00") for n in range(1, 2001)]
        rows[1600] = line(1601, 交易金额=bad)
        codes = account(desk, figures, extract(*rows))
        assert len(codes) == 1


@pytest.mark.case("F42", "damaged bytes at random offsets")
def test_damaged_bytes(desk: Desk, figures: Figures) -> None:
    rng = random.Random(SEED)
    damaged = 0
    for _ in range(120):
        lines = [line(n, 对方户名=rng.choice(files.NAMES)) for n in range(1, 40)]
        content = bytearray(extract(*lines))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(extract()), len(content))
            if content[at] in b"\n|":
                continue
            content[at] = rng.choice((0xFF, 0x80, 0x00))
            damaged += 1
        account(desk, figures, bytes(content))
    figures.notes.append(f"bytes damaged: {damaged}")
    assert figures.detected > figures.tried * 0.9


@pytest.mark.case("F42", "the wrong encoding, marks at the beginning, UTF-16")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "big5hkscs"])
def test_other_encodings(desk: Desk, figures: Figures, encoding: str) -> None:
    rows = [line(n, 对方户名="张三") for n in range(1, 30)]
    text = extract(*rows, encoding="utf-8").decode()
    content = text.encode(encoding, errors="replace")
    reading = desk.read(content)
    figures.tried = 1
    figures.detected = reading.report.refusal is not None
    names = {row["counterparty_name"] for row in reading.rows}
    figures.recovered = names <= {"张三"}
    assert names <= {"张三"}


@pytest.mark.case("F43", "every Han character of the BMP, extension A, beyond, private use")
def test_characters_survive(desk: Desk, figures: Figures) -> None:
    ranges = ((0x4E00, 0x9FA6), (0x3400, 0x4DB6), (0x20000, 0x20200), (0xE000, 0xE100))
    texts = [chr(code) for first, last in ranges for code in range(first, last)]
    texts += ["€", "𠮷", "〇", "·", "・"]
    for first in range(0, len(texts), 4000):
        part = texts[first : first + 4000]
        rows = [line(n, 对方户名=f"王{text}氏") for n, text in enumerate(part, start=1)]
        reading = desk.read(extract(*rows))
        loaded = {row["source_row"]: row["counterparty_name"] for row in reading.rows}
        refused = {row.row for row in reading.refused}
        for number, text in enumerate(part, start=2):
            figures.tried += 1
            figures.detected += number in refused
            wanted = unicodedata.normalize("NFC", f"王{text}氏")
            figures.wrong_reads += number in loaded and loaded[number] != wanted
            figures.recovered += loaded.get(number) == wanted or number in refused
    assert figures.recovered == figures.tried
    assert figures.wrong_reads == 0


@pytest.mark.case("F44", "quotes that hold lines and delimiters, that never close; a line of 3 MB")
@pytest.mark.parametrize(
    "middle",
    ['"两\n行"', '"有|分隔"', '"没有结束', 'x"y', '""', "长" * 1_000_000, '"a""b"', "'单'"],
    ids=["lines", "delimiter", "open", "inner", "empty", "long", "doubled", "single"],
)
def test_quotes(desk: Desk, figures: Figures, middle: str) -> None:
    rows = [line(n) for n in range(1, 30)]
    rows.insert(10, line(99, 摘要=middle))
    content = extract(*rows)
    reading = desk.read(content)
    figures.tried = 1
    figures.detected = bool(reading.refused) or reading.report.refusal is not None
    if reading.report.refusal is None:
        assert reading.adds_up()
        found = {row["transaction_id"] for row in reading.rows}
        lost = {f"J{n:08d}" for n in range(1, 30)} - found
        # An open quote may take its own line along, never the good ones around it.
        figures.rows_lost = max(0, len(lost) - len(reading.refused))
        assert figures.rows_lost == 0
    figures.recovered = 1


VALUES = [
    "NaN",
    "inf",
    "-inf",
    "-0",
    "1e400",
    "1_000",
    "1e3",
    "¥12",
    "￥12.00",
    "1,234.50",
    "(12.00)",
    "（12.00）",
    "12.345",
    "12.",
    ".5",
    "+3",
    "-3",
    "-",
    "--",
    "/",
    "1234567890123456789",
    "12,34",
    "1",
    "234.5",
    "0x10",
    "１２３",
    "壹万",
    "3万",
    "1.5亿",
    "12.00元",
    "12.00-",
    "1/2",
    "true",
    "None",
    "0",
    "0.00",
]


@pytest.mark.case("F45", "amounts as nobody should write them")
def test_amounts(desk: Desk, figures: Figures) -> None:
    """Nothing becomes zero or null in silence: what is loaded is the number that stands there."""
    rows = [line(n) for n in range(1, 300)]
    plain = {"１２３": "123", "+3": "3", "12.": "12", ".5": "0.5"}
    for text in VALUES:
        reading = desk.read(extract(*rows, line(999, 交易后余额=text)))
        figures.tried += 1
        figures.detected += bool(reading.refused)
        found = [r for r in reading.rows if r["transaction_id"] == "J00000999"]
        assert len(found) + len(reading.refused) == 1, text
        if found:
            value = found[0]["balance_after_amount"]
            assert value is not None or text in ("-", "--", "/", "None"), text
            assert not (value == 0 and any(digit in text for digit in "123456789")), text
            digits = plain.get(text, text)
            if digits.replace(".", "", 1).removeprefix("-").isdigit() and digits.isascii():
                assert value == Decimal(digits), text
        figures.recovered += 1


@pytest.mark.case("F46", "negative balances and overdrafts")
def test_negative_balances_are_kept(desk: Desk, figures: Figures) -> None:
    rows = [line(n, 交易后余额=f"-{n}.05") for n in range(1, 101)]
    codes = account(desk, figures, extract(*rows))
    assert codes == []
    rows = [line(n, 交易金额=f"-{n}.05") for n in range(1, 3)] + [line(n) for n in range(3, 60)]
    assert len(account(desk, figures, extract(*rows))) == 2


@pytest.mark.case("F47", "currency missing, lower case, unknown, in words")
def test_currencies(desk: Desk, figures: Figures) -> None:
    for text in ("", "cny", "人民币", "CN", "CNYX", "¥"):
        rows = [line(n) for n in range(1, 60)]
        reading = desk.read(extract(*rows, line(999, 币种=text)))
        figures.tried += 1
        figures.detected += bool(reading.refused)
        figures.recovered += 1
        loaded = {row["currency_code"] for row in reading.rows}
        assert loaded == {"CNY"}, text


@pytest.mark.case("F48", "the same id twice, with the same values or with others")
def test_doubled_ids(desk: Desk, figures: Figures) -> None:
    rng = random.Random(SEED)
    for _ in range(60):
        rows = [line(n) for n in range(1, 80)]
        twins = rng.sample(range(79), 4)
        differ = rng.sample(twins, 2)
        rows += [line(n + 1, 交易金额="9.99") if n in differ else rows[n] for n in twins]
        rng.shuffle(rows)
        codes = account(desk, figures, extract(*rows))
        assert codes.count("duplicate") == 2
        assert codes.count("conflict") == 4


DATES = [
    "2026-02-29",
    "2024-02-29",
    "2026-13-01",
    "20260105",
    "2026/1/5",
    "2026.01.05",
    "2026年1月5日",
    "05/01/2026",
    "45000",
    "0001-01-01",
    "9999-12-31",
    "1900-01-00",
    "0000-00-00",
    "00000000",
    "昨天",
    "2026-1",
    "２０２６-01-05",
]


@pytest.mark.case("F50", "impossible, foreign and magic dates")
def test_dates(desk: Desk, figures: Figures) -> None:
    import datetime as dt

    sure = {"20260105", "2026/1/5", "2026.01.05", "2026年1月5日"}
    # The leap day is a day, but no posting of this delivery can be two years old.
    never = {"2026-02-29", "2026-13-01", "1900-01-00", "昨天", "2026-1", "45000", "05/01/2026"}
    never |= {"2024-02-29", "0001-01-01", "9999-12-31"}
    for text in DATES:
        rows = [line(n) for n in range(1, 60)]
        reading = desk.read(extract(*rows, line(999, 记账日期=text)))
        figures.tried += 1
        figures.detected += bool(reading.refused)
        found = [r["booked_date"] for r in reading.rows if r["transaction_id"] == "J00000999"]
        assert len(found) + len(reading.refused) == 1, text
        assert not (found and text in never), (text, found)
        if text in sure:
            assert found == [dt.date(2026, 1, 5)], text
        figures.recovered += 1
