"""The demo bank's parts: identifiers, the posting engine, shapes, and the queue of days."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import numpy as np
import pytest

from ingestion.demo_bank import land_next, write_demo_bank
from ingestion.demo_bank.accounts import PERSON_DEMAND, Accounts, no_accounts
from ingestion.demo_bank.changes import ChangeLog
from ingestion.demo_bank.identifiers import (
    credit_codes,
    mobiles,
    resident_checks,
    resident_ids,
    with_luhn,
)
from ingestion.demo_bank.postings import (
    COVER,
    FIXED,
    INTEREST,
    LAST,
    LAST_INTEREST,
    TYPE,
    Wishes,
    settle,
)
from ingestion.demo_bank.shape import (
    Shape,
    add_months_to_days,
    is_working_day,
    order_of,
    to_day,
)

END = dt.date(2025, 12, 31)
MARCH = Shape(100, 4, 1, dt.date(2025, 6, 30), 0).periods[0]


def is_valid_resident_id(text: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], weights, strict=True))
    return "10X98765432"[total % 11] == text[17]


def is_valid_credit_code(text: str) -> bool:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(sign) * pow(3, place, 31) for place, sign in enumerate(text[:17]))
    return alphabet[(31 - total % 31) % 31] == text[17]


@pytest.mark.parametrize("text", ["11010519491231002X", "53010219200508011X", "370101190102039973"])
def test_resident_checks_agree_with_published_examples(text: str) -> None:
    remainder = resident_checks(np.array([int(text[:17])]))[0]
    assert "10X98765432"[remainder] == text[17]
    assert is_valid_resident_id(text)


@pytest.mark.parametrize("text", ["91350100M000100Y43", "11320000MB151840XJ"])
def test_the_credit_code_rule_agrees_with_published_examples(text: str) -> None:
    assert is_valid_credit_code(text)
    assert not is_valid_credit_code("91350100M000100Y4Z")


def test_identifiers_are_valid_and_different() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    births = np.full(800, to_day(dt.date(1980, 2, 29)), np.int32)
    is_male = rng.random(800) < 0.5
    # Many people of one birthday: the sequence numbers of one region do not suffice.
    residents = resident_ids(births, is_male, rng).to_list()
    assert len(set(residents)) == 800
    assert all(is_valid_resident_id(text) and text[6:14] == "19800229" for text in residents)
    assert [int(text[16]) % 2 == 1 for text in residents] == is_male.tolist()
    codes = credit_codes(500, rng.random(500) < 0.2, rng).to_list()
    assert len(set(codes)) == 500
    assert all(is_valid_credit_code(code) for code in codes)
    assert {code[:2] for code in codes} == {"91", "12"}
    phones = mobiles(5_000, rng)
    assert len(np.unique(phones)) == 5_000
    assert all(len(str(phone)) == 11 for phone in phones)
    # The example of ISO/IEC 7812-1.
    assert with_luhn(np.array([7992739871])).tolist() == [79927398713]


def a_book(*balances: int) -> Accounts:
    """Demand accounts with these balances in fen, opened long ago."""
    book = no_accounts()
    count = len(balances)
    book.append(
        {
            "customer": np.arange(count),
            "product": PERSON_DEMAND,
            "organisation": np.full(count, 8),
            "opened": MARCH.start - 500,
            "weight": 1.0,
        }
    )
    book.balance[:] = balances
    return book


def test_wishes_are_scaled_down_to_what_there_is() -> None:
    """Half of the wishes are affordable: nobody is overdrawn, and amounts are whole yuan."""
    book = a_book(100_00)
    wishes = Wishes()
    wishes.add([0, 0], day=MARCH.start + 1, second=[1, 2], signed=-10_000)
    settled = settle(wishes.collect(), book, MARCH)
    assert settled.postings.signed.tolist() == [-4_900, -4_900]
    assert settled.balance_after.tolist() == [5_100, 200]
    assert book.balance.tolist() == [200]


def test_fixed_payments_are_covered_before_they_fall_due() -> None:
    book = a_book(50_00, 900_00)
    wishes = Wishes()
    wishes.add([0, 1], day=MARCH.start + 3, second=900, signed=-120_50, role=FIXED)
    wishes.add([0, 1], day=MARCH.start + 3, second=800, role=COVER)
    settled = settle(wishes.collect(), book, MARCH)
    assert settled.postings.signed.tolist() == [100_00, -120_50, -120_50]
    assert settled.balance_after.tolist() == [150_00, 29_50, 779_50]


def test_interest_counts_the_balance_of_each_day() -> None:
    """10,000 yuan for 9 days, 4,000 for 11; the 21st itself does not count yet."""
    book = a_book(1_000_000)
    wishes = Wishes()
    wishes.add([0], day=MARCH.start + 9, second=40_000, signed=-600_000)
    wishes.add(
        [0], day=MARCH.start + 20, second=10_800, role=INTEREST, type=TYPE["interest_credit"]
    )
    settled = settle(wishes.collect(), book, MARCH)
    fen_days = 1_000_000 * 9 + 400_000 * 11
    assert settled.postings.signed.tolist() == [-600_000, round(fen_days * 2_000 / 360e6)]
    # From the 21st on nothing is paid yet: eleven days at the new balance.
    assert book.accumulated.tolist() == [book.balance[0] * 11]


def test_a_closing_account_is_paid_out_to_the_fen_and_nothing_follows() -> None:
    book = a_book(777_777)
    book.accumulated[:] = 360_000_000
    wishes = Wishes()
    day = MARCH.start + 10
    wishes.add([0], day=day, second=100, role=LAST_INTEREST, type=TYPE["interest_credit"])
    wishes.add([0], day=day, second=101, role=LAST)
    wishes.add([0], day=day + 1, second=5, signed=12_300)
    settled = settle(wishes.collect(), book, MARCH)
    earned = round((360_000_000 + 777_777 * 10) * 2_000 / 360e6)
    assert settled.postings.signed.tolist() == [earned, -(777_777 + earned)]
    assert book.balance.tolist() == [0]


def test_a_fee_is_what_was_really_charged() -> None:
    book = a_book(3_00)
    wishes = Wishes()
    wishes.add([0], day=MARCH.start, second=5, signed=-500, fee=500, type=TYPE["fee"])
    settled = settle(wishes.collect(), book, MARCH)
    assert settled.postings.fee.tolist() == (-settled.postings.signed).tolist() == [200]


def test_changes_are_applied_in_order_of_time_whoever_noted_them() -> None:
    book = a_book(0, 0)
    log = ChangeLog()
    log.record(MARCH.start + 9, 0, "status", 3)
    log.record(MARCH.start + 2, 0, "status", 1)
    log.record(MARCH.start + 20, 1, "status", 2)
    assert log.apply(book, MARCH.start + 10).tolist() == [0]
    assert book.status.tolist() == [3, 0]
    assert log.apply(book, MARCH.start + 31).tolist() == [1]
    assert book.updated[1] == MARCH.start + 20


def test_months_are_added_as_banks_do() -> None:
    days = np.array([to_day(dt.date(2024, 1, 31)), to_day(dt.date(2024, 2, 29))], np.int32)
    moved = add_months_to_days(days, np.array([1, 12]))
    assert moved.tolist() == [to_day(dt.date(2024, 2, 29)), to_day(dt.date(2025, 2, 28))]


def test_orders_are_stable_for_small_and_for_huge_keys() -> None:
    assert order_of(np.array([3, 1, 3, 1])).tolist() == [1, 3, 0, 2]
    assert order_of(np.array([2**61, 1, 2**61])).tolist() == [1, 0, 2]
    assert order_of(np.array([], np.int64)).tolist() == []


def test_the_working_calendar_knows_holidays_and_make_up_days() -> None:
    assert not is_working_day(to_day(dt.date(2025, 10, 8)))
    assert is_working_day(to_day(dt.date(2025, 10, 11)))
    assert not is_working_day(to_day(dt.date(2025, 10, 12)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"customers": 10}, "customers must be at least 100"),
        ({"months": 0}, "months must be 1 to 120"),
        ({"days_ahead": -1}, "days_ahead must be 0 to 366"),
        ({"end_date": dt.date(2025, 12, 30)}, "end_date must be the last day of a month"),
    ],
)
def test_impossible_shapes_are_refused_with_a_sentence(
    tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    given = {"customers": 200, "months": 1, "seed": 1, "end_date": END, "days_ahead": 1} | change
    with pytest.raises(ValueError, match=sentence):
        write_demo_bank(tmp_path / "l", tmp_path / "u", tmp_path / "t", **given)


def test_the_truth_must_not_be_delivered(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="truth must not lie"):
        write_demo_bank(tmp_path / "l", tmp_path / "u", tmp_path / "l" / "truth", customers=100)


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_writes_the_same_bytes_and_another_one_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        root = tmp_path / name
        write_demo_bank(
            root / "landing", root / "upcoming", root / "truth",
            customers=120, months=2, seed=seed, days_ahead=2,
        )  # fmt: skip
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    other = digest(tmp_path / "three")
    assert (
        other["truth/churn_hazard.parquet"]
        != digest(tmp_path / "one")["truth/churn_hazard.parquet"]
    )


def test_scale_smoke(tmp_path: Path) -> None:
    """December, with its quarter's interest: some ten postings a customer; no day ahead."""
    report = write_demo_bank(
        tmp_path / "l", tmp_path / "u", tmp_path / "t", customers=3_000, months=1, days_ahead=0
    )
    assert 8 < report.transactions / 3_000 < 11
    assert 1.3 < report.accounts / report.customers < 1.7
    assert not (tmp_path / "u").exists()


def test_land_next_moves_one_day_after_the_other(tmp_path: Path) -> None:
    upcoming, landing = tmp_path / "upcoming", tmp_path / "landing"
    for name in ("2026-01-02", "2026-01-01", "notes"):
        (upcoming / name).mkdir(parents=True)
        (upcoming / name / "a.csv").write_text(name)
    assert land_next(upcoming, landing) == dt.date(2026, 1, 1)
    assert (landing / "2026-01-01" / "a.csv").read_text() == "2026-01-01"
    assert not (upcoming / "2026-01-01").exists()
    assert land_next(upcoming, landing) == dt.date(2026, 1, 2)
    assert land_next(upcoming, landing) is None
    assert land_next(tmp_path / "nowhere", landing) is None


def test_land_next_does_not_overwrite_a_day(tmp_path: Path) -> None:
    upcoming, landing = tmp_path / "upcoming", tmp_path / "landing"
    (upcoming / "2026-01-01").mkdir(parents=True)
    (landing / "2026-01-01").mkdir(parents=True)
    with pytest.raises(FileExistsError):
        land_next(upcoming, landing)
    assert (upcoming / "2026-01-01").is_dir()
