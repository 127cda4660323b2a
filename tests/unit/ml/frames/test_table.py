"""Public tables: keys, constants, dates and numbers as people write them, and what is told."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ml.errors import TableRefused
from ml.frames.table import prepare


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


def test_dates_count_days() -> None:
    days = np.datetime64("2025-01-01") + np.arange(40) * 3
    frame = made().with_columns(opened=pl.Series(days).cast(pl.Date))
    table = prepare(frame, "Churn")
    assert table.frame["opened"][1] - table.frame["opened"][0] == 3


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


DECIMALS = [f"{i % 3},{(i * 37) % 1000:03d}" for i in range(40)]


def test_decimal_commas_are_numbers_and_told() -> None:
    """0,123 of a file parted by semicolons was a name of its row, and 123 where it was short."""
    table = prepare(made().with_columns(amount=pl.Series(DECIMALS)), "Churn")
    assert table.frame["amount"].to_list() == [
        pytest.approx(i % 3 + (i * 37) % 1000 / 1000) for i in range(40)
    ]
    assert "amount has decimal commas: 0,5 is read as 0.5." in table.notes


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,234", "12,500", "7", "-3,100"], [1.234, 12.5, 7.0, -3.1]),
        (["1.234,50", "12.000,25", "7", "1.000.000"], [1234.5, 12000.25, 7.0, 1e6]),
        (["7,5", "8", "6,5", "9,0"], [7.5, 8.0, 6.5, 9.0]),
        (["1,5%", "12,25%", "7%", "0%"], [1.5, 12.25, 7.0, 0.0]),
    ],
)
def test_what_may_be_either_goes_by_the_other_columns(
    texts: list[str], numbers: list[float]
) -> None:
    frame = made().with_columns(amount=pl.Series(texts * 10), weight=pl.Series(DECIMALS))
    table = prepare(frame, "Churn")
    assert table.frame["amount"].to_list() == numbers * 10


def test_thousands_stay_thousands() -> None:
    frame = made().with_columns(
        price=pl.Series(["1,234", "12,500", "7", "900"] * 10),
        amount=pl.Series([f"{i},{(i * 37) % 1000:03d}.50" for i in range(1, 41)]),
        weight=pl.Series(DECIMALS),
    )
    table = prepare(frame, "Churn")
    assert table.frame["price"][:2].to_list() == [1234.0, 12500.0]
    assert table.frame["amount"][0] == 1037.5
    assert table.frame["weight"][1] == 1.037, "0,123 parts no thousands, whatever others do"
    told = " ".join(table.notes)
    assert "price has commas that may be decimal; they are read as parting thousands" in told
    assert "amount has commas" not in told


def test_points_among_decimal_commas_are_told() -> None:
    frame = made().with_columns(
        price=pl.Series([1.234 + i for i in range(40)]),
        share=pl.Series([i % 7 / 10 for i in range(40)]),
        weight=pl.Series(DECIMALS),
    )
    told = " ".join(prepare(frame, "Churn").notes)
    assert "price has points that may part thousands" in told
    assert "share has points" not in told
    assert "weight has points" not in told
    assert "price has points" not in " ".join(prepare(frame.drop("weight"), "Churn").notes)


@pytest.mark.parametrize("heading", ["^.*$", "^a.*$", "*", "count", "a__b", ""])
def test_a_heading_is_a_name_and_no_pattern(heading: str) -> None:
    """Polars takes ^.*$ and * for all columns, which ended in an error that nobody foresaw."""
    frame = (
        made().rename({"Churn": heading}).with_columns(abc=pl.Series([i % 3 for i in range(40)]))
    )
    assert prepare(frame, heading).target.mean() == 0.25
    frame = made().rename({"charges": heading})
    assert heading in prepare(frame, "Churn").columns.numbers
    numbers = made().rename({"ratio": heading})
    told = prepare(numbers, heading, is_quantity=True).notes
    assert f"1 rows have an infinite {heading} and are left out." in told
