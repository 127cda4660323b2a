"""What the stage lands where no pair of customer numbers is left."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from dagster_project.stages import identity
from ml.identity.parties import Rules
from ml.identity.records import RECORD_SCHEMA

DATE = dt.date(2025, 3, 31)


def test_a_night_without_a_pair_ends_what_the_night_before_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last merge was taken back: the list has to say so, for an empty one says nothing."""
    people = [{"customer_key": 7, "customer_name": "张三"}, {"customer_key": 8}]
    given = identity.Inputs(
        records=pl.DataFrame(people, schema=RECORD_SCHEMA),
        affixes=pl.DataFrame(schema={"affix_text": pl.String, "position_code": pl.String}),
        decisions=pl.DataFrame(
            schema={"left_key": pl.Int64, "right_key": pl.Int64, "is_same": pl.Boolean}
        ),
        rules=Rules(6, 0, 0.6, 50),
    )
    landed: dict[str, pl.DataFrame] = {}
    monkeypatch.setattr(identity, "read", lambda *_: given)
    monkeypatch.setattr(identity, "land", lambda _, feed, frame: landed.update({feed: frame}))
    night: Any = SimpleNamespace(
        build=SimpleNamespace(database=Path), request=SimpleNamespace(business_date=DATE)
    )
    found = identity.resolve(night)
    assert found.pairs == 0
    assert found.told == (
        "客户号 2 个，其中 0 个是同一客户的另一客户号；配对：无",
        "2 customer numbers, 0 of them second ones; pairs: none",
    )
    assert landed[identity.PAIR_FEED].is_empty()
    assert landed[identity.PARTY_FEED].rows(named=True) == [
        {"customer_key": 7, "party_key": 7, "linked_by_code": None, "observation_date": DATE}
    ]
