"""What borrowers declare rests on what is paid in with the bank, and liars say more than that."""

from __future__ import annotations

from tests.unit.ingestion.demo_bank.written_bank import Bank

FEED = "credit__declared_financials"


def test_honest_borrowers_declare_the_truth_and_liars_more(bank: Bank) -> None:
    truth = {
        (row["customer_id"], row["period_start_date"].replace("-", ".")): row
        for row in bank.truth("declared.csv")
    }
    rows = bank.sheet_rows(FEED)
    assert rows, "borrowers declare after each quarter"
    for row in rows:
        true = truth[(row["customer_id"], row["period_start_date"])]
        said = float(row["turnover_amount"]) * 10_000
        times = float(true["times_turnover"])
        # People say whole thousands.
        assert abs(said - float(true["turnover_yuan"]) * times) <= 1_001
        assert times == 1.0 or times > 1.5


def test_a_margin_above_the_turnover_is_told_in_the_truth(bank: Bank) -> None:
    soiled = [row for row in bank.truth("dirty_rows.csv") if "gross_margin" in str(row)]
    above = [row for row in bank.sheet_rows(FEED) if float(row["gross_margin_rate"]) > 100]
    assert len(soiled) == len(above)
