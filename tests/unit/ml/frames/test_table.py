"""Public tables: delimiters, targets, keys and constants, each with its sentence."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import polars as pl
import pytest

from ml.errors import TableRefused
from ml.frames.table import prepare, read


def made(rows: int = 40) -> pl.DataFrame:
    """A small table with what public tables bring."""
    return pl.DataFrame(
        {
            "RowNumber": range(1, rows + 1),
            "name": [f"customer {i}" for i in range(rows)],
            "branch": ["all"] * rows,
            "charges": [" " if i == 3 else str(i % 7 + 0.5) for i in range(rows)],
            "plan": ["basic", "gold"] * (rows // 2),
            "ratio": [float("inf") if i == 5 else i % 5 / 5 for i in range(rows)],
            "Churn": ["Yes" if i % 4 == 0 else "No" for i in range(rows)],
        }
    )


def test_keys_and_constants_are_left_out_and_told() -> None:
    table = prepare(made(), "Churn")
    assert table.columns.numbers == ("charges", "ratio")
    assert table.columns.categories == ("plan",)
    told = " ".join(table.notes)
    for name in ("RowNumber counts the rows", "name names its rows", "branch is the same"):
        assert name in told
    assert "ratio: 1 values are not finite" in told
    assert table.frame["ratio"].null_count() == table.frame["charges"].null_count() == 1


def test_the_class_that_is_sought_is_the_word_or_the_rarer_one() -> None:
    assert prepare(made(), "Churn").sought == "Yes"
    assert prepare(made(), "Churn").target.mean() == 0.25
    assert prepare(made(), "Churn", positive="No").target.mean() == 0.75
    rarer = made().with_columns(Churn=pl.col("Churn").replace({"Yes": "out", "No": "in"}))
    assert prepare(rarer, "Churn").sought == "out"


def test_a_target_of_many_numbers_is_a_quantity() -> None:
    table = prepare(made().with_columns(Churn=pl.int_range(pl.len()) * 1.5), "Churn")
    assert not table.is_binary
    assert table.target[2] == 3.0


def test_rows_without_a_target_are_left_out_and_told() -> None:
    gaps = made().with_columns(
        Churn=pl.when(pl.int_range(pl.len()) < 4).then(None).otherwise("Churn")
    )
    table = prepare(gaps, "Churn")
    assert len(table.target) == 36
    assert "4 rows have no Churn" in table.notes[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "nope"}, "has no column nope; it has RowNumber"),
        ({"target": "branch"}, "one value only"),
        ({"target": "Churn", "positive": "Maybe"}, "never is Maybe"),
        ({"target": "Churn", "drop": ["charges", "plan", "ratio"]}, "no column is left"),
    ],
)
def test_a_table_that_cannot_be_judged_is_refused(options: dict, said: str) -> None:
    with pytest.raises(TableRefused, match=said):
        prepare(made(), **options)


def test_more_than_two_classes_want_one_to_be_named() -> None:
    frame = made().with_columns(kind=pl.Series(["a", "b", "c", "d"] * 10))
    with pytest.raises(TableRefused, match="--positive"):
        prepare(frame, "kind")
    assert prepare(frame, "kind", positive="b").target.mean() == 0.25


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


def test_dates_count_days() -> None:
    days = np.datetime64("2025-01-01") + np.arange(40) * 3
    frame = made().with_columns(opened=pl.Series(days).cast(pl.Date))
    table = prepare(frame, "Churn")
    assert table.frame["opened"][1] - table.frame["opened"][0] == 3


def test_classes_written_as_floats_are_classes() -> None:
    marks = pl.Series([1.0, 1.0, 1.0, 0.0] * 10)
    table = prepare(made().with_columns(Churn=marks), "Churn")
    assert (table.is_binary, table.sought, table.target.mean()) == (True, "1", 0.75)
    assert prepare(made().with_columns(Churn=marks), "Churn", positive="0").target.mean() == 0.25


def test_a_key_in_any_order_is_hinted_at() -> None:
    frame = pl.DataFrame({"key": [i * 7 % 101 for i in range(101)], "Churn": [0, 1, *[0] * 99]})
    assert "a key is left out with --drop" in " ".join(prepare(frame, "Churn").notes)


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%Y",
        "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.000Z",
    ],
)  # fmt: skip
def test_texts_that_are_dates_count_days(form: str) -> None:
    days = [date(2024, 1, 1) + timedelta(days=9 * i) for i in range(40)]
    frame = made().with_columns(opened=pl.Series([day.strftime(form) for day in days]))
    table = prepare(frame, "Churn")
    assert table.frame["opened"].diff().drop_nulls().to_list() == [9.0] * 39
    assert "opened is read as dates and counts in days." in table.notes


@pytest.mark.parametrize("form", ["%Y-%m", "%Y年%m月", "%b-%Y"])
def test_texts_that_are_months_count_from_their_first_day(form: str) -> None:
    months = [date(2022 + i // 12, i % 12 + 1, 1) for i in range(40)]
    frame = made().with_columns(opened=pl.Series([month.strftime(form) for month in months]))
    table = prepare(frame, "Churn")
    assert table.frame["opened"][12] - table.frame["opened"][0] == 365


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,234.50", "-12,000", "7", "1,000,000"], [1234.5, -12000.0, 7.0, 1e6]),
        (["10.5%", "7 %", "0%", "100%"], [10.5, 7.0, 0.0, 100.0]),
        (["¥12.30", "$1,200", "￥7", "RMB 8"], [12.3, 1200.0, 7.0, 8.0]),
    ],
)
def test_amounts_as_people_write_them_are_numbers(texts: list[str], numbers: list[float]) -> None:
    table = prepare(made().with_columns(amount=pl.Series(texts * 10)), "Churn")
    assert table.frame["amount"].to_list() == numbers * 10


@pytest.mark.parametrize(
    "texts",
    [["1,2", "3,4", "5", "6"], ["10%", "0.1", "20%", "0.2"], ["1-3", "4-6", "7-9", "10-12"]],
)
def test_what_might_be_either_stays_text(texts: list[str]) -> None:
    table = prepare(made().with_columns(amount=pl.Series(texts * 10)), "Churn")
    assert table.frame["amount"].dtype == pl.String


def text(tmp_path: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_an_infinite_target_is_left_out_and_counted() -> None:
    """400 rows of which 8 were infinite ended in an error that nobody foresaw."""
    rows = [float("inf") if i in (3, 7) else float("nan") if i == 9 else i * 1.5 for i in range(40)]
    table = prepare(made().with_columns(Churn=pl.Series(rows)), "Churn")
    assert len(table.target) == 37
    assert np.isfinite(table.target).all()
    assert table.notes[:2] == (
        "2 rows have an infinite Churn and are left out.",
        "1 rows have no Churn and are left out.",
    )


def test_a_blank_target_is_missing_and_no_class() -> None:
    words = ["Yes" if i % 4 == 0 else "  " if i < 6 else "No" for i in range(40)]
    frame = made().with_columns(Churn=pl.Series(words))
    for table in (prepare(frame, "Churn"), prepare(frame, "Churn", positive="Yes")):
        assert len(table.target) == 36
        assert "4 rows have no Churn" in table.notes[0]
    with pytest.raises(TableRefused, match="no row has a Churn that can be used"):
        prepare(made().with_columns(Churn=pl.lit(" ")), "Churn")


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
        ("gb.csv", b"a,b\n1,\xe3\xff\n", "既不是 UTF-8", "neither UTF-8 nor GB18030"),
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


def test_times_and_durations_are_numbers_and_nothing_nested_is_foretold() -> None:
    frame = pl.DataFrame({"y": [0, 1] * 50, "at": range(100), "took": range(100)}).with_columns(
        pl.from_epoch("at", time_unit="s").dt.time().alias("at"),
        pl.duration(minutes=pl.col("took") * 3 % 7).alias("took"),
        pl.concat_list("y").alias("nested"),
    )
    table = prepare(frame, "y")
    assert table.frame.select("at", "took").dtypes == [pl.Float64, pl.Float64]
    assert any("nested is of type List" in note for note in table.notes)
    with pytest.raises(TableRefused, match=r"nested is of type List.* cannot be foretold"):
        prepare(frame, "nested")
