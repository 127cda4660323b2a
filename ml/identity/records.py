"""Records made comparable: one form for each name, telephone, address and document."""

from __future__ import annotations

from typing import Final

import polars as pl
from pypinyin import Style, lazy_pinyin

from ml.errors import FrameRefused
from ml.identity.documents import document, mobile

#: What a record brings; customer_key is the pseudonym, shop_name what the survey list calls the
#: shop of an owner who is filed by his own name.
RECORD_SCHEMA: Final = {
    "customer_key": pl.Int64,
    "party_type_code": pl.String,
    "customer_name": pl.String,
    "shop_name": pl.String,
    "id_type_code": pl.String,
    "id_number": pl.String,
    "mobile_number": pl.String,
    "address_text": pl.String,
    "birth_date": pl.Date,
    "district_key": pl.Int64,
    "opened_date": pl.Date,
}
# Two-character surnames; with them a person's name has four characters.
_DOUBLE_SURNAMES: Final = (
    "欧阳", "上官", "司马", "令狐", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "长孙", "宇文",
    "司徒", "司空", "夏侯", "呼延", "端木", "轩辕", "南宫", "独孤", "拓跋", "赫连", "闻人", "澹台",
)  # fmt: skip
_HOUSE: Final = r"[0-9０-９]+(?:[-－][0-9０-９]+)*(?:号|室|单元|栋|楼)?.*$"


def comparable(records: pl.DataFrame, affixes: pl.DataFrame) -> pl.DataFrame:
    """The columns that pairs are compared by, one row per customer number.

    Args:
        records: Current records with the columns of `RECORD_SCHEMA`.
        affixes: affix_text and position_code (prefix or suffix): words that tell nobody apart.

    Raises:
        FrameRefused: A column is missing, or a customer number comes twice.
    """
    if missing := [name for name in RECORD_SCHEMA if name not in records.columns]:
        raise FrameRefused(
            f"客户识别数据缺少列 {'、'.join(missing)}。",
            f"Identity records lack {', '.join(missing)}.",
        )
    if records["customer_key"].is_duplicated().any():
        raise FrameRefused(
            "客户识别数据中有客户代号重复出现；每位客户只能有一行。",
            "Identity records hold a customer number twice; each customer has one row.",
        )
    name = pl.col("customer_name").str.replace_all(r"[\s\u3000]+", "")
    is_double = name.str.head(2).is_in(list(_DOUBLE_SURNAMES))
    length = name.str.len_chars()
    # A shop is filed by its owner's party type: 福源超市 is a person's record and no person's name.
    is_person = (pl.col("party_type_code") == "person") & (
        (length <= 3) | (is_double & (length == 4)) | name.str.contains("·")
    )
    frame = records.sort("customer_key").select(
        "customer_key",
        "opened_date",
        document=document(pl.col("id_type_code"), pl.col("id_number")),
        person_name=pl.when(is_person).then(name),
        firm_name=pl.when(~is_person)
        .then(name)
        .otherwise(pl.col("shop_name").str.replace_all(r"[\s\u3000]+", "")),
        family_name=pl.when(is_person)
        .then(pl.when(is_double).then(name.str.head(2)).otherwise(name.str.head(1))),
        mobile=mobile(pl.col("mobile_number")),
        address=pl.col("address_text").str.replace_all(r"[\s\u3000]+", ""),
        birth=pl.col("birth_date").cast(pl.String),
        district=pl.col("district_key").cast(pl.String),
    )  # fmt: skip
    firms = _without(_without(frame["firm_name"], affixes, "prefix"), affixes, "suffix")
    frame = frame.with_columns(
        firms.alias("firm_name"), _without(frame["address"], affixes, "prefix").alias("address")
    )
    street = pl.col("address").str.replace(_HOUSE, "")
    return frame.with_columns(
        _sounds(frame["person_name"]).alias("person_sound"),
        _sounds(firms).alias("firm_sound"),
        # Two digits that changed places leave the same digits.
        mobile_digits=pl.col("mobile").str.split("").list.sort().list.join(""),
        street=pl.when(street != "").then(street),
    )


def _without(texts: pl.Series, affixes: pl.DataFrame, position: str) -> pl.Series:
    """The texts without the longest word at one end, as long as two characters are left.

    >>> words = pl.DataFrame({"affix_text": ["娄烦县", "娄烦"], "position_code": ["prefix"] * 2})
    >>> _without(pl.Series("n", ["娄烦县福源超市", "娄烦县", None]), words, "prefix").to_list()
    ['福源超市', '娄烦县', None]
    """
    words = affixes.filter(pl.col("position_code") == position)["affix_text"].to_list()
    text = pl.col("text")
    cuts = [
        pl.when(
            (text.str.starts_with(word) if position == "prefix" else text.str.ends_with(word))
            & (text.str.len_chars() >= len(word) + 2)
        ).then(text.str.slice(len(word)) if position == "prefix" else text.str.head(-len(word)))
        for word in sorted(words, key=lambda each: (-len(each), each))
    ]
    return texts.to_frame("text").select(cut=pl.coalesce(*cuts, text))["cut"]


def _sounds(names: pl.Series) -> pl.Series:
    """How each name sounds, without tones; what is not Chinese stays as it is.

    >>> _sounds(pl.Series(["张伟", "章纬", None])).to_list()
    ['zhang wei', 'zhang wei', None]
    """
    known = names.drop_nulls().unique().sort().to_list()
    said = [" ".join(lazy_pinyin(name, style=Style.NORMAL)) for name in known]
    return names.replace_strict(known, said, default=None, return_dtype=pl.String)


def within_bounds(frame: pl.DataFrame, keys: list[list[str]], most: int) -> pl.DataFrame:
    """The frame with a column `block_<n>` for each list of columns: its value, or null.

    A value that too many numbers share says nothing about who they are, and comparing all of them
    with one another is what makes a linkage take hours: such a block is left out.
    """
    made = []
    for number, columns in enumerate(keys):
        value = pl.concat_str(columns, separator="|", ignore_nulls=False)
        made.append(pl.when(value.count().over(columns) <= most).then(value).alias(
            f"block_{number}"
        ))  # fmt: skip
    return frame.with_columns(made)
