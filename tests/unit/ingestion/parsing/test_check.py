"""Checked texts: numbers with check digits, telephones and names, and what is done with wrong ones.

Every number here is made up or printed in a national standard as its example.
"""

from __future__ import annotations

import duckdb
import pytest

from ingestion.contracts import Column
from tests.unit.ingestion.conftest import Parse
from tests.unit.ingestion.made_up import column

RESIDENT = column("id_number", "证件号码", check="resident_id")
CREDIT = column("credit_code", "信用代码", check="credit_code")
CARD = column("card_number", "卡号", check="bank_card")
MOBILE = column("mobile_number", "手机号", check="mobile")
LANDLINE = column("landline_number", "固定电话", check="landline")
NAME = column("customer_name", "户名", check="name")

# G01 and G02 of the requirements.
GOLDEN_RESIDENTS = ("11010519491231002X", "53010219200508011X", "370101190102039973")
GOLDEN_CREDIT_CODES = ("91350100M000100Y43", "11320000MB151840XJ")


def _valid(engine: duckdb.DuckDBPyConnection, macro: str, texts: list[str]) -> list[str]:
    """Those of `texts` that are what the check wants, as they stand."""
    found = engine.execute(
        f"SELECT t FROM (SELECT unnest($texts::VARCHAR[]) AS t) WHERE {macro}", {"texts": texts}
    )
    return [text for (text,) in found.fetchall()]


@pytest.mark.parametrize("number", GOLDEN_RESIDENTS)
def test_g01_a_wrong_digit_or_a_swap_is_always_found(
    engine: duckdb.DuckDBPyConnection, number: str
) -> None:
    others = [
        number[:place] + sign + number[place + 1 :]
        for place in range(18)
        for sign in ("0123456789X" if place == 17 else "0123456789")
        if sign != number[place]
    ]
    others += [
        number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        for place in range(17)
        if number[place] != number[place + 1]
    ]
    assert len(others) > 170
    macro = "is_resident_id(t, DATE '2025-01-31')"
    assert _valid(engine, macro, [number, *others]) == [number]
    # Nor is any of them repaired: a wrong digit has many remedies.
    macro = "parse_resident_id(t, DATE '2025-01-31') IS NOT NULL"
    assert _valid(engine, macro, [number, *others]) == [number]


@pytest.mark.parametrize("number", GOLDEN_CREDIT_CODES)
def test_g02_credit_codes_and_the_organisation_codes_in_them(
    engine: duckdb.DuckDBPyConnection, number: str
) -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    others = [
        number[:place] + sign + number[place + 1 :]
        for place in range(18)
        for sign in alphabet
        if sign != number[place]
    ]
    assert _valid(engine, "is_credit_code(t)", [number, *others]) == [number]
    assert _valid(engine, "is_credit_code(t)", ["91350100M000100Y4Z"]) == []


def test_a_credit_code_whose_organisation_code_is_wrong_is_found(parse: Parse) -> None:
    """Its own check character fits: the sums were made again around another code inside."""
    cell = parse(CREDIT, "91350100M000100Y56")
    assert cell.code == "credit_code"
    assert "组织机构代码校验码应为 4，实为 5" in cell.sentence.zh
    assert "organisation code (places 9 to 17) that should end in 4, not 5" in cell.sentence.en


@pytest.mark.parametrize(
    ("of", "text", "value"),
    [
        (RESIDENT, "11010519491231002X", "11010519491231002X"),
        (RESIDENT, "11010519491231002x", "11010519491231002X"),
        (RESIDENT, "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        (RESIDENT, "110105 19491231 002X", "11010519491231002X"),
        (RESIDENT, "110105-19491231-002X", "11010519491231002X"),
        (RESIDENT, "\u202d11010519491231002X\u202c", "11010519491231002X"),
        (RESIDENT, "'11010519491231002X", "11010519491231002X"),
        (RESIDENT, "11010519491231002×", "11010519491231002X"),
        (RESIDENT, "11010519491231002＊", "11010519491231002X"),
        (RESIDENT, "11O1O519491231OO2X", "11010519491231002X"),
        (RESIDENT, "l1010519491231002X", "11010519491231002X"),
        (RESIDENT, "I10I05I949I23I002X", "11010519491231002X"),
        # The old form: 19 before the year, the check digit behind.
        (RESIDENT, "110105491231002", "11010519491231002X"),
        (RESIDENT, "110105 491231 002", "11010519491231002X"),
        (RESIDENT, "530102200508011", "53010219200508011X"),
        (RESIDENT, "110105 000229 001", None),
        (RESIDENT, None, None),
        (RESIDENT, "", None),
        (CREDIT, "91350100M000100Y43", "91350100M000100Y43"),
        (CREDIT, "91350100m000100y43", "91350100M000100Y43"),
        (CREDIT, "９１３５０１００Ｍ０００１００Ｙ４３", "91350100M000100Y43"),
        (CREDIT, "9135 0100 M000 100Y 43", "91350100M000100Y43"),
        (CREDIT, "9l350l00M000l00Y43", None),
        (CREDIT, "9l350100M000l00Y43", "91350100M000100Y43"),
        (CREDIT, "9I350IOOMOOOIOOY43", "91350100M000100Y43"),
        (CREDIT, "1132OOOOMBlSl84OXJ", "11320000MB151840XJ"),
        (CARD, "6217000100000000", None),
        (CARD, "4111111111111111", "4111111111111111"),
        (CARD, "4111 1111 1111 1111", "4111111111111111"),
        (CARD, "4III-llll-1111-1111", "4111111111111111"),
        (CARD, "6212345678900000003", "6212345678900000003"),
        (CARD, "79927398713", None),
        (MOBILE, "13800000000", "13800000000"),
        (MOBILE, "138 0000 0000", "13800000000"),
        (MOBILE, "138-0000-0000", "13800000000"),
        (MOBILE, "+8613800000000", "13800000000"),
        (MOBILE, "+86 138 0000 0000", "13800000000"),
        (MOBILE, "(+86)13800000000", "13800000000"),
        (MOBILE, "（+86）13800000000", "13800000000"),
        (MOBILE, "0086-13800000000", "13800000000"),
        (MOBILE, "8613800000000", "13800000000"),
        (MOBILE, "013800000000", "13800000000"),
        (MOBILE, "１３８００００００００", "13800000000"),
        (MOBILE, "138OOOOOOOO", "13800000000"),
        (MOBILE, "l3800000000", "13800000000"),
        (MOBILE, "+852 9123 4567", "+85291234567"),
        (MOBILE, "0044 7700 900123", "+447700900123"),
        (MOBILE, "+1 (212) 555-0100", "+12125550100"),
        (LANDLINE, "0351-5321234", "0351-5321234"),
        (LANDLINE, "03515321234", "0351-5321234"),
        (LANDLINE, "(0351)5321234", "0351-5321234"),
        (LANDLINE, "（0351） 532 1234", "0351-5321234"),
        (LANDLINE, "０３５１－５３２１２３４", "0351-5321234"),
        (LANDLINE, "+86 351 5321234", "0351-5321234"),
        (LANDLINE, "010-62345678", "010-62345678"),
        (LANDLINE, "010—62345678转123", "010-62345678-123"),
        (LANDLINE, "400-123-4567", "4001234567"),
    ],
)
def test_a_number_is_read_in_the_forms_people_write(
    parse: Parse, of: Column, text: str | None, value: str | None
) -> None:
    cell = parse(of, text)
    assert cell.value == value
    assert cell.code == (of.check if value is None and text else None)


@pytest.mark.parametrize(
    ("of", "text", "zh", "en"),
    [
        (
            RESIDENT,
            "110105194912310021",
            "末位校验码应为 X，实为 1：其中某一位填错，无法判断是哪一位",
            "should end in the check digit X, not 1: a digit is wrong",
        ),
        (RESIDENT, "1101051949123100", "有 16 位，身份证号应为 18 位", "has 16 characters"),
        (RESIDENT, "1101051949123100200", "有 19 位", "has 19 characters"),
        # Excel drops no zero of a resident id, so a number of 17 lacks any of 18 signs.
        (RESIDENT, "11010519491231002", "有 17 位", "has 17 characters"),
        (RESIDENT, "1101051949A231002X", "第 11 位“A”应为数字", "has 'A' at place 11"),
        (RESIDENT, "110105194902300021", "1949-02-30 不存在", "there is no such day"),
        (RESIDENT, "11010520250201002X", "晚于业务日期 2025-01-31", "later than the business"),
        (RESIDENT, "110105179912310021", "早于 1800-01-01", "earlier than 1800-01-01"),
        (RESIDENT, "990105194912310021", "“99”不是省级行政区划代码", "99, which is no province"),
        (RESIDENT, "110105491231998", "出生世纪无法确定", "only the number of 18 digits can tell"),
        (RESIDENT, "110105490230001", "15 位旧号，其地区或出生日期不成立", "is impossible"),
        (RESIDENT, "1.10105E+17", "已被电子表格转为科学计数法", "into scientific notation"),
        (RESIDENT, "无", "有 1 位", "has 1 characters"),
        (RESIDENT, "1101051949\x01231002X", "不可见的控制字符", "invisible control character"),
        (CREDIT, "91350100M000100Y4Z", "第 18 位“Z”不可能出现", "'Z' at place 18"),
        (CREDIT, "91350100M000100Y44", "末位校验码应为 3，实为 4", "check digit 3, not 4"),
        (CREDIT, "9135010AM000100Y43", "第 3 至 8 位“35010A”应为 6 位数字", "six digits"),
        (CREDIT, "M000100Y-4", "有 9 位，统一社会信用代码应为 18 位", "has 9 characters"),
        (CARD, "4111111111111112", "末位校验码应为 1，实为 2", "check digit 1, not 2"),
        (
            CARD,
            "411111111111111",
            "不是 16 至 19 位数字的银行卡号（现有 15 位）",
            "16 to 19 digits",
        ),
        (MOBILE, "12800000000", "以 13 至 19 开头的数字；", "begins with 13 to 19; write"),
        (MOBILE, "1380000000", "现有 10 位", "this one has 10"),
        (MOBILE, "13800000000/13900000000", "填了不止一个号码", "more than one number"),
        (MOBILE, "0351-5321234", "是固定电话号码", "is a landline number"),
        (MOBILE, "+8612800000000", "不是有效手机号", "is no mobile number"),
        (LANDLINE, "5321234", "请连同区号填写", "with its area code"),
        (LANDLINE, "13800000000", "不是有效固定电话", "is no landline number"),
        (NAME, "张\ue123", "含有自造字", "private-use character"),
        (NAME, "张\ufffd三", "系统转码时丢失", "was lost on the way"),
        (NAME, "欧阳?", "系统转码时丢失", "was lost on the way"),
    ],
)
def test_what_cannot_be_is_told_so_that_it_can_be_put_right(
    parse: Parse, of: Column, text: str, zh: str, en: str
) -> None:
    cell = parse(of, text)
    assert (cell.value, cell.code) == (None, of.check)
    assert zh in cell.sentence.zh
    assert en in cell.sentence.en


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("张三", "张三"),
        ("张　三", "张三"),
        ("张 三", "张三"),
        ("王 小 二", "王小二"),
        # Two people, or a family name of two characters: nobody here can say.
        ("张三 李四", "张三 李四"),
        ("欧阳 修", "欧阳 修"),
        ("阿不都·热合曼", "阿不都·热合曼"),
        ("阿不都•热合曼", "阿不都·热合曼"),
        ("阿不都・热合曼", "阿不都·热合曼"),
        ("阿不都 ‧ 热合曼", "阿不都·热合曼"),
        ("ＡＢＣ", "ABC"),
        ("Ｍary Ｓmith", "Mary Smith"),
        ("山西煤业（集团）有限公司", "山西煤业（集团）有限公司"),
        ("山西煤业(集团)有限公司", "山西煤业(集团)有限公司"),
        ("７号公馆", "7号公馆"),
        # Composed, but never by compatibility: 㐂, ㈱ and the twins of Unicode stay what they are.
        ("𠮷野", "𠮷野"),
        ("㐂㈱", "㐂㈱"),
        ("\uf90a", "金"),
        ("e\u0301", "é"),
        ("", None),
    ],
)
def test_a_name_is_written_in_one_way_and_keeps_every_sign(
    parse: Parse, text: str, name: str | None
) -> None:
    assert parse(NAME, text) == (name, None)


def test_no_character_of_a_name_is_changed(engine: duckdb.DuckDBPyConnection) -> None:
    """All 20,902 Han of the basic plane, extension A and part of B, as single names."""
    signs = [chr(code) for code in (*range(0x4E00, 0x9FA6), *range(0x3400, 0x4DB6))]
    signs += [chr(code) for code in range(0x20000, 0x20400)]
    changed = engine.execute(
        "SELECT count(*) FROM (SELECT unnest($signs::VARCHAR[]) AS x)"
        " WHERE parse_name(x || '一', DATE '2025-01-31') IS DISTINCT FROM x || '一'",
        {"signs": signs},
    ).fetchone()
    assert changed == (0,)
