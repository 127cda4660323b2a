"""The second look at a sheet: rows counted and odd cells found, however the XML is written."""

from __future__ import annotations

import pytest

from ingestion.reading.sheet_cells import Oddity
from ingestion.reading.sheet_scan import SheetFacts, SheetScan
from ingestion.sentence import RefusedFileError

WHERE = "书 工作表“一”"
SHEET = """<§worksheet><§cols><§col min='2' max='3' hidden='1'/></§cols><§sheetData>
<§row r='1'/>
<§row r='2' hidden='1'><§c r='B2'><§v>1</§v></§c></§row>
<§row r='4'><§c r='A4' s='9'/></§row>
<§row r='5'><§c r='C5' t='e'><§v>#N/A</§v></§c><§c r='D5' s='1'><§v>0.5</§v></§c></§row>
</§sheetData><§mergeCells><§mergeCell ref='A1:A3'/></§mergeCells></§worksheet>"""


def scan(text: str | bytes, size: int = 1 << 20) -> SheetFacts:
    data = text if isinstance(text, bytes) else text.encode()
    pieces = (data[n : n + size] for n in range(0, len(data), size))
    return SheetScan(WHERE, frozenset({1})).run(pieces)


def with_cell(cell: str) -> str:
    return f"<worksheet><sheetData><row r='3'>{cell}</row></sheetData></worksheet>"


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
@pytest.mark.parametrize("prefix", ["", "x:"])
def test_a_sheet_is_counted_however_it_comes_in_pieces(size: int, prefix: str) -> None:
    facts = scan(SHEET.replace("§", prefix), size)
    assert facts.rows == [2, 5]
    assert (facts.first_column, facts.width) == (2, 4)
    assert facts.oddities == {(5, 3): ("error", "#N/A")}
    assert facts.shown == {(4, 1): ([5], [b"0.5"])}
    assert facts.merges == [(1, 1, 3, 1)]
    assert (facts.hidden_rows, facts.hidden_columns) == ([2], [2, 3])


@pytest.mark.parametrize(
    ("cell", "oddity"),
    [
        ('<c r="B3" t="e"><v>#DIV/0!</v></c>', "error"),
        ('<c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "error"),
        ('<c r="B3"><f>A1</f></c>', "formula"),
        ('<c r="B3"><f>A1</f><v></v></c>', "formula"),
        ('<c r="B3"><f t="shared" si="0"/></c>', "formula"),
        ('<c r="B3"><v>1E15</v></c>', "damaged"),
        ('<c r="B3"><v>6222021234567890</v></c>', "damaged"),
        ('<c r="B3"><v>-1234567890123456</v></c>', "damaged"),
        ('<c r="B3"><f>TODAY()</f><v>45351</v></c>', "volatile"),
        ('<c r="B3"><f>1+now ( )</f><v>45351</v></c>', "volatile"),
        ('<c r="B3" t="str"><f>INDIRECT("A1")</f><v>x</v></c>', "volatile"),
        ('<c r="B3"><f>MYTODAY()+RANDOM()</f><v>1</v></c>', None),
        ('<c r="B3"><v>-1.5E+15</v></c>', "damaged"),
        ('<c r="B3"><v>1.0E16</v></c>', "damaged"),
        ('<c r="B3" t="str"><f>""</f><v></v></c>', None),
        ('<c r="B3" t="str"><f>A1</f><v>x</v></c>', None),
        ('<c r="B3"><f>A1</f><v>1</v></c>', None),
        ('<c r="B3"><v>999999999999999</v></c>', None),
        ('<c r="B3"><v>1E5</v></c>', None),
        ('<c r="B3" t="s"><v>1</v></c>', None),
        ('<c r="B3" t="s" s="1"><v>1</v></c>', None),
        ('<c r="B3" s="2"><v>0.5</v></c>', None),
        ('<c r="B3" t="inlineStr"><is><t>1234567890123456789</t></is></c>', None),
    ],
)
def test_a_cell_is_odd_or_not(cell: str, oddity: Oddity | None) -> None:
    facts = scan(with_cell(cell))
    assert {place: found for place, (found, _) in facts.oddities.items()} == (
        {} if oddity is None else {(3, 2): oddity}
    )


@pytest.mark.parametrize(
    ("cell", "is_shown"),
    [
        ('<c r="B3" s="1"><v>0.0345</v></c>', True),
        ("<c r='B3' s='1' t='n'><v>0.0345</v></c>", True),
        ('<c s="1" r="B3"><v>0.0345</v></c>', True),
        ('<c r="A3"/><c s="1"><v>0.0345</v></c>', True),
        ('<c r="B3" s="1"><f>A1</f><v>0.0345</v></c>', True),
        ('<c r="B3" s="2"><v>0.0345</v></c>', False),
        ('<c r="B3" s="11"><v>0.0345</v></c>', False),
        ('<c r="B3" s="1" t="s"><v>1</v></c>', False),
        ('<c r="B3" s="1"/>', False),
        ('<c r="B3" s="1" t="inlineStr"><is><t> s="1"&gt;</t></is></c>', False),
    ],
)
def test_a_number_of_a_style_is_told_however_it_is_written(cell: str, is_shown: bool) -> None:
    facts = scan(with_cell(cell).replace("<row r='3'>", "<row r='3' s='1' customFormat='1'>"))
    assert facts.shown == ({(2, 1): ([3], [b"0.0345"])} if is_shown else {})


def test_a_shared_formula_is_as_volatile_as_the_one_it_comes_from() -> None:
    facts = scan(
        '<worksheet><sheetData><row r="1"><c r="A1"><f t="shared" si="3">TODAY()</f><v>1</v></c>'
        '<c r="B1"><f t="shared" si="3"/><v>1</v></c><c r="C1"><f t="shared" si="4"/><v>1</v></c>'
        "</row></sheetData></worksheet>"
    )
    assert set(facts.oddities) == {(1, 1), (1, 2)}
    assert facts.formulas == {3: 1}


@pytest.mark.parametrize(
    "cells",
    [
        '<c r="A3"><v>1</v></c><c r="A3"><v>2</v></c>',
        '<c r="B3"><v>1</v></c><c r="A3"><v>2</v></c>',
        '<c r="AA3"><v>1</v></c><c r="Z3"><v>2</v></c>',
        '<c r="A4"><v>1</v></c>',
        '<c r="A33"><v>1</v></c>',
        "<c r='A3'><v>1</v></c><c r='A3'><v>2</v></c>",
        '<c s="1" r="A4"><v>1</v></c>',
        '<c><v>1</v></c><c r="A3"><v>2</v></c>',
    ],
)
def test_cells_out_of_place_are_refused(cells: str) -> None:
    """Of two cells of one place some programs show the first and some the last."""
    with pytest.raises(RefusedFileError) as caught:
        scan(with_cell(cells))
    assert f"{WHERE} 的第 3 行有重复、次序错乱或标错行号的单元格" in caught.value.sentence.zh
    assert "in row 3 that are there twice, out of order or" in caught.value.sentence.en


def test_comments_among_the_rows_are_refused() -> None:
    """A row inside a comment would be counted by this pass and seen by nobody else."""
    with pytest.raises(RefusedFileError, match="comments or raw text"):
        scan(with_cell('<!-- <row r="4"> --><c r="B3"><v>1</v></c>'))


@pytest.mark.parametrize(
    "cell", ['<c r="B3"/>', '<c r="B3" s="1"/>', '<c r="B3"><v></v></c>', '<c r="B3" s="9"></c>']
)
def test_a_row_of_formatted_blanks_holds_nothing(cell: str) -> None:
    """People draw borders to the end of the sheet."""
    facts = scan(with_cell(cell))
    assert (facts.rows, facts.width) == ([], 0)


def test_cells_without_references_stand_side_by_side() -> None:
    facts = scan(
        "<worksheet><sheetData><row><c><v>1</v></c><c t='e'><v>#N/A</v></c></row></sheetData>"
    )
    assert (facts.rows, facts.width, facts.oddities) == ([1], 2, {(1, 2): ("error", "#N/A")})


@pytest.mark.parametrize("numbers", [(2, 2), (3, 2), (1_048_577,), (2, 1_048_577)])
def test_rows_out_of_order_are_refused(numbers: tuple[int, ...]) -> None:
    """Of two rows of one number some programs show the first and some the last."""
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in numbers)
    with pytest.raises(RefusedFileError) as caught:
        scan(f"<worksheet><sheetData>{rows}</sheetData></worksheet>")
    assert f"{WHERE} 的第 {numbers[-1]} 行重复或次序错乱" in caught.value.sentence.zh
    assert f"has row {numbers[-1]} twice or out of order" in caught.value.sentence.en


def test_an_empty_row_out_of_order_is_refused_too() -> None:
    rows = '<row r="3"><c r="A3"><v>1</v></c></row><row r="2"/><row r="4"><c><v>1</v></c></row>'
    with pytest.raises(RefusedFileError, match="has row 2 twice or out of order"):
        scan(f"<worksheet><sheetData>{rows}</sheetData></worksheet>")


@pytest.mark.parametrize("text", ["<!DOCTYPE a>", "<!doctype a>", '<!ENTITY x "y">'])
def test_entities_are_refused_before_any_row(text: str) -> None:
    with pytest.raises(RefusedFileError, match="security risk"):
        scan(f"{text}<worksheet><sheetData/></worksheet>")


@pytest.mark.parametrize("text", [b"", b"no xml", b"<worksheet/>", b"<html><sheetData/></html>"])
def test_what_is_no_sheet_holds_no_rows(text: bytes) -> None:
    assert scan(text).rows == []


def test_stray_cells_far_out_are_refused_before_a_reader_makes_room_for_them() -> None:
    """A reader asked for 33 GB and took its process down; the file has five thousand bytes."""
    with pytest.raises(RefusedFileError) as caught:
        scan('<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
             "</sheetData></worksheet>")  # fmt: skip
    assert "的数据区域达到 1,048,576 行 16,384 列" in caught.value.sentence.zh
    assert "delete the stray cells and save it again" in caught.value.sentence.en
