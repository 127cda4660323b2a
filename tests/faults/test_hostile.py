"""F60 to F69: files made to do harm; each is refused by name or read as plain data, and we live."""

from __future__ import annotations

import io
import os
import socket
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from ingestion.workers.process import Limits
from tests.faults import files
from tests.faults.desk import SHEET, Desk, extract, line
from tests.faults.trial import Figures
from tests.unit.ingestion import books
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import XLSX

pytestmark = pytest.mark.faults
PAYLOADS = ("x'; drop table t;--", "\"; attach 'x' as y; --", "$(touch hacked)", "{{ 1 }}", "%s%n")


def bomb(megabytes: int, name: str = books.SHEET) -> bytes:
    """A book whose sheet unpacks to so many megabytes of nothing."""
    return books.patched(
        books.typed(books.HEADING_ROW), {name: lambda p: p + b" " * (megabytes << 20)}
    )


def nested() -> bytes:
    inner = bomb(20)
    for _ in range(5):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("inner.zip", inner)
        inner = buffer.getvalue()
    return inner


def members(count: int) -> bytes:
    """A book with so many parts."""
    return books.patched(
        books.typed(books.HEADING_ROW), add={f"xl/media/{n}": b"" for n in range(count)}
    )


def entities(text: str) -> bytes:
    """A sheet that begins with a document type of its own."""
    return books.patched(
        books.typed(books.HEADING_ROW, books.GOOD),
        {books.SHEET: lambda p: p.replace(b"<worksheet", text.encode() + b"<worksheet", 1)},
    )


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{("&a" + str(n - 1) + ";") * 10}">' for n in range(1, 12))
    + "]>"
)
FAR = books.raw(f'<row r="1048576">{books.text_cell("XFD1048576", "x")}</row>')
REFUSED = {
    "F61 zip bomb": lambda: bomb(700),
    "F61 nested zip": nested,
    "F61 members": lambda: members(100_001),
    "F62 far cell": lambda: FAR,
    "F63 external entity": lambda: entities(
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    ),
    "F63 billion laughs": lambda: entities(LAUGHS),
    "F63 external DTD": lambda: entities('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'),
    "F64 macros": lambda: books.patched(
        books.typed(books.HEADING_ROW, books.GOOD), add={"xl/vbaProject.bin": b"\xd0\xcf"}
    ),
    "F64 external link": lambda: books.patched(
        books.typed(books.HEADING_ROW, books.GOOD),
        add={"xl/externalLinks/externalLink1.xml": b"<externalLink/>"},
    ),
    "F64 OLE": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096),
    "F64 text renamed": lambda: "流水号,户名".encode("gb18030"),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=pytest.mark.case(name[:3], f"hostile books: {name[:3]}"),
            id=name.replace(" ", "_"),
        )
        for name in REFUSED
    ],
)
def test_a_hostile_book_is_refused_and_the_night_lives(
    name: str, figures: Figures, tmp_path: Path
) -> None:
    """The good file beside it is loaded; the child stays within its memory."""
    house = House(tmp_path)
    house.land(XLSX, REFUSED[name]())
    house.land()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0)
    pending = house.receive().pending
    by_name = {r.source_file: r for r in house.extract(pending, limits=Limits(2 << 30, "500MB"))}
    report = by_name.pop(XLSX)
    figures.tried = 1
    figures.detected = report.state == "refused"
    with pytest.raises(BlockingIOError):
        listening.accept()
    listening.close()
    assert [each.state for each in by_name.values()] == ["loaded"]
    assert report.state == "refused", report
    assert report.refusal is not None
    assert "died" not in report.refusal.en, report.refusal.en
    figures.recovered = 1


@pytest.mark.case("F60", "sheets of 1,048,576 rows and of 16,384 columns")
@pytest.mark.parametrize("shape", ["rows", "columns"])
def test_the_largest_sheets(shape: str, figures: Figures, tmp_path: Path) -> None:
    import resource

    import xlsxwriter

    buffer = tmp_path / "large.xlsx"
    with xlsxwriter.Workbook(buffer, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, books.HEADING_ROW)
        if shape == "rows":
            for number in range(1, 1_048_576):
                sheet.write(number, 0, f"S{number}")
                sheet.write(number, 1, "张三")
        else:
            sheet.write_row(1, 0, ["x"] * 16_384)
    house = House(tmp_path)
    house.land(XLSX, buffer.read_bytes())
    (report,) = house.extract(house.receive().pending)
    figures.tried = 1
    figures.peak_mb = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    figures.worst_seconds = report.seconds
    assert report.state in ("loaded", "refused")
    if report.state == "loaded":
        rows = 1_048_575 if shape == "rows" else 1
        assert (report.rows_loaded or 0) + (report.rows_quarantined or 0) == rows
    figures.detected = report.state == "refused" or bool(report.rows_quarantined)
    figures.recovered = 1


@pytest.mark.case("F65", "error cells and formulas without a value")
def test_cells_without_a_value(figures: Figures, desk: Desk) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(files.TRANSACTION.split("|"))
    for number in range(1, 40):
        sheet.append(line(number).split("|"))
    bad = {5: "=A1*2", 9: "=NOW()", 13: "#REF!", 17: "#N/A", 21: "=SUM(B:B)"}
    for row, text in bad.items():
        sheet.cell(row, 6, text)
        figures.tried += 1
    buffer = io.BytesIO()
    book.save(buffer)
    reading = desk.read(buffer.getvalue(), SHEET)
    refused = {row.row for row in reading.refused}
    figures.detected = len(refused & bad.keys())
    assert reading.report.refusal is None, reading.report.refusal
    assert refused == set(bad)
    figures.recovered = figures.detected


@pytest.mark.case("F66", "names that climb, overflow or are no files; links, pipes, sockets")
def test_names_and_kinds_of_files(figures: Figures, tmp_path: Path) -> None:
    house = House(tmp_path / "home") if (tmp_path / "home").mkdir() is None else None
    assert house is not None
    outside = tmp_path / "secret.csv"
    outside.write_bytes(b"secret")
    name = "entry_20250131.csv"
    odd = ["..entry_20250131.csv", "entry_20250131.csv\n.csv", "~$entry_20250131.xlsx", "名" * 80]
    for each in odd:
        house.land(each)
        figures.tried += 1
    (house.landing / "a").mkdir()
    (house.landing / "a" / name).symlink_to(outside)
    (house.landing / "up").symlink_to(tmp_path)
    os.mkfifo(house.landing / "entry_20250130.csv")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(house.landing / "entry_20250129.csv"))
    figures.tried += 4
    climbing = books.patched(
        books.typed(books.HEADING_ROW, books.GOOD),
        add={"../../../climbed": b"x", "/climbed": b"x", "x" * 300: b"x"},
    )
    house.land(XLSX, climbing)
    figures.tried += 3
    before = {path for path in tmp_path.rglob("*") if not path.is_relative_to(house.path)}
    receipt = house.receive()
    house.extract(receipt.pending)
    server.close()
    after = {path for path in tmp_path.rglob("*") if not path.is_relative_to(house.path)}
    assert after == before
    assert not Path("/climbed").exists()
    kept = [path.read_bytes() for path in (house.path / "archive").rglob("*") if path.is_file()]
    assert b"secret" not in kept
    figures.detected = figures.recovered = figures.tried
    figures.notes.append("writes outside the home: 0")


@pytest.mark.case("F67", "SQL, shell and templates in names of files, sheets, columns and cells")
def test_injections_are_only_text(figures: Figures, tmp_path: Path, desk: Desk) -> None:
    for payload in PAYLOADS:
        figures.tried += 2
        rows = [line(n, 摘要=payload.replace('"', "”")) for n in range(1, 40)]
        reading = desk.read(extract(*rows))
        assert {row["summary_text"] for row in reading.rows} == {payload.replace('"', "”")}
        book = books.typed([*books.HEADING_ROW, payload], [*books.GOOD, payload])
        folder = tmp_path / f"house{figures.tried}"
        folder.mkdir()
        house = House(folder)
        house.land(XLSX, book)
        (report,) = house.extract(house.receive().pending)
        assert report.state in ("loaded", "refused")
        figures.recovered += 2
        assert not (Path.cwd() / "hacked").exists()
    figures.notes.append("payloads executed: 0")


@pytest.mark.case("F69", "control characters, ANSI codes and bidi overrides in names of files")
def test_names_do_not_forge_logs(figures: Figures, tmp_path: Path) -> None:
    house = House(tmp_path)
    marks = ("\x1b[31m", "\r", "\u202e", "\u2066", "\x07")
    for number, mark in enumerate(marks):
        house.land(f"d{number}/x{mark}y.csv")
        house.land(f"e{number}{mark}/entry_20250131.csv")
        figures.tried += 2
    receipt = house.receive()
    told = "".join(f"{note.zh}{note.en}" for note in receipt.notes)
    reports = house.extract(receipt.pending)
    told += "".join(str(report.refusal) for report in reports)
    assert not any(mark in told for mark in marks)
    figures.detected = figures.recovered = figures.tried


if sys.platform != "linux":
    pytest.skip("limits of memory are kept by Linux only", allow_module_level=True)
