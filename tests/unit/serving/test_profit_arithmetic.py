"""The arithmetic behind `crm trace`, where rounding, days and shares could go wrong."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from serving.profit.account import Account
from serving.profit.bank import EMPLOYEE_COLUMNS, UNASSIGNED, UNIT_COLUMNS, Bank, Whole
from serving.profit.costing import pools
from serving.profit.lines import AccountMonth
from serving.profit.numbers import FIRST_DAY, divided, part_between, period_start, yuan
from serving.profit.pricing import average_life
from serving.profit.records import listed_starts
from serving.profit.visits import visit_lines, visit_work

JANUARY = dt.date(2025, 1, 1)
ALWAYS = {"valid_from_date": dt.date(1900, 1, 1), "valid_to_date": dt.date(9999, 12, 31)}
ACCOUNT: dict[str, Any] = {
    "customer_id": "c1", "product_id": "p", "organisation_id": "u", "manager_id": None,
    "currency_code": "CNY", "status_code": "open", "opened_date": dt.date(2024, 1, 1),
    "closed_date": None, "interest_rate": Decimal("0.0360"), "rate_type_code": "fixed",
    "term_months": None, "maturity_date": None, "reprice_date": None, "change_code": None,
}  # fmt: skip
RULE: dict[str, Any] = {
    "method_set_code": "matched", "product_id": "*", "method_code": "fixed_tenor",
    "tenor_months": 12, "core_share_rate": None, "overdraft_rate": None, "day_basis": 360,
}  # fmt: skip
BASE: dict[str, Any] = {
    "rule_set_code": "base", "ftp_method_set_code": "matched", "loss_method_code": "expected",
    "cost_method_code": "practical_capacity", "surtax_rate": Decimal("0.0036"),
    "income_tax_rate": Decimal("0.25"), "capital_ratio_rate": Decimal("0.105"),
    "hurdle_rate": Decimal("0.10"),
}  # fmt: skip


def _row(day: dt.date = dt.date(2025, 1, 31), **said: Any) -> dict[str, Any]:
    origin = {"batch_id": "b", "batch_precedence": None, "source_sheet": None, "source_row": 2}
    return {"business_date": day, "source_file": f"{day:%Y%m}.csv", **origin, **said}


def _account(name: str = "a", **said: Any) -> dict[str, Any]:
    return _row(account_id=name, **(ACCOUNT | said))


def _held(day: dt.date, amount: str, name: str = "a") -> dict[str, Any]:
    return _row(account_id=name, balance_date=day, balance_amount=Decimal(amount))


def _bank(pillar: str = "liability", **feeds: list[dict[str, Any]]) -> Bank:
    """A bank with one product of a pillar, a flat curve of two points, and one rule a pillar."""
    curve = [
        _row(curve_date=dt.date(2024, 6, 1), currency_code="CNY", tenor_months=tenor, ftp_rate=rate)
        for tenor, rate in ((0, Decimal("0.01")), (24, Decimal("0.03")))
    ]
    product = {"product_id": "p", "product_name": "P", "pillar_code": pillar, "day_basis": None}
    keys = [
        _row(entity_code=kind, source_id=name, pseudonym_key=key)
        for kind, name, key in (
            ("account", "a", 7), ("customer", "c1", 1), ("customer", "c2", 2), ("customer", "c3", 3)
        )
    ]  # fmt: skip
    kinds = (("liability", "non_maturity"), ("asset", "non_maturity"), ("asset", "overdraft"))
    rules: dict[str, list[dict[str, Any]]] = {
        "ftp_rule": [
            RULE | ALWAYS | {"pillar_code": side, "pricing_kind_code": kind} for side, kind in kinds
        ]
    }
    told = {"corebank__product": [_row(**product)], "treasury__ftp_curve": curve}
    known = told | {"vault__pseudonym": keys, "corebank__account": [_account()]} | feeds
    whole = Whole(JANUARY, JANUARY, JANUARY, JANUARY, frozenset())
    return Bank(known, rules, dt.date(2025, 1, 31), whole, "matched")


def _lines(bank: Bank) -> dict[int, dict[str, int | None]]:
    month = AccountMonth(Account(bank, "a"), JANUARY, pools(bank, JANUARY))
    return {
        key: {name: step.fen for name, step in lines.items()}
        for key, lines in month.lines(BASE).items()
    }


@pytest.mark.parametrize(
    ("number", "divisor", "expected"), [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (-4, 3, -1), (0, 9, 0)]
)
def test_halves_go_away_from_zero(number, divisor, expected):
    assert divided(number, divisor) == expected


def test_the_average_life_is_that_of_the_plan_of_instalments():
    """By fractions, instalment by instalment, for terms and rates as banks have them."""
    for term in (1, 2, 11, 12, 60, 359, 600):
        for rate in ("0.0001", "0.0345", "0.0690", "0.24", "0.99"):
            monthly = Fraction(rate) / 12
            weights = [(1 + monthly) ** month for month in range(term)]
            weighted = sum(place * weight for place, weight in enumerate(weights, 1))
            days = 30 * weighted / sum(weights)
            expected = divided(days.numerator, days.denominator)
            assert average_life(term, Decimal(rate), "equal_instalment") == expected
    assert average_life(24, Decimal("0.05"), "equal_principal") == 375
    assert average_life(24, None, "equal_instalment") == 375
    assert average_life(None, Decimal("0.05"), "equal_instalment") is None


def test_parts_of_three_holders_add_up():
    marks = [0, 33_333_334, 66_666_667, 100_000_000]
    for amount in (100, -100, 1, 99_999):
        parts = [part_between(amount, *pair) for pair in pairwise(marks)]
        assert sum(parts) == amount


@pytest.mark.parametrize(
    ("anchor", "months", "day", "expected"),
    [
        ("2024-12-31", 3, "2025-03-30", "2024-12-31"),
        ("2024-12-31", 3, "2025-03-31", "2025-03-31"),
        ("2024-11-30", 3, "2025-03-01", "2025-02-28"),
        ("2027-05-20", 12, "2025-05-19", "2024-05-20"),
    ],
)
def test_a_period_begins_a_whole_number_of_terms_from_its_anchor(anchor, months, day, expected):
    found = period_start(dt.date.fromisoformat(anchor), months, dt.date.fromisoformat(day))
    assert found == dt.date.fromisoformat(expected)


def test_a_deposit_bears_interest_and_earns_the_curve_by_the_day():
    """10 days of 36,000 and 21 of 72,000, at 3.6 % and at 2 % in the middle of the curve."""
    held = [_held(dt.date(2024, 12, 31), "36000"), _held(dt.date(2025, 1, 11), "72000")]
    lines = _lines(_bank(corebank__balance=held))[1]
    assert lines["interest_expense"] == -18_720
    assert lines["ftp"] == 10_400
    assert lines["income_tax"] == 2_080


def test_a_deposit_in_the_red_is_lent_money_at_its_own_rule():
    lines = _lines(_bank(corebank__balance=[_held(dt.date(2024, 12, 31), "-36000")]))[1]
    assert (lines["interest_income"], lines["interest_expense"]) == (11_160, 0)
    assert lines["ftp"] == -6_200


def test_a_balance_that_was_corrected_counts_as_it_was_delivered_last():
    wrong = _held(dt.date(2024, 12, 31), "99") | {"business_date": dt.date(2025, 1, 2)}
    right = _held(dt.date(2024, 12, 31), "36000")
    lines = _lines(_bank(corebank__balance=[right, wrong]))[1]
    assert lines["interest_expense"] == -11_160


def test_an_account_off_the_balance_feed_holds_what_was_posted():
    posted = _row(
        account_id="a", transaction_id="t", booked_date=dt.date(2025, 1, 22), amount=Decimal(36000),
        direction_code="credit", transaction_type_code="transfer_in", channel_code="counter",
        fee_amount=None, counterparty_bank_name=None,
    )  # fmt: skip
    lines = _lines(_bank(corebank__transaction=[posted]))[1]
    assert lines["interest_expense"] == -3_600


def test_what_the_ledger_booked_counts_before_the_contract():
    booked = _row(
        account_id="a", organisation_id="u", month_end_date=dt.date(2025, 1, 31),
        interest_income_amount=None, interest_expense_amount=Decimal("12.34"),
    )  # fmt: skip
    bank = _bank(
        corebank__balance=[_held(dt.date(2024, 12, 31), "36000")], corebank__accrual=[booked]
    )
    bank.whole = Whole(JANUARY, JANUARY, JANUARY, JANUARY, frozenset([JANUARY]))
    assert _lines(bank)[1]["interest_expense"] == -1_234


def test_without_a_price_neither_interest_nor_transfer_price_counts():
    bank = _bank(
        corebank__balance=[_held(dt.date(2024, 12, 31), "36000")],
        corebank__account=[_account(interest_rate=None)],
    )
    assert not any(_lines(bank)[1].values())
    step = AccountMonth(Account(bank, "a"), JANUARY, {}).prices("matched")[0].ftp_step
    assert step.how == "no_contract_rate"


def _dollars(**feeds: list[dict[str, Any]]) -> Bank:
    """A bank whose only account is in dollars, with a curve of dollars and a rate in mid-month."""
    curve = _row(
        curve_date=dt.date(2024, 6, 1), currency_code="USD", tenor_months=12,
        ftp_rate=Decimal("0.02"),
    )  # fmt: skip
    rates = [
        _row(currency_code="USD", rate_date=dt.date(2025, 1, day), exchange_price=Decimal(price))
        for day, price in ((15, "718.3600"), (31, "720.0000"))
    ]
    told = {
        "corebank__account": [_account(currency_code="USD")],
        "treasury__ftp_curve": [curve],
        "treasury__exchange_rate": rates,
    }
    return _bank(**(told | feeds))


def test_dollars_bear_in_yuan_at_the_rate_of_the_months_last_day():
    """31 days of 36,000 dollars are 8,035,200 yuan-days, at 3.6 % and at 2 %."""
    held = [_held(dt.date(2024, 12, 31), "36000")]
    fee = _row(
        account_id="a", transaction_id="t", booked_date=dt.date(2025, 1, 22),
        amount=Decimal("0.07"),
        direction_code="debit", transaction_type_code="fee", channel_code="counter",
        fee_amount=None, counterparty_bank_name=None, currency_code="USD",
    )  # fmt: skip
    lines = _lines(_dollars(corebank__balance=held, corebank__transaction=[fee]))[1]
    assert lines["interest_expense"] == -80_352
    assert lines["ftp"] == 44_640
    assert lines["fee_income"] == 50, "0.504 yuan"


def test_a_currency_without_a_rate_counts_nothing_and_says_so():
    """Never one for one; the rate of a later month is none of this one's."""
    late = _row(
        currency_code="USD", rate_date=dt.date(2025, 2, 3), exchange_price=Decimal("718.3600")
    )
    held = [_held(dt.date(2024, 12, 31), "36000")]
    bank = _dollars(corebank__balance=held, treasury__exchange_rate=[late])
    month = AccountMonth(Account(bank, "a"), JANUARY, pools(bank, JANUARY))
    assert {each.missing for each in month.prices("matched")} == {"no_exchange_rate"}
    assert not any(_lines(bank)[1].values())


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((None, None, None), {1: -3720, 2: -3720, 3: -3720}),
        (("0.5", "0.25", "0.25"), {1: -5580, 2: -2790, 3: -2790}),
        (("0.5", "0.25", None), {1: -5580, 2: -2790, UNASSIGNED: -2790}),
        # Nobody has a share: it counts whole at the customer on its record.
        (("0",), {1: -11_160}),
        (("0", "0", None), {1: -11_160}),
        (("1", "1", "1"), {1: -3720, 2: -3720, 3: -3720}),
    ],
)
def test_holders_have_their_parts_and_what_is_missing_is_nobodys(shares, expected):
    holders = [
        _row(
            account_id="a", customer_id=f"c{place}", role_code="joint", change_code=None,
            share_rate=None if rate is None else Decimal(rate),
        )
        for place, rate in enumerate(shares, 1)
    ]  # fmt: skip
    held = [_held(dt.date(2024, 12, 31), "36000")]
    lines = _lines(_bank(corebank__balance=held, corebank__account_holder=holders))
    assert {key: each["interest_expense"] for key, each in lines.items()} == expected


def test_a_visit_costs_its_minutes_at_the_pool_of_the_visitors_unit_unless_it_was_denied():
    """Of two visits of an hour one was denied; of the other's minutes a hundred cost 50 yuan."""
    day = dt.date(2025, 1, 20)
    visit = {"customer_id": "c1", "employee_id": "e", "visited_date": day, "duration_minutes": 60,
             "visit_way_code": "on_site"}  # fmt: skip
    pool = _row(
        organisation_id="u", cost_pool_code="CP", month_end_date=day, cost_amount=Decimal(50),
        practical_minutes=100,
    )  # fmt: skip
    unit = dict.fromkeys(UNIT_COLUMNS) | {"organisation_id": "u"}
    staff = dict.fromkeys(EMPLOYEE_COLUMNS) | {"employee_id": "e", "organisation_id": "u"}
    bank = _bank(
        fieldwork__visit=[
            _row(visited_time="0900", **visit),
            _row(visited_time="1000", **(visit | {"visited_date": dt.date(2025, 1, 21)})),
        ],
        fieldwork__callback=[
            _row(customer_id="c1", visited_employee_id="e", visited_date=dt.date(2025, 1, 21),
                 called_date=dt.date(2025, 1, 30), result_code="denied"),
        ],
        ledger__cost_pool=[pool],
        corebank__organisation=[_row(**unit)],
        corebank__employee=[_row(**staff)],
        corebank__customer=[_row(customer_id="c1", change_code=None)],
    )  # fmt: skip
    time = {"transaction_type_code": "customer_visit", "channel_code": "visit_on_site",
            "cost_pool_code": "CP", "base_minutes": Decimal(5)}  # fmt: skip
    front = {"cost_pool_code": "CP", "pool_kind_code": "front", "step_number": None,
             "driver_code": None, "standard_minute_amount": None}  # fmt: skip
    bank.rules = {
        **bank.rules,
        "activity_time": [time | ALWAYS],
        "cost_pool_rule": [front | ALWAYS],
        "visit_denial": [{"result_code": "denied", "counted_within_days": 28} | ALWAYS],
    }
    done = visit_work(bank, JANUARY)
    assert [(key, each.minutes) for key, pieces in done.items() for each in pieces] == [
        (1, 650_000)
    ]
    lines = visit_lines(bank, JANUARY, done[1], BASE, pools(bank, JANUARY))
    assert {name: step.fen for name, step in lines.items()} == {
        "direct_cost": -3_250, "indirect_cost": 0, "income_tax": 813,
    }  # fmt: skip


def test_a_member_that_a_list_left_out_is_another_when_it_comes_back():
    days = [dt.date(2025, 1, day) for day in (1, 2, 3, 4)]
    rows = [_row(day, name="x", colour=1) for day in (days[0], days[1], days[3])]
    rows += [_row(day, name="y", colour=1 if day < days[2] else 2) for day in days]
    starts = listed_starts(rows, "name", lambda row, _: row["colour"])
    assert starts == {"x": [FIRST_DAY, days[3]], "y": [FIRST_DAY, days[2]]}


def test_support_is_handed_down_in_whole_fen_to_pools_of_its_own_unit_first():
    """100.00 over 1 and 2 minutes of the own unit; what has no driver anywhere stays."""
    cost = {"month_end_date": dt.date(2025, 1, 31), "cost_pool_name": "x"}
    rows = [
        _row(organisation_id=unit, cost_pool_code=code, cost_amount=Decimal(amount),
             practical_minutes=minutes, **cost)
        for unit, code, amount, minutes in (
            ("u", "front1", "0", 1), ("u", "front2", "0", 2), ("v", "front1", "0", 9),
            ("u", "rent", "100", 0), ("v", "post", "50", 0),
        )
    ]  # fmt: skip
    rules = [
        {"cost_pool_code": code, "pool_kind_code": kind, "step_number": step, "driver_code": driver,
         "standard_minute_amount": None} | ALWAYS
        for code, kind, step, driver in (
            ("front1", "front", None, None), ("front2", "front", None, None),
            ("rent", "support", 1, "practical_minutes"), ("post", "support", 2, "posting_count"),
        )
    ]  # fmt: skip
    bank = _bank(ledger__cost_pool=rows)
    bank.rules = {**bank.rules, "cost_pool_rule": rules}
    found = {name: yuan(pool.full) for name, pool in pools(bank, JANUARY).items()}
    assert found["u", "front1"] == Decimal("33.33")
    assert found["u", "front2"] == Decimal("66.67")
    assert found["u", "rent"] == 0
    assert found["v", "front1"] == 0
    assert found["v", "post"] == 50
