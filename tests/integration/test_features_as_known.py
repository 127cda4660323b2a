"""What a feature says of a past date does not change with what was learnt afterwards."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import duckdb
import pytest

from ml.frames.features import FEATURES, KEYS
from serving import generation as generations
from tests.integration.test_night import Bank

pytestmark = pytest.mark.nights
#: In the ninth month of the bank, so that each window is full; its manager leaves ten days later.
MONTHS, DAY, LATER = "27", dt.date(2024, 6, 30), dt.date(2024, 9, 30)
#: Columns that are the same for every customer of this bank on the day: none of its branches
#: closes, nobody is moved to another in half a year. The dbt unit test
#: ftr_customer_place_knows_the_day_alone holds both, with a branch that closes after the day.
UNIFORM = {"is_branch_closed_before_obs", "is_branch_changed_180d_before_obs"}
#: What nothing happened to in three months: traits, and what no survey, complaint or assignment of
#: theirs changed. Here a leak would not show; the dbt unit tests
#: ftr_customer_place_knows_the_day_alone and ftr_customer_contact_knows_the_day_alone hold what is
#: told (bands by that of income), managers and complaints.
STEADY = {
    "party_type_code",
    "population_type_code",
    "age_years_before_obs",
    "income_band_code",
    "asset_band_code",
    "external_deposit_amount_before_obs",
    "has_manager_before_obs",
    "complaint_overdue_count_before_obs",
}
#: Customers of complaints with a reply or closing up to the day that was delivered, or undone,
#: after it.
TOLD_LATER = f"""
    select distinct was.customer_key
    from was_built.dimensional.fct_complaint as was
    left join is_now_built.dimensional.fct_complaint as is_now using (complaint_id)
    where {
    " or ".join(
        f"case when was.{name} <= '{DAY}' then was.{name} end"
        f" is distinct from case when is_now.{name} <= '{DAY}' then is_now.{name} end"
        for name in ("replied_date", "first_closed_date", "closed_date")
    )
}
"""


def _published(bank: Bank) -> Path:
    """The database of the published generation."""
    published = generations.current(bank.warehouse)
    assert published is not None
    return generations.folder_of(bank.warehouse, published.number) / "crm.duckdb"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The rows of a month end: built on that day, and of all that was delivered three months on."""
    folder = tmp_path_factory.mktemp("as_known")
    then, now = Bank(folder / "then"), Bank(folder / "now")
    then.crm("demo", "--customers", "600", "--months", MONTHS)
    shutil.copytree(then.home, now.home)
    then.crm("run", "--business-date", DAY.isoformat())
    # The same customers bear the same pseudonyms.
    shutil.copytree(then.home / "vault", now.home / "vault", dirs_exist_ok=True)
    now.crm("run", "--business-date", LATER.isoformat())
    connection = duckdb.connect()
    for name, bank in (("was", then), ("is_now", now)):
        connection.execute(f"attach '{_published(bank)}' as {name}_built (read_only)")
        connection.execute(
            f"create table {name} as select * from {name}_built.feature.ftr_customer"
            f" where observation_date = '{DAY}'"
        )
        connection.execute(
            f"create table {name}_told as"
            f" select * from {name}_built.feature.ftr_customer_question where known_date <= '{DAY}'"
        )
    return connection


def _counts(connection: duckdb.DuckDBPyConnection, counted: str, rest: str) -> dict[str, int]:
    """A count per feature; ``{}`` in what is counted stands for its name."""
    names = [feature.name for feature in FEATURES]
    columns = ", ".join(counted.replace("{}", name) for name in names)
    row = connection.execute(f"select {columns} from {rest}").fetchall()[0]
    return dict(zip(names, row, strict=True))


def test_the_same_customers_had_something_to_lose(built):
    """Nobody is added to a past date, or taken from it, by what came later."""
    rows, unpaired = built.execute(
        "select count(*), count(*) filter (was.customer_key is null or is_now.customer_key is null)"
        f" from was full outer join is_now using ({', '.join(KEYS)})"
    ).fetchall()[0]
    assert rows > 300
    assert unpaired == 0


def test_every_feature_tells_customers_apart(built):
    """What is the same for everybody would be equal whatever a leak did to it."""
    values = _counts(built, "count(distinct {}) + (count({}) < count(*))::int", "was")
    uniform = {name for name, count in values.items() if count < 2}
    assert uniform == set(UNIFORM)


def test_what_is_to_come_is_there_to_leak(built):
    """Three months on each feature has another value of somebody, and managers changed."""
    others = _counts(
        built,
        "count(*) filter (later.{} is distinct from is_now.{})",
        "is_now_built.feature.ftr_customer as later inner join is_now using (customer_key)"
        f" where later.observation_date = '{LATER}'",
    )
    assert {name for name, count in others.items() if not count} <= UNIFORM | STEADY
    changed = built.execute(
        "select count(distinct customer_key) from is_now_built.dimensional.bridge_customer_manager"
        f" where valid_from_date > '{DAY}'"
    ).fetchall()[0][0]
    assert changed > 0


def test_features_of_a_past_date_are_those_that_were_known_then(built):
    """Three months of deliveries later: each column equal, or its reason is written."""
    differing = _counts(
        built,
        "count(*) filter (was.{} is distinct from is_now.{})",
        f"was inner join is_now using ({', '.join(KEYS)})",
    )
    assert set(differing) == {feature.name for feature in FEATURES}
    moved = {name: count for name, count in differing.items() if count}
    assert set(moved) <= {feature.name for feature in FEATURES if feature.may_move}, moved


def _moved(prefix: str) -> str:
    """The condition that one of the features named so, of those that may move, has moved."""
    return " or ".join(
        f"was.{feature.name} is distinct from is_now.{feature.name}"
        for feature in FEATURES
        if feature.may_move and feature.name.startswith(prefix)
    )


def test_what_may_move_of_complaints_moves_where_it_was_told_later_alone(built):
    """Whose replies and closings were all delivered by the day has the same figures now."""
    complaining, later = built.execute(
        f"select count(distinct customer_key), (select count(*) from ({TOLD_LATER}))"
        " from was_built.dimensional.fct_complaint"
    ).fetchall()[0]
    assert complaining > 2 * later, "most were told in time, so that most are compared"
    assert not built.execute(
        f"select was.customer_key from was inner join is_now using ({', '.join(KEYS)})"
        f" where ({_moved('complaint_')}) and was.customer_key not in ({TOLD_LATER})"
    ).fetchall()


def test_how_loans_were_paid_does_not_move_where_repayments_came_in_time(built):
    """The demo bank delivers a month's repayments on its last day."""
    told, moved = built.execute(
        f"select count(was.loan_late_6m_count_before_obs), count(*) filter ({_moved('loan_')})"
        f" from was inner join is_now using ({', '.join(KEYS)})"
    ).fetchall()[0]
    assert told > 10
    assert moved == 0


def test_a_contribution_moves_by_what_the_month_cost_alone(built):
    """The ledger tells a month's costs after its end: of this bank's postings less than a yuan."""
    column = "contribution_3m_amount_before_obs"
    (apart,) = built.execute(
        f"select max(abs(was.{column} - is_now.{column}))"
        f" from was inner join is_now using ({', '.join(KEYS)})"
    ).fetchall()[0]
    assert 0 < apart < 1


def test_answers_that_were_known_then_are_the_same_now(built):
    """Who was asked, and whether it came true, is settled once the horizon is over."""
    questions, moved = built.execute(
        "select count(*), count(*) filter (was.is_event is distinct from is_now.is_event)"
        " from was_told as was full outer join is_now_told as is_now"
        " using (customer_key, observation_date, label_code)"
    ).fetchall()[0]
    assert questions > 1000
    assert moved == 0
