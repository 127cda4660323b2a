"""Codes and truths: the bank's words become the house's, or come back with the list."""

from __future__ import annotations

import pytest

from ingestion.parsing.code import accepted_texts
from tests.unit.ingestion.conftest import Parse
from tests.unit.ingestion.made_up import column

CURRENCY = column(
    "currency_code", "币种", "code", values={"cny": ["人民币", "CNY"], "usd": ["美元", "US$"]}
)
IS_OPEN = column(
    "is_open", "是否开户", "boolean", values={"true": ["是", "Y"], "false": ["否", "N"]}
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("人民币", "cny"),
        ("CNY", "cny"),
        ("ＣＮＹ", "cny"),
        (" 人民币　", "cny"),
        ("US$", "usd"),
        ("ＵＳ＄", "usd"),
        ("cny", "cny"),
        ("usd", "usd"),
    ],
)
def test_a_listed_text_is_its_code(parse: Parse, text: str, code: str) -> None:
    assert parse(CURRENCY, text) == (code, None)


@pytest.mark.parametrize(
    "text", ["日元", "Cny", "人 民币", "-", "无", "人民币1", "人民币,美元", "%"]
)
def test_another_text_comes_back_with_the_list(parse: Parse, text: str) -> None:
    cell = parse(CURRENCY, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == f"“{text}”不在允许的取值之内，可填：人民币、美元。"
    assert cell.sentence.en == f"'{text}' is not one of the listed values: 人民币, 美元."


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("是", True), ("Ｙ", True), ("y", True), ("Yes", True), ("TRUE", True), ("true", True),
        ("√", True), ("有", True), ("1", True), ("１", True),
        ("否", False), ("N", False), ("n", False), ("NO", False), ("False", False), ("×", False),
        ("无", False), ("没有", False), ("0", False),
    ],
)  # fmt: skip
def test_a_truth_is_listed_like_a_code(parse: Parse, text: str, truth: bool) -> None:
    assert parse(IS_OPEN, text) == (truth, None)


@pytest.mark.parametrize("text", ["是的", "2", "-", "对", "X", "yes?", "是/否"])
def test_a_truth_is_not_guessed(parse: Parse, text: str) -> None:
    cell = parse(IS_OPEN, text)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh == f"“{text}”不在允许的取值之内，可填：是、否。"


def test_a_feeds_own_word_for_a_truth_is_the_one_that_counts(parse: Parse) -> None:
    turned = column("is_open", "是否", "boolean", values={"true": ["0"], "false": ["1"]})
    assert parse(turned, "0") == (True, None)
    assert parse(turned, "1") == (False, None)
    unknown = column(
        "is_open", "是否", "boolean", values={"true": ["是"], "false": ["否"]}, missing=("无",)
    )
    assert parse(unknown, "无") == (None, None)


def test_a_long_list_is_told_in_part(parse: Parse) -> None:
    many = column("kind_code", "种类", "code", values={f"k{i}": [f"第{i}类"] for i in range(20)})
    sentence = parse(many, "第99类").sentence
    assert sentence.zh.endswith("第11类等。")
    assert sentence.en.endswith("第11类, ....")
    assert "第12类" not in sentence.zh
    assert len(accepted_texts(many)) == 20


def test_a_code_without_texts_of_its_own_is_asked_for_by_its_name() -> None:
    assert accepted_texts(column("kind_code", "种类", "code", values={"a": [], "b": ["乙"]})) == [
        "a",
        "乙",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [("甲级", "first"), ("甲", "first"), ("甲%", "first"), ("乙_级", "second"), ("乙x级", "other")],
)
def test_a_star_stands_for_anything_and_the_first_hit_wins(
    parse: Parse, text: str, code: str
) -> None:
    graded = column(
        "grade_code",
        "等级",
        "code",
        values={"first": ["甲*"], "second": ["乙_级"], "other": ["*"]},
    )
    assert parse(graded, text) == (code, None)


@pytest.mark.parametrize(("required", "code"), [(False, None), (True, "missing")])
def test_a_star_does_not_stand_for_an_empty_cell(
    parse: Parse, required: bool, code: str | None
) -> None:
    """Such a row was refused without a word why: what decided saw no text, what explained did."""
    graded = column("grade_code", "等级", "code", values={"other": ["*"]}, required=required)
    assert (parse(graded, "").value, parse(graded, "").code) == (None, code)


@pytest.mark.parametrize("text", ["?", "？", "不详", "　?　", None, ""])
def test_a_bank_may_have_texts_for_nothing(parse: Parse, text: str | None) -> None:
    unknown = {"missing": ["?", "不详"]}
    for of in (
        column("currency_code", "币种", "code", values={"cny": ["人民币"]}, **unknown),
        column("amount", "金额", "money", **unknown),
        column("note_text", "备注", **unknown),
    ):
        assert parse(of, text) == (None, None)


def test_a_text_for_nothing_does_not_fill_a_required_column(parse: Parse) -> None:
    name = column("customer_name", "户名", required=True, missing=["?"])
    assert parse(name, "?").code == "missing"
    assert parse(name, "？？").value == "？？"
