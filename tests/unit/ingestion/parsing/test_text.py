"""Names, notes and identifiers: kept as they are, but for what nobody can see."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingestion.contracts import Column
from ingestion.parsing.cell import Source
from ingestion.parsing.signs import plain_signs
from ingestion.parsing.text import clean, has_control_character
from ingestion.quarantine import adjustments_path
from ingestion.reading.sheet import cleaned
from tests.unit.ingestion.conftest import Deliver, Parse
from tests.unit.ingestion.made_up import column, feed

NAME = column("customer_name", "户名")
ACCOUNT = column("account_id", "账号", pseudonym="account")
EMPLOYEE = column("employee_id", "工号")
CURRENCY = column("currency_code", "币种", pattern="^[A-Z]{3}$")


@pytest.mark.parametrize("source", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("张三", "张三"),
        ("𠮷田𠀀", "𠮷田𠀀"),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉•买买提", "阿卜杜拉•买买提"),
        ("欧阳　修", "欧阳　修"),
        ("　张三 ", "张三"),
        ("\u200b张三\ufeff", "张三"),
        ("\u00a0张三\u00a0", "张三"),
        ("Cafe\u0301", "Café"),
        ("ＡＢＣ（中国）", "ＡＢＣ（中国）"),
        ("㈱①ｱ", "㈱①ｱ"),
        ("\ue000", "\ue000"),
        ("0012", "0012"),
        ("null", "null"),
        ("1.23E+17", "1.23E+17"),
        ("第一行\n第二行\t注", "第一行\n第二行\t注"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("x'; drop table t;--", "x'; drop table t;--"),
    ],
)
def test_a_text_stays_what_it_is(parse: Parse, source: Source, text: str, kept: str) -> None:
    """Composed (NFC), never folded: ＡＢＣ on a licence is not ABC."""
    assert parse(NAME, text, source) == (kept, None)


@pytest.mark.parametrize("sign", ["\x00", "\x01", "\x0b", "\x1a", "\x1b", "\x7f"])
def test_a_control_character_is_refused(parse: Parse, sign: str) -> None:
    cell = parse(NAME, f"张{sign}三", "xlsx")
    assert (cell.value, cell.code) == (None, "unreadable")
    assert cell.sentence.zh.endswith("含有不可见的控制字符，请删除后重填。")
    assert cell.sentence.en.endswith("holds an invisible control character.")
    assert sign not in cell.sentence.zh + cell.sentence.en


@pytest.mark.parametrize("text", [None, "", " ", "　\u200b"])
def test_a_required_text_must_say_something(parse: Parse, text: str | None) -> None:
    cell = parse(column("customer_name", "户名", required=True), text)
    assert (cell.value, cell.code) == (None, "missing")
    assert cell.sentence.zh == "“户名”为必填项，此处为空，请补填。"
    assert cell.sentence.en == "户名 must be filled in, but the cell is empty."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("6217000100000018", "6217000100000018"),
        ("0012", "0012"),
        ("６２１７", "6217"),
        ("Ａ１", "A1"),
        ("12-3_4", "12-3_4"),
        ("6217  0001", "6217 0001"),
        # A card's groups of four; two groups may be two numbers.
        ("6217 0001 0000 0018", "6217000100000018"),
        ("6217 0001 0000 0018 123", "6217000100000018123"),
        ('="6217000100000018"', "6217000100000018"),
        ("‘6217000100000018", "6217000100000018"),
        ("6217000100000018，", "6217000100000018"),
        ("6217 0001 0000 0018；", "6217000100000018"),
        ("L'1", "L'1"),
        ("张三1", "张三1"),
        ("6217e5", "6217e5"),
    ],
)
def test_an_identifier_is_the_same_however_wide_it_is_written(
    parse: Parse, text: str, kept: str
) -> None:
    assert parse(ACCOUNT, text) == (kept, None)


@pytest.mark.parametrize("source", ["csv", "xlsx"])
@pytest.mark.parametrize("of", [ACCOUNT, EMPLOYEE, column("gl_account_code", "科目号")])
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("C000001", "C000001"),
        ("C000\u200b001", "C000001"),
        ("\u202dC000001\u202c", "C000001"),
        ("C0\u00ad00001", "C000001"),
        ("C00\ufeff0001", "C000001"),
        ("\u2060C00\u200d00\u200e01", "C000001"),
        ("Ｃ０００００１", "C000001"),
        ("城东\u200b支行", "城东支行"),
        ("'C000001", "C000001"),
        ("C000001；", "C000001"),
        ("C000001;", "C000001"),
        ('="C000001"', "C000001"),
        ("6222 0212 3456 7890", "6222021234567890"),
        ("C0  1", "C0 1"),
        ("A.01/B", "A.01/B"),
        ("\u200e", None),
        ("", None),
    ],
)
def test_an_identifier_holds_no_sign_that_nobody_sees(
    parse: Parse, of: Column, source: Source, text: str, kept: str | None
) -> None:
    cell = parse(of, text, source)
    assert cell.value == kept
    # Nothing but such signs is no identifier, and no empty cell.
    assert cell.code == ("unreadable" if text == "\u200e" else None)


def test_what_nobody_sees_is_told_as_taken_out(deliver: Deliver, tmp_path: Path) -> None:
    of = feed(column("serial_id", "流水号", required=True), column("note_text", "备注"))
    reading = deliver("流水号|备注\nS\u200b1|a\u200db\nS2|\n", of)
    assert reading.values("serial_id") == ["S1", "S2"]
    assert reading.values("note_text") == ["a\u200db", None]
    assert reading.report.adjusted == {"written_form": 1}
    (path,) = tmp_path.glob(
        f"delivery_*/{adjustments_path(Path('quarantine'), '*', reading.report.batch_id)}"
    )
    (record,) = pq.read_table(path).to_pylist()
    assert (record["raw"], record["value"]) == ("S\u200b1", "S1")
    assert record["reason_zh"] == "“S1”中夹有 1 个不可见的字符（如零宽空格），已去除。"


@pytest.mark.parametrize("source", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "of",
    [
        ACCOUNT,
        column("customer_name", "户名", required=True),
        column("customer_name", "户名", check="name", required=True),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "#N/A",
        "#REF!",
        "##########",
        "NULL",
        "\\N",
        "nan",
        "None",
        "-",
        "————",
        "ＮＵＬＬ",
        "＃N/A",
        "–",
    ],
)
def test_what_programs_write_for_nothing_is_no_name_and_no_number(
    parse: Parse, source: Source, of: Column, text: str
) -> None:
    """A customer called #N/A was opened, and every lost number became one account's."""
    cell = parse(of, text, source)
    assert cell.value is None
    assert cell.sentence.zh.endswith(
        "是空值或公式错误的写法，不是实际内容；请填写实际内容后重新报送。"
    )
    assert cell.sentence.en.endswith(
        "is how programs write an empty value or an error; write what is meant."
    )


@pytest.mark.parametrize("source", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.0", "12"),
        ("622848040281111.0", "622848040281111"),
        ("1001.00", "1001.00"),
        ("0012.0", "0012.0"),
        ("CNY", "CNY"),
    ],
)
def test_an_identifier_that_was_a_figure_is_its_digits(
    parse: Parse, source: Source, text: str, value: str
) -> None:
    assert parse(ACCOUNT, text, source) == (value, None)


def test_a_long_identifier_that_was_a_figure_is_lost(parse: Parse) -> None:
    assert "超过 15 位的末尾几位已丢失" in parse(ACCOUNT, "6228480402811110004.0").sentence.zh


@pytest.mark.parametrize("source", ["csv", "xlsx"])
@pytest.mark.parametrize("of", [ACCOUNT, EMPLOYEE])
@pytest.mark.parametrize(
    "text",
    [
        *("6.217E+18", "6.217e18", "6E+18", "1.0E+5"),
        # Also with something around it.
        *(
            "1.23E+15;",
            "１．２３Ｅ＋１５",
            "'1.23E+15",
            '="1.23E+15"',
            "1.23\u200bE+15",
            "1.23E+15。",
        ),
    ],
)
def test_an_identifier_in_scientific_notation_is_lost(
    parse: Parse, of: Column, source: Source, text: str
) -> None:
    cell = parse(of, text, source)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert "已被电子表格转为科学计数法，原号码已丢失" in cell.sentence.zh
    assert "take it from its source again and format the cells as text" in cell.sentence.en


@pytest.mark.parametrize("source", ["csv", "xlsx"])
@pytest.mark.parametrize("of", [ACCOUNT, EMPLOYEE])
@pytest.mark.parametrize(
    "text",
    [
        *("同上", "同前", "〃", "″", "“", "”", '"', "''"),
        *(
            "同上。",
            "'同上",
            "\u2060同上",
            "同\u200b上",
            "〃。",
            "同上，",
            "“同上”",
            "（同上）",
            '"同上"',
        ),
    ],
)
def test_an_identifier_is_not_the_one_above(
    parse: Parse, of: Column, source: Source, text: str
) -> None:
    cell = parse(of, text, source)
    assert (cell.value, cell.code) == (None, "unreadable")
    assert "指的是上一行的内容，系统逐行读取，请在每一行填写" in cell.sentence.zh
    assert "refers to the row above" in cell.sentence.en


@pytest.mark.parametrize(
    ("text", "code"),
    [("CNY", None), ("cny", "pattern"), ("ＣＮＹ", None), ("CNYX", "pattern"), ("", None)],
)
def test_a_pattern_fits_the_whole_text(parse: Parse, text: str, code: str | None) -> None:
    assert parse(CURRENCY, text).code == code


def test_a_pattern_is_told_by_its_meaning_and_an_example_not_as_an_expression(
    parse: Parse,
) -> None:
    own = column(
        "currency_code",
        "币种",
        pattern="[A-Z]{3}",
        example="CNY",
        description="Currency as ISO 4217 letters.",
        description_zh="币种的三位字母代码",
    )
    sentence = parse(own, "cny").sentence
    assert sentence.zh == "“cny”不符合“币种”规定的写法，应填写如“CNY”（币种的三位字母代码）。"
    assert sentence.en == (
        "'cny' is not written the way 币种 must be, like 'CNY': Currency as ISO 4217 letters."
    )
    assert parse(CURRENCY, "cny").sentence.zh.endswith("应填写（币种）。")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("张\u202e三", "张\\u202e三"), ("x\x1b[31m", "x\\x1b[31m"), ("a" * 200, "a" * 59 + "…")],
)
def test_a_sentence_cannot_be_forged_by_what_it_quotes(parse: Parse, text: str, shown: str) -> None:
    """Marks that turn the reading direction, colours of a terminal, a text without end."""
    assert parse(column("amount", "金额", "money"), text).sentence.zh.startswith(f"“{shown}”")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("　张 三 ", "张 三"), ("\r\n1\t", "1"), ("e\u0301", "é"), ("", ""), ("\ufeff", "")],
)
def test_clean_cuts_blanks_and_composes(text: str, expected: str) -> None:
    assert clean(text) == expected
    assert cleaned(text) == (expected or None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\x00", True), ("a\x7f", True), ("a\tb\nc", False), ("张三", False), ("", False)],
)
def test_tab_and_line_end_are_no_control_characters(text: str, expected: bool) -> None:
    assert has_control_character(text) is expected


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("０１２３４５６７８９．，", "0123456789.,"),
        ("－−＋（）￥％／：＊　", "--+()¥%/:* "),
        ("—–张A", "—–张A"),
    ],
)
def test_look_alikes_of_signs_are_made_plain(parse: Parse, text: str, plain: str) -> None:
    """A long dash is none of them: clerks write it for nothing."""
    assert plain_signs(text) == plain
