"""The list of consents: most agree, some take it back, and it has the slips of who keeps it."""

from __future__ import annotations

from collections import Counter

from tests.unit.ingestion.demo_bank.written_bank import Bank


def test_most_agree_and_nobody_takes_back_what_he_never_gave(bank: Bank) -> None:
    rows = bank.rows("marketing__consent")
    given = {
        row["customer_id"]: row["changed_date"] for row in rows if row["consent_code"] == "同意"
    }
    back = {
        row["customer_id"]: row["changed_date"] for row in rows if row["consent_code"] == "撤回"
    }
    customers = {row["customer_id"] for row in bank.rows("corebank__customer")}
    assert 0.6 < len(given.keys() & customers) / len(customers) < 0.9
    assert 0 < len(back) < len(given) / 5
    assert all(given[customer] < day for customer, day in back.items())


def test_a_list_repeats_the_last_days_of_the_one_before_and_names_one_stranger(bank: Bank) -> None:
    rows = bank.rows("marketing__consent")
    said = Counter((row["customer_id"], row["changed_date"], row["consent_code"]) for row in rows)
    assert max(said.values()) == 2
    customers = {row["customer_id"] for row in bank.rows("corebank__customer")}
    assert "C9999999" in {row["customer_id"] for row in rows} - customers
