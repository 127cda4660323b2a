"""Whose numbers belong together: documents, weights, and the words of humans."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from ml.errors import FrameRefused
from ml.identity.linkage import PAIR_SCHEMA
from ml.identity.parties import Rules, decide, join, resolve
from ml.identity.records import RECORD_SCHEMA, comparable, within_bounds

RULES = Rules(link_weight=6, possible_weight=0, document_recall=0.6, maximum_block_count=50)
NO_WORD = pl.DataFrame(schema={"left_key": pl.Int64, "right_key": pl.Int64, "is_same": pl.Boolean})
AFFIXES = pl.DataFrame(
    {
        "affix_text": ["娄烦县", "娄烦", "山西", "有限公司"],
        "position_code": ["prefix", "prefix", "prefix", "suffix"],
    }
)


def pairs_of(*rows: tuple[int, int, float, str | None, str | None]) -> pl.DataFrame:
    """Weighed pairs: left, right, weight, how documents and how names agree."""
    frame = pl.DataFrame(
        rows,
        schema={
            "left_key": pl.Int64,
            "right_key": pl.Int64,
            "match_weight": pl.Float64,
            "document_level_code": pl.String,
            "person_name_level_code": pl.String,
        },
        orient="row",
    )
    rest = {n: k for n, k in PAIR_SCHEMA.items() if n not in frame.columns}
    return frame.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in rest.items())


def numbers_of(documents: dict[int, str | None], first: int | None = None) -> pl.DataFrame:
    """Customer numbers, opened in the order given unless one is said to come first."""
    keys = list(documents)
    return pl.DataFrame(
        {
            "customer_key": keys,
            "document": list(documents.values()),
            "opened_date": [
                dt.date(2000, 1, 1) if key == first else dt.date(2010, 1, 1) for key in keys
            ],
        },
        schema_overrides={"document": pl.String},
    )


def words(*rows: tuple[int, int, bool]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=NO_WORD.schema, orient="row")


def parties(
    pairs: pl.DataFrame, numbers: pl.DataFrame, said: pl.DataFrame = NO_WORD
) -> dict[int, int]:
    found, _ = join(decide(pairs, numbers, said, RULES), numbers)
    return dict(found.select("customer_key", "party_key").iter_rows())


def test_one_document_is_one_customer_and_on_two_names_it_is_disputed() -> None:
    numbers = numbers_of({1: "resident_id:A", 2: "resident_id:A", 3: "resident_id:B",
                          4: "resident_id:B"})  # fmt: skip
    pairs = pairs_of((1, 2, 30.0, "equal", "one_character"), (3, 4, 20.0, "equal", "other"))
    found = decide(pairs, numbers, NO_WORD, RULES)
    assert found.select("decision_code", "reason_code").rows() == [
        ("same", "document"),
        ("disputed", "document_on_two_names"),
    ]
    assert parties(pairs, numbers) == {1: 1, 2: 1, 3: 3, 4: 4}


def test_two_documents_of_one_kind_are_two_people_whatever_the_weight() -> None:
    numbers = numbers_of({1: "resident_id:A", 2: "resident_id:B", 3: None})
    # 3 resembles both; the surer link is taken, the other would bring two documents together.
    pairs = pairs_of(
        (1, 2, 15.0, "other", "equal"), (1, 3, 9.0, None, "equal"), (2, 3, 12.0, None, "equal")
    )
    assert decide(pairs, numbers, NO_WORD, RULES)["reason_code"].to_list() == [
        "two_documents", "weight", "weight",
    ]  # fmt: skip
    assert parties(pairs, numbers) == {1: 1, 2: 2, 3: 2}


def test_a_weight_below_the_rule_is_shown_and_not_linked() -> None:
    numbers = numbers_of({1: None, 2: None})
    found = decide(pairs_of((1, 2, 5.9, None, "equal")), numbers, NO_WORD, RULES)
    assert found["decision_code"].to_list() == ["possible"]
    assert parties(pairs_of((1, 2, 6.0, None, "equal")), numbers) == {1: 1, 2: 1}


def test_a_human_merges_unmerges_and_both_hold_against_documents_and_weights() -> None:
    numbers = numbers_of({1: "resident_id:A", 2: "resident_id:A", 3: None, 4: None})
    pairs = pairs_of((1, 2, 30.0, "equal", "equal"), (1, 3, 9.0, None, "equal"))
    assert parties(pairs, numbers) == {1: 1, 2: 1, 3: 1}
    # A pair that nothing but a human brought up comes along; two sisters share a telephone.
    said = words((4, 2, True), (3, 1, False))
    assert parties(pairs, numbers, said) == {1: 1, 2: 1, 3: 3, 4: 1}
    # Kept apart from one number, 3 does not come back by another of the same party.
    more = pl.concat([pairs, pairs_of((2, 3, 25.0, None, "equal"))])
    assert parties(more, numbers, words((1, 3, False))) == {1: 1, 2: 1, 3: 3}


def test_a_human_merges_two_documents_which_then_both_belong_to_the_party() -> None:
    """A resident number that was changed: numbers under the old paper, and under the new one."""
    numbers = numbers_of({1: "resident_id:A", 2: "resident_id:B", 3: "resident_id:B",
                          4: "resident_id:C", 5: None})  # fmt: skip
    pairs = pairs_of(
        (1, 2, 12.0, "other", "equal"),
        (1, 3, 12.0, "other", "equal"),
        (2, 3, 30.0, "equal", "equal"),
        (2, 4, 12.0, "other", "equal"),
        (3, 5, 9.0, None, "equal"),
    )
    assert parties(pairs, numbers) == {1: 1, 2: 2, 3: 2, 4: 4, 5: 2}
    assert parties(pairs, numbers, words((1, 2, True))) == {1: 1, 2: 1, 3: 1, 4: 4, 5: 1}
    # What another human said of one of them holds against it.
    said = words((1, 2, True), (1, 3, False))
    assert parties(pairs, numbers, said) == {1: 1, 2: 1, 3: 3, 4: 4, 5: 3}


def test_words_about_nobody_or_about_one_number_change_nothing() -> None:
    numbers = numbers_of({1: None, 2: None})
    pairs = pairs_of((1, 2, 9.0, None, "equal"))
    assert parties(pairs, numbers, words((1, 99, True), (2, 2, False))) == {1: 1, 2: 1}


def test_a_party_keeps_the_key_of_its_oldest_number() -> None:
    numbers = numbers_of({1: None, 2: None, 3: None}, first=3)
    pairs = pairs_of((1, 2, 9.0, None, "equal"), (2, 3, 8.0, None, "equal"))
    assert parties(pairs, numbers) == {1: 3, 2: 3, 3: 3}


def record(key: int, name: str, **other: object) -> dict[str, object]:
    row = dict.fromkeys(RECORD_SCHEMA) | {
        "customer_key": key, "customer_name": name, "party_type_code": "person",
        "district_key": key % 7, "opened_date": dt.date(2010 + key // 1000, 1, 1 + key % 28),
    }  # fmt: skip
    return row | other


def records_of(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=RECORD_SCHEMA)


def test_a_shop_filed_under_its_owner_has_a_firm_name_and_no_person_name() -> None:
    frame = comparable(
        records_of(
            [
                record(1, "欧阳建国", address_text="山西娄烦县东大街 12号"),
                record(2, "娄烦县福源超市"),
                record(3, "福源 超市"),
                record(4, "山西天池商贸有限公司", party_type_code="company"),
            ]
        ),
        AFFIXES,
    )
    assert frame["person_name"].to_list() == ["欧阳建国", None, None, None]
    assert frame["family_name"].to_list() == ["欧阳", None, None, None]
    assert frame["firm_name"].to_list() == [None, "福源超市", "福源超市", "天池商贸"]
    assert frame["firm_sound"][1] == "fu yuan chao shi"
    assert frame["street"][0] == "娄烦县东大街"


def test_a_value_that_too_many_share_brings_nobody_together() -> None:
    frame = pl.DataFrame({"mobile": ["1", "1", "1", "2", "2", None]})
    found = within_bounds(frame, [["mobile"]], 2)
    assert found["block_0"].to_list() == [None, None, None, "2", "2", None]


def test_records_without_a_column_or_with_a_number_twice_are_refused() -> None:
    frame = records_of([record(1, "张三"), record(1, "张三")])
    with pytest.raises(FrameRefused, match="a customer number twice"):
        comparable(frame, AFFIXES)
    with pytest.raises(FrameRefused, match="lack mobile_number"):
        comparable(frame.drop("mobile_number"), AFFIXES)


# People of a town: rare and common names, and every tenth of them with a second number.
SURNAMES, GIVEN = "李王张刘杨赵陈郭冯武", "伟强军勇磊涛斌鹏飞建国志明华文龙海波辉刚"


@pytest.fixture(scope="module")
def town() -> pl.DataFrame:
    rows = []
    for n in range(400):
        name = SURNAMES[n % 10] + GIVEN[n // 10 % 20] + GIVEN[(n * 7 + n // 20) % 20]
        mobile = f"139{n * 7_919 % 10**8:08d}"
        rows.append(
            record(
                n,
                name,
                mobile_number=mobile,
                birth_date=dt.date(1960 + n % 40, 1 + n % 12, 1 + n % 28),
            )
        )
        if n % 10 == 0:
            typo = name[:2] + "娟" if n % 50 == 0 else name
            rows.append(record(1000 + n, typo, mobile_number=mobile, district_key=n % 7))
    return records_of(rows)


def test_second_numbers_are_found_by_name_and_telephone_and_explained(town: pl.DataFrame) -> None:
    found = resolve(town, AFFIXES, NO_WORD, RULES)
    linked = found.parties.filter(pl.col("party_key") != pl.col("customer_key"))
    assert linked.select("customer_key", "party_key").rows() == [
        (1000 + n, n) for n in range(0, 400, 10)
    ]
    pair = found.pairs.row(by_predicate=pl.col("left_key") == 50, named=True)
    assert (pair["mobile_level_code"], pair["person_name_level_code"]) == ("equal", "one_character")
    parts = sum(v for k, v in pair.items() if k.endswith("_weight") and k != "match_weight")
    assert parts + found.linkage.prior_weight == pytest.approx(pair["match_weight"], abs=0.001)


def test_the_same_records_in_any_order_give_the_same_pairs(town: pl.DataFrame) -> None:
    one = resolve(town, AFFIXES, NO_WORD, RULES)
    other = resolve(town.reverse(), AFFIXES, NO_WORD, RULES)
    assert one.pairs.equals(other.pairs)
    assert one.parties.equals(other.parties)


def test_one_customer_alone_is_no_error() -> None:
    found = resolve(records_of([record(1, "张三")]), AFFIXES, NO_WORD, RULES)
    assert (found.pairs.height, found.parties.height) == (0, 0)
