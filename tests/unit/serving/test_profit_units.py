"""What `crm trace` reckons for units, cause by cause, on a bank that fits on a page.

Account a holds 36,000 yuan all January at 3.6 percent; its record moves from unit u to v in
mid-month. Amounts in the tests are fen.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from serving.profit.account import ATTRIBUTES
from serving.profit.bank import EMPLOYEE_COLUMNS, NOWHERE, UNIT_COLUMNS, Bank, Whole
from serving.profit.published import Cause
from serving.profit.unit import LINES as LINES_OF_CAUSES
from serving.profit.unit import REST
from serving.profit.unit_trace import NOBODY, Reckoning

JANUARY = dt.date(2025, 1, 1)
END = dt.date(2025, 1, 31)
LATER = dt.date(2025, 2, 5)
ALWAYS = {"valid_from_date": dt.date(1900, 1, 1), "valid_to_date": dt.date(9999, 12, 31)}
BASE: dict[str, Any] = {
    "rule_set_code": "base", "ftp_method_set_code": "matched", "loss_method_code": "expected",
    "cost_method_code": "practical_capacity", "surtax_rate": Decimal("0.0036"),
    "income_tax_rate": Decimal("0.25"), "capital_ratio_rate": Decimal("0.105"),
    "hurdle_rate": Decimal("0.10"),
}  # fmt: skip
LINES = {
    "interest_income": "interest_income", "interest_expense": "interest_expense",
    "fee_income": "fee_income", "fee_expense": "fee_expense", "other_income": "other_income",
    "surtax": "surtax", "expected_loss": "impairment", "direct_cost": "operating_cost",
    "indirect_cost": "operating_cost", "unused_capacity": "operating_cost",
    "income_tax": "income_tax",
}  # fmt: skip
ACCOUNT_MAP = {
    "6411": "interest_expense", "6421": "fee_expense", "6601": "operating_cost",
    "6701": "impairment", "6801": "income_tax", "6403": "surtax",
}  # fmt: skip
SEED = Path(__file__).parents[3] / "dbt" / "seeds" / "reference" / "profit_cause.csv"
CAUSE_ROWS = list(csv.DictReader(SEED.read_text(encoding="utf-8").splitlines()))
CAUSES = {
    each["cause_code"]: Cause(
        each["cause_code"], each["cause_name_zh"], each["cause_name_en"],
        each["is_ledger_placement"] == "true",
    )
    for each in CAUSE_ROWS
}  # fmt: skip
Rows = list[dict[str, Any]]


def row(day: dt.date = END, **said: Any) -> dict[str, Any]:
    origin = {"batch_id": "b", "batch_precedence": None, "source_sheet": None, "source_row": 2}
    return {"business_date": day, "source_file": f"{day:%Y%m}.csv", **origin, **said}


def account(day: dt.date, unit: str, **said: Any) -> dict[str, Any]:
    usual = dict.fromkeys(ATTRIBUTES) | {
        "customer_id": "c", "product_id": "p", "currency_code": "CNY",
        "opened_date": dt.date(2024, 1, 1), "interest_rate": Decimal("0.0360"),
    }  # fmt: skip
    told = usual | {"organisation_id": unit, "change_code": None, "account_id": "a"} | said
    return row(day, **told)


def posting(name: str = "a", day: int = 10, fee: str = "5") -> dict[str, Any]:
    return row(
        transaction_id=f"{name}{day}", account_id=name, booked_date=dt.date(2025, 1, day),
        transaction_type_code="transfer_out", channel_code="counter", direction_code="debit",
        amount=Decimal(9), fee_amount=Decimal(fee), counterparty_bank_name=None,
    )  # fmt: skip


def accrual(unit: str, amount: str, name: str = "a") -> dict[str, Any]:
    return row(account_id=name, organisation_id=unit, month_end_date=END,
               interest_income_amount=None, interest_expense_amount=Decimal(amount))  # fmt: skip


def booked(unit: str, code: str, amount: str, day: dt.date = END) -> dict[str, Any]:
    """An expense in the ledger."""
    return row(organisation_id=unit, gl_account_code=f"{code}0101", gl_account_name="x",
               currency_code="CNY", month_end_date=day, debit_amount=Decimal(amount),
               credit_amount=Decimal(0))  # fmt: skip


def pool(minutes: int = 100) -> dict[str, Any]:
    return row(organisation_id="u", cost_pool_code="CP", month_end_date=END,
               cost_amount=Decimal(50), practical_minutes=minutes)  # fmt: skip


class Books:
    """All rows at once; treasury stands at unit v."""

    def __init__(self, **feeds: Rows) -> None:
        bridge = {"pillar_code": "liability", "pricing_kind_code": "non_maturity"}
        curve = row(curve_date=dt.date(2024, 6, 1), currency_code="CNY", tenor_months=12,
                    ftp_rate=Decimal("0.02"))  # fmt: skip
        pseudonyms = [
            row(entity_code=kind, source_id=name, pseudonym_key=key)
            for kind, name, key in (("account", "a", 7), ("customer", "c", 1))
        ]
        units = [row(**(dict.fromkeys(UNIT_COLUMNS) | {"organisation_id": n})) for n in ("u", "v")]
        usual: dict[str, Rows] = {
            "corebank__product": [row(product_id="p", product_name="P", pillar_code="liability",
                                      day_basis=360)],
            "treasury__ftp_curve": [curve],
            "vault__pseudonym": pseudonyms,
            "corebank__organisation": units,
            "corebank__account": [
                account(dt.date(2024, 12, 1), "u"), account(dt.date(2025, 1, 16), "v"),
            ],
            "corebank__balance": [
                row(account_id="a", balance_date=dt.date(2024, 12, 31),
                    balance_amount=Decimal(36000))
            ],
        }  # fmt: skip
        time = {"transaction_type_code": "transfer_out", "channel_code": "counter",
                "cost_pool_code": "CP", "base_minutes": Decimal(10)}  # fmt: skip
        visit = time | {"transaction_type_code": "customer_visit", "channel_code": "visit_on_site"}
        rules: dict[str, Rows] = {
            "ftp_rule": [ALWAYS | bridge | {
                "method_set_code": "matched", "product_id": "*", "method_code": "fixed_tenor",
                "tenor_months": 12, "core_share_rate": None, "overdraft_rate": None,
                "day_basis": 360}],
            "ftp_offset_unit": [
                ALWAYS | {"ftp_method_set_code": "matched", "organisation_id": "v"}],
            "activity_time": [ALWAYS | time, ALWAYS | visit],
            "cost_pool_rule": [ALWAYS | {
                "cost_pool_code": "CP", "pool_kind_code": "front", "step_number": None,
                "driver_code": None, "standard_minute_amount": Decimal("0.80")}],
            "gl_account_map": [
                ALWAYS | {"gl_account_prefix": code, "statement_line_code": line,
                          "statement_side_code": "expense"}
                for code, line in ACCOUNT_MAP.items()],
        }  # fmt: skip
        whole = Whole(
            JANUARY, JANUARY, JANUARY, JANUARY,
            frozenset([JANUARY] if "corebank__accrual" in feeds else []),
        )  # fmt: skip
        self.bank = Bank(usual | feeds, rules, END, whole, "matched")
        self.accounts: Sequence[str] = [NOBODY, "a"]

    def of(self, accounts: Sequence[str]) -> Bank:
        assert set(accounts) <= set(self.accounts)
        return self.bank


def figure(books: Books, unit: str, line: str, cause: str, **rules: Any) -> int | None:
    """A figure in fen; None where a unit cannot have it."""
    reckoning = Reckoning(books, unit, JANUARY, BASE | rules, LINES, CAUSES, opened=1)
    found = reckoning.figures([(line, cause)])
    return found[0][1].fen if found else None


def test_what_one_unit_books_and_another_counts_nets_to_nothing():
    books = Books(
        corebank__transaction=[posting()],
        corebank__accrual=[accrual("u", "10"), accrual("v", "2")],
        ledger__cost_pool=[pool()],
    )
    assert figure(books, "u", "fee_income", "booked_elsewhere") == 500
    assert figure(books, "v", "fee_income", "booked_elsewhere") == -500
    assert figure(books, "u", "interest_expense", "booked_elsewhere") == -1_000
    assert figure(books, "v", "interest_expense", "booked_elsewhere") == 1_000
    # Ten of the hundred minutes of a pool of 50 yuan.
    assert figure(books, "u", "direct_cost", "served_elsewhere") == -500
    assert figure(books, "v", "direct_cost", "served_elsewhere") == 500
    assert figure(books, "v", "fee_income", "account") == 500
    assert figure(books, "u", "fee_income", "account") == 0


def test_capacity_that_nobody_used_stays_with_its_unit_and_saves_it_tax():
    books = Books(corebank__transaction=[posting()], ledger__cost_pool=[pool()])
    assert figure(books, "u", "unused_capacity", "unused_capacity") == -4_500
    assert figure(books, "u", "income_tax", "unused_capacity") == 1_125
    absorbed = {"cost_method_code": "full_absorption"}
    books.bank.whole = Whole(
        JANUARY, JANUARY, JANUARY, JANUARY, frozenset(),
        used_minutes={(JANUARY, "u", "CP"): 100_000},
    )  # fmt: skip
    assert figure(books, "u", "unused_capacity", "unused_capacity", **absorbed) == 0


def test_interest_of_an_account_without_a_price_stands_under_what_it_lacks():
    books = Books(
        corebank__account=[account(dt.date(2024, 12, 1), "u", interest_rate=None)],
        corebank__accrual=[accrual("u", "12.34")],
    )
    assert figure(books, "u", "interest_expense", "no_contract_rate") == -1_234
    assert figure(books, "u", "interest_expense", "booked_elsewhere") == 0


def test_what_no_list_knows_is_nobodys_and_its_interest_still_the_units():
    books = Books(
        corebank__transaction=[posting("x", fee="3")],
        corebank__accrual=[accrual("u", "1", "x")],
    )
    assert figure(books, NOWHERE, "fee_income", "account") == 300
    assert figure(books, NOWHERE, "interest_expense", "booked_elsewhere") == 100
    assert figure(books, "u", "interest_expense", "booked_elsewhere") == -100


def test_treasury_stands_against_every_account_at_the_unit_of_the_rule():
    """36,000 for 31 days at 2 percent of 360 days."""
    books = Books()
    assert figure(books, "v", "ftp", "treasury") == -6_200
    assert figure(books, "v", "income_tax", "treasury") == 1_550
    assert figure(books, "u", "ftp", "treasury") is None


def test_the_ledger_less_accounts_and_what_finance_explains_has_its_cause():
    """111.60 by contract, 120 in the ledger, of which finance explains 3."""
    books = Books(
        ledger__gl_balance=[
            booked("v", "6411", "100"), booked("v", "6411", "120") | {"source_row": 3},
            booked("v", "6421", "4"), booked("v", "6701", "7"), booked("u", "6601", "50"),
            booked("v", "6403", "1"),
            booked("v", "6411", "999", dt.date(2024, 12, 31)),
            # As of the day before and delivered later: the month's last day holds all the same.
            booked("v", "6411", "888", dt.date(2025, 1, 30)) | {"business_date": LATER},
            booked("u", "6601", "49", dt.date(2025, 1, 30)),
        ],
        ledger__explanation=[
            row(organisation_id="v", statement_line_code="interest_expense", month_end_date=END,
                item_number=1, explained_amount=Decimal(-3), explanation_text="old",
                prepared_by_employee_id="e"),
        ],
        corebank__transaction=[posting()],
    )  # fmt: skip
    assert figure(books, "v", "interest_expense", "finance") == -300
    assert figure(books, "v", "income_tax", "finance") == 75
    assert figure(books, "v", "interest_expense", "contract_interest") == -12_000 + 11_160 + 300
    assert figure(books, "v", "fee_expense", "unit_level") == -400
    assert figure(books, "v", "surtax", "surtax_by_rule") == -100 + 2
    assert figure(books, "v", "expected_loss", "loss_by_rule") == -700
    provided = {"loss_method_code": "provision"}
    assert figure(books, "v", "expected_loss", "no_provision", **provided) == -700
    assert figure(books, "v", "expected_loss", "loss_by_rule", **provided) is None
    # Without pools ten minutes cost the standard eight yuan, where they were worked.
    assert figure(books, "u", "unused_capacity", "no_cost_pool") == -5_000 + 800
    assert figure(books, "u", "unused_capacity", "unused_capacity") is None
    # A month with booked interest or a unit's own pools has no such cause.
    with_pool = Books(ledger__cost_pool=[pool()], ledger__gl_balance=[booked("u", "6601", "50")])
    assert figure(with_pool, "u", "unused_capacity", "no_cost_pool") is None


def test_the_ledgers_income_tax_less_every_tax_of_the_rules():
    """The account's own: a quarter of -111.60 + 62 + 5 - 0.02 - 8; treasury's: of -62."""
    books = Books(
        corebank__transaction=[posting()],
        ledger__gl_balance=[booked("v", "6801", "30"), booked("v", "6421", "4")],
    )
    account_tax = figure(books, "v", "income_tax", "account")
    assert account_tax == 1_316
    # Contract interest, 111.60 that the ledger does not hold, and surtax, 0.02, are taxed too.
    taxes = 1_550 + 100 - 2_790 - 1
    assert figure(books, "v", "income_tax", "tax_by_rule") == -3_000 - account_tax - taxes
    without = Books(corebank__transaction=[posting()])
    assert figure(without, "v", "income_tax", "tax_by_rule") is None


@pytest.mark.parametrize(("home", "at_u", "at_v"), [("v", -3_500, 3_500), ("u", 0, 0)])
def test_a_visit_is_work_of_the_visitors_unit_at_the_customers(home, at_u, at_v):
    """Sixty minutes and ten by rule, of a hundred that cost 50."""
    day = dt.date(2025, 1, 20)
    staff = dict.fromkeys(EMPLOYEE_COLUMNS) | {"employee_id": "e", "organisation_id": "u"}
    books = Books(
        corebank__customer=[row(customer_id="c", organisation_id=home, change_code=None)],
        corebank__employee=[row(**staff)],
        fieldwork__visit=[
            row(customer_id="c", employee_id="e", visited_date=day, visited_time="0900",
                visit_way_code="on_site", duration_minutes=60)
        ],
        ledger__cost_pool=[pool()],
    )  # fmt: skip
    assert figure(books, "u", "direct_cost", "served_elsewhere") == at_u
    assert figure(books, "v", "direct_cost", "served_elsewhere") == at_v
    assert figure(books, home, "direct_cost", "account") == -3_500
    assert figure(books, home, "income_tax", "account") in (875, 875 + 1_240)
    assert figure(books, "u", "unused_capacity", "unused_capacity") == -5_000 + 3_500


def test_the_accounts_that_move_most_are_opened_and_the_others_told_together():
    books = Books(corebank__balance=[
        row(account_id=name, balance_date=dt.date(2024, 12, 31), balance_amount=Decimal(amount))
        for name, amount in (("a", 36000), ("z1", 360), ("z2", 720))
    ], corebank__account=[
        account(dt.date(2024, 12, 1), "v", account_id=name) for name in ("a", "z1", "z2")
    ])  # fmt: skip
    books.accounts = ["z1", "z2", "a"]
    reckoning = Reckoning(books, "v", JANUARY, BASE, LINES, CAUSES, opened=1)
    ((_, step),) = reckoning.figures([("ftp", "treasury")])
    first, others = step.parts
    assert (first.fen, others.fen) == (-6_200, -186)
    assert [each.feed for part in first.walk() for each in part.origins]
    assert [(each.fen, each.parts) for each in others.parts] == [(-124, ()), (-62, ())]


def test_every_published_cause_is_reckoned_and_none_besides():
    """What stands for a difference to the ledger is an explanation, but what is the unit's own."""
    assert set(LINES_OF_CAUSES) == set(CAUSES)
    explaining = {each["cause_code"] for each in CAUSE_ROWS if each["is_explanation"] == "true"}
    assert set(REST) - explaining == {"unit_level"}


def test_the_tax_of_a_cause_names_it_and_one_that_moves_amounts_bears_none():
    books = Books(
        corebank__transaction=[posting()],
        corebank__accrual=[accrual("u", "10"), accrual("v", "2")],
    )
    reckoning = Reckoning(books, "v", JANUARY, BASE, LINES, CAUSES)
    ((_, step),) = reckoning.figures([("income_tax", "treasury")])
    assert step.how == "-(-62.00 司库对方 Treasury's side) × 25%"
    assert not reckoning.figures([("income_tax", "booked_elsewhere")])
    moved = CAUSES | {"treasury": Cause("treasury", "", "", is_ledger_placement=True)}
    reckoning = Reckoning(books, "v", JANUARY, BASE, LINES, moved)
    assert not reckoning.figures([("income_tax", "treasury")]), "as the published table says"


def test_what_is_booked_and_measured_on_no_list_is_reckoned_once():
    """By the risk system's word it is an account of its own; what is booked for it is nobody's."""
    measured = row(
        account_id="x", month_end_date=END, rating_code=None, pd_rate=Decimal("0.02"),
        lgd_rate=Decimal("0.45"), undrawn_amount=Decimal(50000), provision_amount=Decimal(0),
        used_provision_amount=None,
    )  # fmt: skip
    books = Books(corebank__accrual=[accrual("u", "1", "x")], risk__account_measure=[measured])
    books.accounts = [NOBODY, "a", "x"]
    assert figure(books, "u", "interest_expense", "booked_elsewhere") == -100
    assert figure(books, NOWHERE, "interest_expense", "booked_elsewhere") == 100


def test_booked_interest_is_of_the_currency_of_the_day_it_was_booked():
    """Booked on the 20th in yuan: nothing of it is turned into yuan, one by one or in one go."""
    early = accrual("u", "0.03") | {"month_end_date": dt.date(2025, 1, 20)}
    books = Books(
        corebank__account=[
            account(dt.date(2024, 12, 1), "u"),
            account(dt.date(2025, 1, 25), "u", currency_code="USD"),
        ],
        treasury__exchange_rate=[
            row(currency_code="USD", rate_date=dt.date(2025, 1, 2),
                exchange_price=Decimal("718.36"))
        ],
        corebank__accrual=[early],
    )  # fmt: skip
    reckoning = Reckoning(books, "u", JANUARY, BASE, LINES, CAUSES, opened=1)
    ((_, step),) = reckoning.figures([("interest_expense", "fx_translation")])
    assert (step.fen, step.parts) == (0, ())


def test_interest_can_lack_an_exchange_rate_for_part_of_a_month():
    """Dollars without a rate until the 16th, then yuan: 12.34 booked in yuan, 57.60 by contract."""
    books = Books(
        corebank__account=[
            account(dt.date(2024, 12, 1), "u", currency_code="USD"),
            account(dt.date(2025, 1, 16), "u"),
        ],
        corebank__accrual=[accrual("u", "12.34")],
    )
    assert figure(books, "u", "interest_expense", "no_exchange_rate") == -1_234 + 5_760
    assert figure(books, "u", "interest_expense", "booked_elsewhere") == 0
