"""G01 and G02: what links two customer numbers must be a number that somebody can hold."""

from __future__ import annotations

import polars as pl
import pytest

from ml.identity.documents import CREDIT_ALPHABET, credit_code, document, mobile, resident_id

RESIDENTS = ("11010519491231002X", "53010219200508011X", "370101190102039973")
CREDITS = ("91350100M000100Y43", "11320000MB151840XJ")


def _found(texts: list[str | None], check: object) -> list[str | None]:
    frame = pl.DataFrame({"n": texts}, schema={"n": pl.String})
    return frame.select(check(pl.col("n")).alias("found"))["found"].to_list()  # type: ignore[operator]


@pytest.mark.parametrize("number", RESIDENTS)
def test_g01_a_wrong_digit_or_a_swap_links_nobody(number: str) -> None:
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
    found = _found([number, *others], resident_id)
    assert found[0] == number
    assert set(found[1:]) == {None}


@pytest.mark.parametrize("number", CREDITS)
def test_g02_a_wrong_character_of_a_credit_code_links_nobody(number: str) -> None:
    others = [
        number[:place] + sign + number[place + 1 :]
        for place in range(18)
        for sign in CREDIT_ALPHABET
        if sign != number[place]
    ]
    assert _found([number, *others], credit_code) == [number, *[None] * len(others)]
    assert _found(["91350100M000100Y4Z"], credit_code) == [None]


def test_one_number_is_written_in_one_way() -> None:
    assert _found(
        ["110105491231002", "110105 19491231 002x", "11010519490231002X", None, ""], resident_id
    ) == ["11010519491231002X", "11010519491231002X", None, None, None]
    assert _found(["138-0000-0000", "0086 13800000000", "1380000000", "02988888888"], mobile) == [
        "13800000000", "13800000000", None, None,
    ]  # fmt: skip


def test_a_resident_and_a_company_never_share_a_document_and_a_passport_proves_nothing() -> None:
    frame = pl.DataFrame(
        {
            "kind": ["resident_id", "credit_code", "credit_code", "passport", None],
            "number": [RESIDENTS[0], CREDITS[0], RESIDENTS[0], "E12345678", RESIDENTS[0]],
        }
    )
    found = frame.select(found=document(pl.col("kind"), pl.col("number")))["found"].to_list()
    assert found == [f"resident_id:{RESIDENTS[0]}", f"credit_code:{CREDITS[0]}", None, None, None]
