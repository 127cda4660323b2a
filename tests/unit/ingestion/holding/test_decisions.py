"""What somebody refuses leaves ledger and lake at once, and what it had replaced comes back."""

from __future__ import annotations

import pytest

from ingestion.holding.decisions import turn_away
from ingestion.lake import Lake
from ingestion.ledger import DecisionError
from tests.unit.ingestion.house import House
from tests.unit.ingestion.made_up import CSV, extract_of
from tests.unit.ingestion.returning.homecoming import EXTRACT, come_home, deliver, in_lake, put

pytestmark = pytest.mark.usefixtures("in_this_process")
WHY, WHO = "重复报送", "王经理"


def refuse(house: House, number: int) -> list[int]:
    """Numbers of those that come back."""
    _, back = turn_away(number, WHY, WHO, house.ledger, Lake(house.lake), house.feeds)
    return [row.delivery_id for row in back]


def test_a_loaded_one_leaves_the_lake_with_its_corrections(house: House) -> None:
    first = deliver(house)
    come_home(house, first, put(E2="李四"))
    assert len(house.in_lake()) == 2
    assert refuse(house, 1) == []
    assert (house.in_lake(), house.states()) == ([], ["refused", "superseded"])


def test_what_a_loaded_one_had_replaced_comes_back(house: House) -> None:
    deliver(house, extract_of("S1|张三|20250131|1|"))
    deliver(house, extract_of("S1|李四|20250131|1|"))
    assert refuse(house, 2) == [1]
    assert (house.in_lake(), house.states()) == ([], ["received", "refused"])
    house.extract(house.receive().pending)
    assert [row[1] for row in in_lake(house)] == ["张三"]


def test_what_cannot_be_refused_stays_where_it_is(house: House) -> None:
    deliver(house)
    house.land("again/" + CSV, EXTRACT)
    house.receive()
    assert house.states() == ["loaded", "duplicate"]
    with pytest.raises(DecisionError):
        refuse(house, 2)
    assert len(house.in_lake()) == 1
