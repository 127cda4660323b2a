"""What a small bank planted: false visits, exaggerated figures, leavers; and what is told of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from scripts import truth_test
from scripts.false_visits import measure
from tests.integration.test_night import ROOT, Bank

pytestmark = pytest.mark.nights
RECALL_FLOOR, PRECISION_FLOOR = 0.75, 0.75
BAND_FLOOR = 0.8


def test_most_false_visits_are_looked_at_and_most_of_those_are_false(field_bank: Bank) -> None:
    """An earlier attempt reached 0.79 and 0.815; the planted visits are caricatures."""
    lenient, chosen, strict = measure(field_bank.home)
    assert chosen.false_visits >= 20, "enough are planted to measure by"
    assert chosen.recall >= RECALL_FLOOR
    assert chosen.precision >= PRECISION_FLOOR
    assert lenient.recall >= chosen.recall >= strict.recall


def test_the_contributions_of_a_visit_add_up_to_its_total(field_bank: Bank) -> None:
    (found,) = field_bank.sql(
        "select count(*) as visit_count from (select visit_fk from dimensional.fct_visit_suspicion"
        " group by visit_fk having sum(contribution_log_odds) <> max(total_log_odds)"
        " or min(total_log_odds) <> max(total_log_odds)"
        " or sum(case when indicator_code = 'prior' then 1 else 0 end) <> 1)"
    )
    assert found["visit_count"] == 0


def test_suspicion_alone_takes_no_visit_away_and_a_verdict_does(field_bank: Bank) -> None:
    (found,) = field_bank.sql(
        "select sum(case when is_acceptable and denied_date is null and verdict_code is null"
        " and not is_valid then 1 else 0 end) as alone_count,"
        " sum(case when verdict_code = 'false_report' and is_valid then 1 else 0 end)"
        " as false_count,"
        " sum(case when verdict_code = 'false_report' then 1 else 0 end) as verdict_count"
        " from dimensional.fct_visit"
        " where (customer_fk, visited_date) not in (select customer_fk, visited_date"
        " from dimensional.fct_visit group by customer_fk, visited_date having count(*) > 1)"
    )
    assert found["alone_count"] == 0
    assert found["false_count"] == 0
    assert found["verdict_count"] >= 1, "the demo bank's supervisors decide about some"


def test_exaggerated_figures_are_found_and_the_band_holds_the_truth(field_bank: Bank) -> None:
    """What is called above is exaggerated; how much is found depends on how many peers there are.

    Of a bank this small 2 of 4 turnovers and 2 of 6 margins were found: too few to hold a recall
    to. At 2,000 customers it was 18 of 30 and 24 of 27.
    """
    turnover, margin = truth_test.measure(field_bank.home)
    assert turnover.judged >= 20, "enough borrowers declare to measure by"
    assert turnover.declared > turnover.judged, "what cannot be judged is not judged"
    assert turnover.band_rate >= BAND_FLOOR
    assert turnover.precision >= PRECISION_FLOOR
    assert margin.band_rate >= BAND_FLOOR
    assert margin.precision >= PRECISION_FLOOR
    assert turnover.found >= 1
    assert margin.found >= 1


def test_a_fine_for_a_false_report_rests_on_visits_that_do_not_stand(field_bank: Bank) -> None:
    (found,) = field_bank.sql(
        "select count(*) as proof_count, count(visit.visit_pk) as false_count"
        " from dimensional.fct_incentive as fine"
        " inner join dimensional.fct_incentive_proof as proof"
        " on fine.incentive_pk = proof.incentive_fk and fine.incentive_code = 'false_report'"
        " left join dimensional.fct_visit as visit on proof.customer_fk = visit.customer_fk"
        " and proof.employee_fk = visit.employee_fk and not visit.is_standing"
        " and proof.proof_date = coalesce(visit.decided_date, visit.denied_date)"
    )
    assert found["proof_count"] == found["false_count"] >= 1


def test_an_account_opened_for_the_count_alone_counts_nowhere(field_bank: Bank) -> None:
    (found,) = field_bank.sql(
        "select (select sum(opening_count) from dimensional.fct_opening) as fact_count,"
        " (select sum(opening_count) from mart.mart_performance__manager_month) as mart_count,"
        " (select sum(opening_count) from dimensional.fct_opening where team_id is not null)"
        " as member_count,"
        " (select sum(opening_count) from dimensional.fct_team_month) as team_count,"
        " (select count(*) from dimensional.fct_opening where is_open) as open_count"
    )
    assert found["fact_count"] == found["mart_count"] < found["open_count"]
    assert found["member_count"] == found["team_count"]


def test_the_oracle_tells_every_customer_month_and_knows_who_has_decided(
    field_bank: Bank, tmp_path: Path
) -> None:
    """What models are held against: a slip in it would make any of them look good, or none."""
    told = tmp_path / "oracle.csv"
    script = [sys.executable, "-m", "scripts.churn_oracle", "--home", str(field_bank.home)]
    done = subprocess.run(
        [*script, "--output", str(told)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    months = field_bank.sql(
        "select count(*) as n from feature.ftr_customer"
        " where observation_date = last_day(observation_date)"
    )[0]["n"]
    decided = field_bank.home / "demo" / "truth" / "churn.csv"
    with duckdb.connect() as connection:
        count, least, middle, certain = connection.execute(
            "select count(*), min(oracle), median(oracle), count(*) filter (oracle = 0.98)"
            " from read_csv($told)",
            {"told": str(told)},
        ).fetchall()[0]
        (leavers,) = connection.execute(
            "select count(*) from read_csv($decided, all_varchar = true)"
            " where kind = 'hard_closed' and decided_date <= '2025-11-30'"
            " and last_day(cast(decided_date as date) + to_months(1))"
            " < cast(run_down_until_date as date)",
            {"decided": str(decided)},
        ).fetchone()
    assert count == months
    assert 0 < least <= middle < 0.05
    assert certain >= leavers, "whose money is gone two months after he decided is sure to go"
