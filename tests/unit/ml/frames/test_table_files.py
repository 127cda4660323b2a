"""Files of public tables: delimiters, encodings and headings, each refusal a sentence."""

from pathlib import Path

import openpyxl
import pytest

from ml.errors import TableRefused
from ml.frames.table import prepare
from ml.frames.table_files import read
from tests.unit.ml.frames.test_table import made


def text(tmp_path: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "table.csv"
    made().write_csv(path, separator=delimiter)
    assert read(path).columns == made().columns


def test_gb18030_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("地区,流失\n城关,是\n城郊,否\n".encode("gb18030"))
    assert read(path).rows() == [("城关", "是"), ("城郊", "否")]


@pytest.mark.parametrize(
    ("text", "said"), [(None, "no file"), ("", "is empty"), ("a,b\n", "no rows")]
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "table.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(TableRefused, match=said):
        read(path)


def test_a_target_that_stands_twice_is_refused_with_its_places(tmp_path: Path) -> None:
    """The first was taken without a word, and the other one told the answer."""
    lines = [f"{i % 7},{i % 2},{i % 5},{i % 2}" for i in range(40)]
    frame = read(text(tmp_path, "a,y,b,y\n" + "\n".join(lines)))
    with pytest.raises(TableRefused, match=r"y stands 2 times .*: y \[column 2\], y \[column 4\]"):
        prepare(frame, "y")
    assert "y [column 4]" in prepare(frame, "y [column 2]", drop=["b"]).columns.numbers
    assert prepare(frame, "y [column 2]", drop=["y [column 4]"]).columns.numbers == ("a", "b")


def test_other_headings_that_stand_twice_are_told_and_dropped_together(tmp_path: Path) -> None:
    lines = [f"{i % 7},{i % 2},{i % 5},{i % 3}" for i in range(40)]
    frame = read(text(tmp_path, "a,y,a,b\n" + "\n".join(lines)))
    told = prepare(frame, "y").notes[0]
    assert told == "a stands more than once as a heading: a [column 1], a [column 3]."
    assert prepare(frame, "y", drop=["a"]).columns.numbers == ("b",)


def test_doubled_headings_of_a_sheet_are_known_by_their_places(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["a", "y", "y"], *([i % 7, i % 2, i % 3] for i in range(40))):
        book.active.append(row)
    book.save(tmp_path / "table.xlsx")
    assert read(tmp_path / "table.xlsx").columns == ["a", "y [column 2]", "y [column 3]"]


def test_a_title_above_the_headings_is_hinted_at(tmp_path: Path) -> None:
    frame = read(text(tmp_path, "名单,,\na,b,y\n1,2,0\n"))
    with pytest.raises(TableRefused, match="row 1 is mostly empty and looks like a title") as told:
        prepare(frame, "y")
    assert "像是表名" in told.value.sentence[0]


@pytest.mark.parametrize(
    ("name", "content", "zh", "en"),
    [
        ("ragged.csv", "a,b\n1,2\n3,4,5\n", "列数多", "more cells than there are headings"),
        ("gb.csv", b"a,b\n1,\xe3\xff\n", "不是 UTF-8", "cannot be told whether"),
        ("table.parquet", b"PAR?", "原话", "the program that reads it says"),
    ],
)
def test_what_the_library_says_is_its_own_words(
    tmp_path: Path, name: str, content: str | bytes, zh: str, en: str
) -> None:
    with pytest.raises(TableRefused) as told:
        read(text(tmp_path, content, name))
    assert zh in told.value.sentence[0]
    assert en in told.value.sentence[1]
    assert "truncate_ragged_lines" not in told.value.sentence[0]


def test_an_empty_sheet_is_empty(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "table.xlsx")
    with pytest.raises(TableRefused, match="is empty: not even headings"):
        read(tmp_path / "table.xlsx")


@pytest.mark.parametrize("content", [b"", b"PK no sheet", bytes(range(256)) * 20])
def test_a_broken_sheet_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TableRefused, match=r"table\.xlsx cannot be read as a table"):
        read(text(tmp_path, content, "table.xlsx"))


@pytest.mark.parametrize(
    ("content", "codec", "rows"),
    [
        # Each of these bytes and the letter after it are a Chinese sign in GB18030.
        ("city,y\nMálaga,1\nCórdoba,0\n", "latin-1", [("Málaga", 1), ("Córdoba", 0)]),
        ("city,y\ncafé,1\nGdañ – €,0\n", "cp1252", [("café", 1), ("Gdañ – €", 0)]),
    ],
)
def test_western_text_is_told_from_chinese(
    tmp_path: Path, content: str, codec: str, rows: list[tuple[str, int]]
) -> None:
    """Málaga was read as M醠aga without a word, and café was refused."""
    notes: list[str] = []
    assert read(text(tmp_path, content.encode(codec)), notes).rows() == rows
    assert notes == [f'The file is not UTF-8; it is read as Windows-1252, such as "{rows[0][0]}".']


@pytest.mark.parametrize("word", ["城关", "朱镕基", "ئۇيغۇر", "བོད་ཡིག"])
def test_text_of_china_is_told_from_western(tmp_path: Path, word: str) -> None:
    notes: list[str] = []
    raw = f"a,y\n{word},1\n".encode("gb18030")
    assert read(text(tmp_path, raw), notes).rows() == [(word, 1)]
    assert "it is read as GB18030" in notes[0]


def test_text_that_may_be_either_is_refused(tmp_path: Path) -> None:
    raw = b"caf\xe9,y\n\xb3\xc7\xb9\xd8,1\n"
    assert raw.decode("cp1252")
    with pytest.raises(TableRefused, match="cannot be told whether"):
        read(text(tmp_path, raw))


def test_utf8_is_read_without_a_word(tmp_path: Path) -> None:
    notes: list[str] = []
    assert read(text(tmp_path, "city,y\nMálaga,1\n"), notes).item(0, 0) == "Málaga"
    assert notes == []


def test_a_file_of_decimal_commas_is_read(tmp_path: Path) -> None:
    lines = [f"0,{(i * 37) % 1000:03d};{i % 2};k{i % 3}" for i in range(40)]
    table = prepare(read(text(tmp_path, "rate;y;kind\n" + "\n".join(lines))), "y")
    assert table.columns.numbers == ("rate",)
    assert table.frame["rate"][1] == 0.037
