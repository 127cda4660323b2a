"""What the general ledger booked at a unit, and what finance explains of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from serving.profit.bank import Bank
from serving.profit.evidence import Row, Rule, Step, money, origin, rule
from serving.profit.numbers import fen, month_first, month_last
from serving.profit.records import newest

RESULT: Final = ("income", "expense")
_BOOKED: Final = (
    "organisation_id", "gl_account_code", "gl_account_name", "month_end_date", "debit_amount",
    "credit_amount",
)  # fmt: skip
_EXPLAINED: Final = (
    "organisation_id", "statement_line_code", "month_end_date", "item_number", "explained_amount",
    "explanation_text", "prepared_by_employee_id",
)  # fmt: skip


def is_delivered(bank: Bank, month: dt.date) -> bool:
    """Whether the ledger of a month was delivered: any income or expense of any unit."""
    digits = {
        each["gl_account_prefix"][:1]
        for each in bank.rules["gl_account_map"]
        if each["statement_side_code"] in RESULT
    }
    for row in _ledger_rows(bank, month):
        known = _mapped(bank, row)
        if known is None and row["gl_account_code"][:1] in digits:
            return True
        if known is not None and known["statement_side_code"] in RESULT:
            return True
    return False


def booked(bank: Bank, unit: str, month: dt.date, statement_line: str) -> Step:
    """What a unit's ledger holds of a statement line in a month, + for income.

    Args:
        bank: The bank, with its ledger and explanations of the month.
        unit: Number of the unit; "unassigned" for all that no list knows.
        month: First day of the month.
        statement_line: Code of the line in gl_account_map.
    """
    parts = []
    totals: dict[str, int] = defaultdict(int)
    for row in _ledger_rows(bank, month):
        known = _mapped(bank, row)
        if known is None or bank.unit(row["organisation_id"]) != unit:
            continue
        if known["statement_side_code"] in RESULT and (
            known["statement_line_code"] == statement_line
        ):
            debit, credit = fen(row["debit_amount"]), fen(row["credit_amount"])
            how = f"{money(credit)} 贷方 credits - {money(debit)} 借方 debits"
            exchange = bank.exchange(row["currency_code"], month)
            told = (origin("ledger__gl_balance", row, *_BOOKED), *exchange.origins)
            words = (f"科目 {row['gl_account_code']}", f"Account {row['gl_account_code']}")
            totals[exchange.currency] += credit - debit
            # Of another currency the sum is turned into yuan, not each account.
            own = credit - debit if exchange.is_own else None
            parts.append(Step(*words, own, how, told, (_map_rule(known),)))
    found = {each: bank.exchange(each, month) for each in totals}
    total = sum(found[each].yuan(amount) for each, amount in totals.items())
    how = " + ".join(found[each].how(totals[each]) for each in totals) if len(totals) > 1 else ""
    return Step("总账", f"Ledger: {statement_line}", total, how, parts=tuple(parts))


def explained(bank: Bank, unit: str, month: dt.date, statement_line: str) -> Step:
    """What finance explains of a statement line of a unit in a month."""
    rows = newest(
        bank.rows("ledger__explanation"),
        key=lambda row: (
            row["organisation_id"], row["statement_line_code"], row["month_end_date"],
            row["item_number"],
        ),
    ).values()  # fmt: skip
    # A month whose last day was mended is one month.
    latest: dict[tuple[str, int], Row] = {}
    for row in sorted(rows, key=lambda each: each["month_end_date"]):
        is_asked = (row["statement_line_code"], month_first(row["month_end_date"])) == (
            statement_line,
            month,
        )
        if is_asked and bank.unit(row["organisation_id"]) == unit:
            latest[row["organisation_id"], row["item_number"]] = row
    parts = tuple(
        Step(
            "财务说明", f"Explained: {row['explanation_text']}", fen(row["explained_amount"]),
            origins=(origin("ledger__explanation", row, *_EXPLAINED),),
        )
        for row in latest.values()
    )  # fmt: skip
    total = sum(part.fen or 0 for part in parts)
    return Step("财务说明合计", "Explained by finance", total, parts=parts)


def _ledger_rows(bank: Bank, month: dt.date) -> Iterator[Row]:
    rows = newest(
        bank.rows("ledger__gl_balance"),
        key=lambda row: (
            row["organisation_id"], row["gl_account_code"], row["currency_code"],
            row["month_end_date"],
        ),
    ).values()  # fmt: skip
    # A month whose last day was mended is one month.
    latest: dict[tuple[str, str, str], Row] = {}
    for row in sorted(rows, key=lambda each: each["month_end_date"]):
        if month_first(row["month_end_date"]) == month:
            latest[row["organisation_id"], row["gl_account_code"], row["currency_code"]] = row
    return iter(latest.values())


def _mapped(bank: Bank, row: Row) -> Row | None:
    """The rule of the longest prefix of a ledger account on the last counted day of its month."""
    code = row["gl_account_code"]
    fits = bank.rule(
        "gl_account_map",
        min(month_last(row["month_end_date"]), bank.until),
        lambda each: code.startswith(each["gl_account_prefix"]),
    )
    return min(
        fits,
        key=lambda each: (
            -len(each["gl_account_prefix"]), each["gl_account_prefix"], each["valid_from_date"]
        ),
        default=None,
    )  # fmt: skip


def _map_rule(known: Row) -> Rule:
    names = ("gl_account_prefix", "statement_line_code", "statement_side_code")
    return rule("rule.gl_account_map", known, *names)
