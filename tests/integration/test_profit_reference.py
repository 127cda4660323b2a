"""The plain reference of transfer prices against cases worked out by hand.

It judges the warehouse's figures; here paper judges it, on a lake of a dozen rows.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from tests.integration.profit_reference import Reference

Rows = list[dict[str, Any]]
Bank = Callable[..., Reference]

JUNE = dt.date(2025, 6, 1)
NEVER = "9999-12-31"
PRODUCTS = {"1101": "liability", "1102": "liability", "2102": "asset", "2103": "asset"}
# Flat curves: what is read off them is the day's alone.
CURVES = {dt.date(2025, 1, 1): "0.02", dt.date(2025, 4, 30): "0.03", dt.date(2025, 6, 10): "0.04"}
RULE = (
    "method_set_code,pillar_code,pricing_kind_code,product_id,method_code,tenor_months,"
    "core_share_rate,core_share_source_code,overdraft_rate,day_basis"
)
RULES = [
    "matched,liability,term,*,straight_term,,,,,360",
    "matched,liability,non_maturity,*,fixed_tenor,12,,,,360",
    "matched,asset,bullet,*,straight_term,,,,,360",
    "matched,asset,amortising,*,average_life,,,,,360",
    "matched,asset,floating,*,repricing,3,,,,360",
    "matched,asset,overdraft,*,fixed_tenor,0,,,0.18,360",
]
ADD_ON = (
    "method_set_code,component_code,pillar_code,product_id,minimum_tenor_months,"
    "maximum_tenor_months,add_on_rate,valid_from_date,valid_to_date"
)


def record(day: str = "2025-01-01", **told: Any) -> dict[str, Any]:
    """An account's record as delivered on a day; a demand deposit unless told otherwise."""
    usual = dict.fromkeys(
        ("manager_id", "closed_date", "rate_type_code", "term_months", "maturity_date")
    ) | {
        "account_id": "A", "customer_id": "C", "organisation_id": "O", "currency_code": "CNY",
        "status_code": "active", "product_id": "1101", "interest_rate": Decimal("0.01"),
        "opened_date": dt.date(2025, 1, 1), "reprice_date": None,
    }  # fmt: skip
    return usual | told | {"business_date": dt.date.fromisoformat(day)}


def balance(day: str, amount: str) -> dict[str, Any]:
    at = dt.date.fromisoformat(day)
    told = {"account_id": "A", "balance_date": at, "business_date": at}
    return told | {"balance_amount": Decimal(amount)}


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """Lays a lake and rules, and returns the reference on it as at the end of June."""

    def lay(accounts: Rows, balances: Rows, loans: Rows = (), add_ons: list[str] = ()) -> Reference:  # type: ignore[assignment]
        products = [
            {"product_id": name, "pillar_code": pillar, "day_basis": 360, "business_date": JUNE}
            for name, pillar in PRODUCTS.items()
        ]
        curves = [
            {"curve_date": day, "currency_code": "CNY", "tenor_months": tenor,
             "ftp_rate": Decimal(rate), "business_date": day}
            for day, rate in CURVES.items() for tenor in (0, 60)
        ]  # fmt: skip
        feeds = {
            "corebank__account": accounts, "corebank__balance": balances,
            "corebank__product": products, "corebank__loan": list(loans),
            "treasury__ftp_curve": curves,
        }  # fmt: skip
        for feed, rows in feeds.items():
            folder = tmp_path / "lake" / feed / "batch"
            folder.mkdir(parents=True)
            places = {"batch_precedence": 0, "batch_id": "b"}
            told = [row | places | {"source_row": at} for at, row in enumerate(rows)]
            unused = {"account_id": "none", "repayment_method_code": "bullet"}
            table = pa.Table.from_pylist(
                told or [unused | places | {"business_date": JUNE, "source_row": 0}]
            )
            pq.write_table(table, folder / "rows.parquet")
        rules = tmp_path / "rules"
        rules.mkdir()
        dated = [f"{row},1900-01-01,{NEVER}" for row in RULES]
        for name, lines in {
            "ftp_rule": [f"{RULE},valid_from_date,valid_to_date", *dated],
            "ftp_add_on": [ADD_ON, *add_ons],
        }.items():
            (rules / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return Reference(tmp_path / "lake", rules, dt.date(2025, 6, 30))

    return lay


def june(reference: Reference) -> dict[str, float]:
    """Interest and components of the only account in June, those that are not 0."""
    (found,) = (each for _, month, each in reference.account_months() if month == JUNE)
    return {name: float(amount) for name, amount in found.items() if amount}


def test_a_deposit_in_the_red_is_money_lent(bank: Bank) -> None:
    """20 days of 36,000 at 1% against 3%, 10 days of -3,600 at 18% against 3%."""
    reference = bank([record()], [balance("2025-05-31", "36000"), balance("2025-06-21", "-3600")])
    # The curve of the first of the month prices both: 3% of the end of April.
    assert june(reference) == {"interest": -20.00 + 18.00, "base": 60.00 - 3.00}


def test_a_change_of_product_in_mid_month_is_priced_in_two_parts(bank: Bank) -> None:
    """15 days on demand at 1%, 15 days fixed for three months at 2%, from the day it was opened."""
    reference = bank(
        [
            record(),
            record("2025-06-16", product_id="1102", interest_rate=Decimal("0.02"), term_months=3,
                   opened_date=dt.date(2025, 6, 16), maturity_date=dt.date(2025, 9, 16)),
        ],
        [balance("2025-05-31", "36000")],
    )  # fmt: skip
    # 36,000 over 15 of 360 days is 1,500: 3% by the month, then 4% by the curve of 10 June.
    assert june(reference) == {"interest": -15.00 - 30.00, "base": 45.00 + 60.00}


def test_a_rollover_at_the_end_of_a_month_stays_there(bank: Bank) -> None:
    """Three months from 30 November roll on 28 February and on 30 May, not on the 28th."""
    reference = bank(
        [record(product_id="1102", term_months=3, opened_date=dt.date(2024, 11, 30),
                maturity_date=dt.date(2025, 8, 30))],
        [balance("2025-05-31", "36000")],
    )  # fmt: skip
    assert reference._begun(dt.date(2024, 11, 30), 3, dt.date(2025, 3, 1)) == dt.date(2025, 2, 28)
    assert reference._begun(dt.date(2024, 11, 30), 3, dt.date(2025, 5, 29)) == dt.date(2025, 2, 28)
    assert june(reference) == {"interest": -30.00, "base": 90.00}


def test_a_repricing_day_that_has_passed_moves_on_by_whole_periods(bank: Bank) -> None:
    """A loan repriced every three months, known of 15 July 2024: the last is 15 April, at 2%."""
    reference = bank(
        [record(product_id="2103", rate_type_code="floating", term_months=240,
                opened_date=dt.date(2020, 7, 15), maturity_date=dt.date(2040, 7, 15),
                reprice_date=dt.date(2024, 7, 15), interest_rate=Decimal("0.05"))],
        [balance("2025-05-31", "36000")],
    )  # fmt: skip
    assert june(reference) == {"interest": 150.00, "base": -60.00}


def test_an_add_on_is_the_one_that_held_when_the_loan_was_made(bank: Bank) -> None:
    """A bullet loan of 5 May: the add-on of June is not its own; that of the narrower band is."""
    reference = bank(
        [record(product_id="2102", term_months=12, opened_date=dt.date(2025, 5, 5),
                maturity_date=dt.date(2026, 5, 5), interest_rate=Decimal("0.05"))],
        [balance("2025-05-31", "36000")],
        add_ons=[
            f"matched,liquidity,asset,*,0,,0.001,1900-01-01,{NEVER}",
            "matched,liquidity,asset,*,12,,0.002,1900-01-01,2025-06-01",
            f"matched,liquidity,asset,*,12,,0.009,2025-06-01,{NEVER}",
            f"matched,policy,asset,*,0,12,0.005,1900-01-01,{NEVER}",
        ],
    )  # fmt: skip
    assert june(reference) == {"interest": 150.00, "base": -90.00, "liquidity": -6.00}


def test_equal_instalments_bind_their_money_longer_the_dearer_they_are() -> None:
    """Two instalments at 12%: 0.49751 and 0.50249 of the principal, 45.07 days on average."""
    life = Reference._average_life
    assert life(2, Decimal("0.12"), "equal_instalment") == 45
    assert life(12, Decimal("0.06"), "equal_instalment") == 197
    assert life(12, Decimal("0.06"), "equal_principal") == 195


def test_what_stays_is_the_lower_bound_of_the_path(bank: Bank, tmp_path: Path) -> None:
    """Monthly averages of 1,000 and 1,010 in turn; the quantiles are those of the textbook."""
    days = [f"2024-{month:02}-01" for month in range(11, 13)]
    days += [f"2025-{month:02}-01" for month in range(1, 7)]
    amounts = ["1000", "1010"] * 4
    reference = bank(
        [record("2024-11-01", opened_date=dt.date(2024, 11, 1))],
        [balance(day, amount) for day, amount in zip(days, amounts, strict=True)],
    )
    rule = Path(__file__).parents[2] / "dbt" / "seeds" / "rules" / "core_share_rule.csv"
    (tmp_path / "rules" / "core_share_rule.csv").write_bytes(rule.read_bytes())
    with rule.open(encoding="utf-8") as file:
        told = next(csv.DictReader(file))
    assert float(told["confidence_quantile"]) == pytest.approx(stats.norm.ppf(0.99), abs=1e-7)
    assert float(told["interval_quantile"]) == pytest.approx(stats.norm.ppf(0.975), abs=1e-7)
    # Six changes from November to May of +-0.00995, which deviate by 0.0109; June is not looked at.
    assert reference.core_share("1101", "CNY", JUNE) == Fraction("0.85885604")
    assert reference.core_share("1101", "CNY", dt.date(2025, 5, 1)) is None, "five are too few"
