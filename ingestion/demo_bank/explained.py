"""What the ledger holds and no account does, item by item, as finance explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from ingestion.demo_bank.bank import BRANCHES, HEAD_OFFICE, ORGANISATIONS, Staff
from ingestion.demo_bank.shape import Period, Shape

_FINANCE: Final = ORGANISATIONS.index("0112")


@dataclass(frozen=True)
class Item:
    """One explained amount in fen; + raises the profit of the month."""

    unit: int
    line: str
    fen: int
    text: str


# Calendar month -> unit, line, yuan in a bank of 20,000 customers, why.
_YEARLY: Final = {
    3: (HEAD_OFFICE, "interest_income", -12_800,
        "审计调整:退还上年多收贷款利息,原借款户已结清销户"),
    5: (BRANCHES[0], "fee_income", 36_400, "代理保险手续费,保险公司与支行结算,不经客户账户"),
    11: (BRANCHES[0], "fee_income", 41_700, "代理保险手续费,保险公司与支行结算,不经客户账户"),
    12: (HEAD_OFFICE, "interest_expense", -7_300,
         "补付上年少计定期存款利息,原存款户已销户"),
}  # fmt: skip


def items_of(shape: Shape, period: Period) -> list[Item]:
    """The month's items; most months have none."""
    found = _YEARLY.get(period.first.month)
    if found is None:
        return []
    unit, line, yuan, text = found
    rng = shape.rng("explained", period.index)
    size = max(shape.customers / 20_000, 0.01)
    return [Item(unit, line, round(yuan * size * rng.uniform(80, 120)), text)]


def explanation_frame(items: list[Item], staff: Staff, period: Period) -> pl.DataFrame:
    """The items as finance lists them; numbers count within unit and line."""
    clerk = next(
        employee
        for employee in staff.with_post("back_office")
        if staff.organisations[employee] == _FINANCE
    )
    places = [(item.unit, item.line) for item in items]
    return pl.DataFrame(
        {
            "organisation_id": [ORGANISATIONS[item.unit] for item in items],
            "statement_line_code": [item.line for item in items],
            "month_end_date": [period.last] * len(items),
            "item_number": [places[: i + 1].count(place) for i, place in enumerate(places)],
            "explained_amount": [item.fen for item in items],
            "explanation_text": [item.text for item in items],
            "prepared_by_employee_id": [staff.ids[clerk]] * len(items),
        }
    )
