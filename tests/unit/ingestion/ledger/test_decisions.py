"""Held deliveries, and what people decide: each with its reason, none ever forgotten."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from ingestion.batch import Doubt
from ingestion.ledger import DecisionError, DeliveryRow
from ingestion.sentence import Sentence
from tests.unit.ingestion.house import ROW, House
from tests.unit.ingestion.made_up import CSV, NIGHT, extract_of

DOUBT = Doubt("total", Sentence("合计差 0.01 元。", "The total is 0.01 yuan off."))
WHY, WHO = "核对无误", "王经理"


def taken_in(house: House, number: int) -> list[DeliveryRow]:
    """So many deliveries of one slot, each with other content."""
    for index in range(number):
        house.land(f"{index}/{CSV}", extract_of(f"S{index}|张三|||"))
    return house.receive().received


def hold(house: House, row: DeliveryRow) -> str:
    return house.settle(row, "held", doubts=[DOUBT])


def test_a_held_delivery_replaces_nothing_and_keeps_its_doubts(house: House) -> None:
    first, second = taken_in(house, 2)
    house.settle(first)
    assert hold(house, second) == "held"
    assert house.states() == ["loaded", "held"]
    assert house.ledger.deliveries(state="held")[0].doubts == [DOUBT]
    assert house.ledger.touched_since(None).dates == [NIGHT]
    assert house.receive().pending == [], "it stays held over the nights"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (("held", "held", "held"), ["superseded", "superseded", "held"]),
        (("loaded", "held", "held"), ["loaded", "superseded", "held"]),
        (("held", "loaded", "held"), ["superseded", "loaded", "held"]),
        (("held", "held", "loaded"), ["superseded", "superseded", "loaded"]),
        (("held", "refused", "refused"), ["held", "refused", "refused"]),
    ],
)
def test_the_newest_of_a_slot_is_the_one_to_decide_about(
    house: House, order: tuple[int, ...], ends: tuple[str, ...], expected: list[str]
) -> None:
    rows = taken_in(house, 3)
    for index in order:
        house.settle(rows[index], ends[index])  # type: ignore[arg-type]
    assert house.states() == expected


def test_a_released_one_is_read_again_and_stays_released(house: House) -> None:
    (row,) = taken_in(house, 1)
    hold(house, row)
    assert house.ledger.release(row.delivery_id, f" {WHY} ", WHO).state == "held"
    assert [each.delivery_id for each in house.receive().pending] == [row.delivery_id]
    house.settle(row, doubts=[DOUBT])
    house.ledger.reopen(row.delivery_id)
    assert house.ledger.released() == {row.delivery_id}
    (decision,) = house.ledger.decisions(row.delivery_id)
    assert (decision.decision, decision.reason, decision.decided_by) == ("release", WHY, WHO)
    assert dt.datetime.fromisoformat(decision.decided_at).tzinfo is not None


def test_one_refused_while_it_is_to_be_read_again_leaves_what_was_built_of_it(house: House) -> None:
    """A night was killed between a lost lake file and its reading; then somebody refused it."""
    (row,) = taken_in(house, 1)
    house.settle(row)
    house.ledger.record_generation(number=1, run_id=row.run_id, business_date=row.business_date)
    house.ledger.reopen(row.delivery_id)
    house.ledger.turn_away(row.delivery_id, WHY, WHO, "event")
    assert house.ledger.touched_since(1).dates == [row.business_date]


def test_the_one_that_comes_back_goes_through_the_gate_again(house: House) -> None:
    first, second = taken_in(house, 2)
    for row in (first, second):
        house.settle(row)
        house.ledger.enter_gate([(row.delivery_id, "{}")])
    _, (back,) = house.ledger.turn_away(second.delivery_id, WHY, WHO, "event")
    assert back.delivery_id == first.delivery_id
    house.settle(back)
    assert [row.delivery_id for row in house.ledger.ungated()] == [first.delivery_id]


def test_a_refused_one_may_be_read_again(house: House) -> None:
    (row,) = taken_in(house, 1)
    house.settle(row, "refused", refusal=Sentence("程序出错", "The reader failed"))
    house.ledger.release(row.delivery_id, WHY, WHO)
    (again,) = house.receive().pending
    assert (again.delivery_id, again.refusal) == (row.delivery_id, None)
    # Nobody has seen yet what is in it: a doubt would hold it.
    assert house.ledger.released() == set()
    assert house.ledger.decisions()[0].decision == "reread"


def test_one_that_the_gate_refused_goes_through_the_gate_again(house: House) -> None:
    (row,) = taken_in(house, 1)
    house.settle(row)
    house.ledger.enter_gate([(row.delivery_id, '{"passed": false}')])
    house.ledger.refuse(row, Sentence("关卡", "gate"), "event", row.run_id)
    house.ledger.release(row.delivery_id, WHY, WHO)
    house.settle(house.receive().pending[0])
    assert [each.delivery_id for each in house.ledger.ungated()] == [row.delivery_id]


@pytest.mark.parametrize("state", ["held", "received"])
def test_a_refusal_by_hand_says_who_and_why(house: House, state: str) -> None:
    (row,) = taken_in(house, 1)
    if state == "held":
        hold(house, row)
    before, revived = house.ledger.turn_away(row.delivery_id, "重复报送\n", WHO, "event")
    assert (before.state, revived) == (state, [])
    (after,) = house.ledger.deliveries()
    assert after.state == "refused"
    assert after.refusal == ("王经理 决定拒收：重复报送", "Refused by 王经理: 重复报送")
    assert house.ledger.turned_away() == {row.delivery_id}
    assert house.ledger.touched_since(None).dates == []


def test_refusing_a_loaded_one_brings_the_last_loaded_one_back(house: House) -> None:
    """Not the one that was held in between: nobody ever let it in."""
    rows = taken_in(house, 3)
    house.settle(rows[0])
    hold(house, rows[1])
    house.settle(rows[2])
    assert house.states() == ["superseded", "superseded", "loaded"]
    before, revived = house.ledger.turn_away(rows[2].delivery_id, WHY, WHO, "event")
    assert before.state == "loaded"
    assert [each.delivery_id for each in revived] == [rows[0].delivery_id]
    assert house.states() == ["received", "superseded", "refused"]
    assert house.ledger.touched_since(None).dates == [NIGHT]


def test_every_decision_is_kept_and_the_last_one_counts(house: House) -> None:
    (row,) = taken_in(house, 1)
    number = row.delivery_id
    hold(house, row)
    house.ledger.release(number, "先核实", WHO)
    house.ledger.turn_away(number, "再拒收", WHO, "event")
    assert (house.ledger.released(), house.ledger.turned_away()) == (set(), {number})
    house.ledger.release(number, "又核实", WHO)
    assert (house.ledger.released(), house.ledger.turned_away()) == (set(), set())
    made = [each.decision for each in house.ledger.decisions()]
    assert made == ["release", "refuse", "reread"]


STANDING = {
    ("release", "received"): ("已在等待下一次夜间任务", "waits for the next night already"),
    ("release", "loaded"): ("已入库，无需批准", "To take it out: crm refuse 1 --reason"),
    ("release", "superseded"): (
        "请把该文件重新放入报送目录",
        "lay the file into the landing folder",
    ),
    ("release", "duplicate"): ("内容完全相同", "decide about the one that came first"),
    ("refuse", "refused"): ("已是拒收状态", "To have it read again: crm release 1 --reason"),
    ("refuse", "superseded"): ("已被代替，不再有效", "was replaced and counts no more"),
    ("refuse", "duplicate"): ("无需决定", "there is nothing to decide"),
}


def decide(house: House, decision: str, number: int) -> None:
    if decision == "release":
        house.ledger.release(number, WHY, WHO)
    else:
        house.ledger.turn_away(number, WHY, WHO, "event")


@pytest.mark.parametrize(("decision", "state"), STANDING)
def test_what_waits_for_no_such_decision_says_how_it_stands(
    house: House, decision: str, state: str
) -> None:
    (row,) = taken_in(house, 1)
    house.settle(row, state)  # type: ignore[arg-type]
    with pytest.raises(DecisionError) as told:
        decide(house, decision, row.delivery_id)
    zh, en = STANDING[decision, state]
    assert zh in told.value.sentence.zh
    assert told.value.sentence.zh.startswith(f"第 {row.delivery_id} 号报送（{CSV}）")
    assert en in str(told.value)
    assert (house.states(), house.ledger.decisions()) == ([state], [])


@pytest.mark.parametrize("decision", ["release", "refuse"])
def test_of_a_replaced_one_the_sentence_names_what_stands_in_its_place(
    house: House, decision: str
) -> None:
    first, second = taken_in(house, 2)
    house.settle(first)
    house.settle(second)
    with pytest.raises(DecisionError) as told:
        decide(house, decision, first.delivery_id)
    assert told.value.sentence == (
        f"第 1 号报送（{CSV}）已被第 2 号报送代替；如需恢复，请先拒收后者：crm refuse 2 --reason …",
        f"Delivery 1, {CSV}, was replaced by delivery 2. To have it back, refuse that one first:"
        " crm refuse 2 --reason ...",
    )


@pytest.mark.parametrize(("reason", "who"), [("", WHO), (" \n", WHO), (WHY, " ")])
def test_a_decision_without_reason_or_name_is_none(house: House, reason: str, who: str) -> None:
    (row,) = taken_in(house, 1)
    hold(house, row)
    with pytest.raises(DecisionError, match="needs a reason, and"):
        house.ledger.release(row.delivery_id, reason, who)
    with pytest.raises(DecisionError, match="needs a reason, and"):
        house.ledger.turn_away(row.delivery_id, reason, who, "event")
    assert house.states() == ["held"]


def test_an_unknown_number_is_told(house: House) -> None:
    with pytest.raises(DecisionError, match="There is no delivery 7; crm deliveries") as told:
        house.ledger.release(7, WHY, WHO)
    assert told.value.sentence.zh.startswith("没有第 7 号报送")


def test_an_earlier_one_cannot_be_released_over_a_later_one(house: House) -> None:
    first, second = taken_in(house, 2)
    house.settle(first, "refused")
    house.settle(second)
    with pytest.raises(
        DecisionError, match=f"refuse that one first: crm refuse {second.delivery_id}"
    ):
        house.ledger.release(first.delivery_id, WHY, WHO)


def test_a_released_delivery_is_loaded_in_spite_of_its_doubt(house: House) -> None:
    """The whole way: held by its size, released, read again, in the lake."""
    for day in range(1, 6):
        house.land(f"entry_2025010{day}.csv", extract_of(ROW, f"T{day}|李四|||"))
    for row in house.receive().received:
        house.settle(row, rows_loaded=100)
    house.land(CSV, extract_of(ROW))
    (report,) = house.extract(house.receive().pending)
    assert (report.state, [each.code for each in report.doubts]) == ("held", ["volume"])
    assert (report.rows_loaded, house.in_lake()) == (1, [])
    assert list(house.path.rglob("*.tmp")) == []
    held = house.ledger.deliveries(state="held")[0]
    assert (held.rows_in, held.rows_loaded) == (2, 1)
    house.ledger.release(held.delivery_id, WHY, WHO)
    (report,) = house.extract(house.receive().pending)
    assert (report.state, [each.code for each in report.doubts]) == ("loaded", ["volume"])
    assert house.in_lake() == [held.batch_id]
