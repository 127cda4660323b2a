"""The feeds in words: docs/feeds.md (what to deliver) and docs/data-dictionary.md (columns)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ingestion.contracts.feed import Column, Feed, FilePattern
from ingestion.contracts.feeds_prose import (
    EXTRACT_SETTINGS,
    EXTRACTS,
    FEEDS_INTRO,
    OVERLAY,
    WORKBOOKS,
)
from ingestion.contracts.render_dbt import GENERATED
from ingestion.contracts.types import ORIGIN_DESCRIPTIONS, duckdb_type

FEEDS_FILE: Final = "docs/feeds.md"
DICTIONARY_FILE: Final = "docs/data-dictionary.md"
_NOTICE: Final = f"<!-- {GENERATED} -->"

KINDS: Final = {
    "snapshot": "the whole list as at the business date; what is absent is gone (全量)",
    "change": "only records that changed, all of them the first time; absence means nothing (增量)",
    "event": "things that happened, each delivered once (流水)",
}

CHECK_TEXTS: Final = {
    "resident_id": "resident id, GB 11643 居民身份证号",
    "credit_code": "unified social credit code, GB 32100 统一社会信用代码",
    "bank_card": "bank card number with its check digit (Luhn) 银行卡号",
    "mobile": "mobile number of 11 digits, or a foreign one with + 手机号",
    "landline": "landline number with area code 固定电话",
    "name": "name, written in one way 名称规范写法",
    "currency": "currency, the letters of ISO 4217 币种",
    "clock_time": "clock time, HH:MM or HH:MM:SS 时间，24 小时制",
}


def render_dictionary(feeds: Mapping[str, Feed]) -> dict[str, str]:
    """Path (below the repository) -> content of the two pages."""
    return {FEEDS_FILE: _feeds_page(feeds), DICTIONARY_FILE: _dictionary_page(feeds)}


def _feeds_page(feeds: Mapping[str, Feed]) -> str:
    delivered = [feed for feed in feeds.values() if not feed.is_internal]
    internal = [feed for feed in feeds.values() if feed.is_internal]
    kinds = "".join(f"- **{kind}**: {meaning}.\n" for kind, meaning in KINDS.items())
    rows = [
        (
            f"[{feed.feed}](data-dictionary.md#{feed.feed})",
            f"{feed.title.en} {feed.title.zh}",
            feed.kind,
            feed.delivery.frequency or "",
            "yes" if feed.delivery.required else "no",
            "<br>".join(_file_text(file) for file in feed.delivery.files),
            feed.owner,
        )
        for feed in delivered
    ]
    headings = ("Feed", "What", "Kind", "Due", "Required", "Files", "Owner")
    own = [(feed.feed, f"{feed.title.en} {feed.title.zh}", feed.grain) for feed in internal]
    return (
        f"{_NOTICE}\n{FEEDS_INTRO}Kinds of delivery:\n\n{kinds}{WORKBOOKS}"
        f"## Delivered feeds\n\n{_table(headings, rows)}\n"
        "## Feeds the house writes itself\n\n"
        f"{_table(('Feed', 'What', 'Grain'), own)}\n{OVERLAY}\n"
        "## How extracts are written\n\n"
        "Settings of one entry of `delivery.files`, in a standard feed or an overlay:\n\n"
        f"{_table(('Setting', 'Meaning'), EXTRACT_SETTINGS)}\n{EXTRACTS}"
    )


def _dictionary_page(feeds: Mapping[str, Feed]) -> str:
    origin = _table(("Column", "Meaning"), list(ORIGIN_DESCRIPTIONS.items()))
    intro = (
        f"{_NOTICE}\n# Data dictionary of the feeds 数据字典\n\n"
        "What the tables `raw.<feed>` and `stg_<feed>` hold. Amounts are kept in yuan, or in"
        " the currency of their account or row where the table says so, and rates as"
        " fractions, whatever unit they are delivered in. Class: JR/T 0171-2020; level: JR/T"
        " 0197-2020; mask: how the value is shown to those who may not see it. Limits are in"
        " the unit of the table.\n\n"
        "Every table also has:\n\n"
    )
    return intro + origin + "".join(_feed_section(feed) for feed in feeds.values())


def _feed_section(feed: Feed) -> str:
    facts = [
        ("Grain", feed.grain),
        ("Kind", f"{feed.kind}: {KINDS[feed.kind]}"),
        ("Key", ", ".join(f"`{name}`" for name in feed.key)),
        ("Event date", _event_date_text(feed)),
        ("Owner 责任部门", feed.owner),
        ("Delivery", _delivery_text(feed)),
    ]
    lines = "".join(f"- {name}: {text}\n" for name, text in facts)
    rows = [_column_row(feed, column) for column in feed.columns]
    headings = (
        "Column",
        "Heading 表头",
        "Also accepted 别名",
        "Type",
        "Delivered as",
        "Required",
        "Values and limits",
        "Protection",
        "Meaning",
    )
    title = f"{feed.feed}: {feed.title.en} {feed.title.zh}"
    table = _table(headings, rows)
    return f'\n<a id="{feed.feed}"></a>\n\n## {title}\n\n{lines}\n{table}'


def _event_date_text(feed: Feed) -> str:
    if feed.event_date is None:
        return "none"
    window = feed.window
    if window is None:
        return f"`{feed.event_date}`"
    ahead = f"{window.future_days} days after" if window.future_days else "on"
    return (
        f"`{feed.event_date}`, from {window.past_days} days before the business date to {ahead} it"
    )


def _column_row(feed: Feed, column: Column) -> tuple[str, ...]:
    security = column.security
    protection = f"{security.class_code}, level {security.level}"
    if security.mask != "none":
        protection += f", mask {security.mask}"
    if column.pseudonym:
        protection += f"; becomes {column.pseudonym}_key"
    return (
        f"`{column.name}`" + (" (key)" if column.name in feed.key else ""),
        column.heading,
        ", ".join(column.aliases),
        duckdb_type(column),
        delivered_as(column),
        "yes" if column.required else "no",
        limits_text(feed, column),
        protection,
        f"{column.description}<br>{column.description_zh}"
        if column.description_zh
        else column.description,
    )


def delivered_as(column: Column) -> str:
    """In what unit or form a column is delivered, in English and Chinese."""
    units = {"yuan": "yuan 元", "wan_yuan": "10,000 yuan 万元", "percent": "percent 百分数(%)"}
    if column.currency:
        whose = {
            "account": "currency of the account 按账户币种",
            "row": "currency of the row 按本行币种",
        }[column.currency]
        return f"10,000 units 万元, {whose}" if column.unit == "wan_yuan" else f"units 元, {whose}"
    if column.unit:
        return units[column.unit]
    forms = {"rate": "fraction 小数", "date": "date 日期", "boolean": "yes or no 是/否"}
    return forms.get(column.type, "")


def limits_text(feed: Feed, column: Column) -> str:
    """Listed values, bounds and pattern of a column."""
    parts = [
        f"`{canonical}` = {', '.join(raws)}" if raws else f"`{canonical}`"
        for canonical, raws in column.values.items()
    ]
    bounds = (("at least", column.min), ("at most", column.max))
    parts += [f"{words} {bound}" for words, bound in bounds if bound is not None]
    if column.pattern:
        parts.append(f"pattern `{column.pattern}`")
    if column.check:
        told = CHECK_TEXTS[column.check]
        parts.append(told if column.precision is None else told.replace(" or HH:MM:SS", ""))
    if column.check_by:
        kinds = feed.column(column.check_by).values
        checks = [text for check, text in CHECK_TEXTS.items() if check in kinds]
        parts.append(f"what `{column.check_by}` says: {', '.join(checks)}")
    if column.on_invalid == "keep":
        parts.append("kept and told if it fails 校验不符仍入库并记录")
    return "; ".join(parts)


def _delivery_text(feed: Feed) -> str:
    if feed.is_internal:
        return "written by the house itself"
    files = "; ".join(_file_text(file) for file in feed.delivery.files)
    due = "required" if feed.delivery.required else "optional"
    return f"{feed.delivery.frequency}, {due}; {files}"


def _file_text(file: FilePattern) -> str:
    if file.format == "xlsx":
        return f"`{file.pattern}`"
    how = [file.encoding, "fixed width" if file.format == "fixed" else f"`{file.delimiter}`"]
    how += [f"trailer `{file.trailer.marker}`"] if file.trailer else []
    how += [f"with `{file.control.pattern}`"] if file.control else []
    how += [f"{file.parts} parts"] if file.parts else []
    return f"`{file.pattern}` ({', '.join(how)})"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    # A bar ends a cell even inside back ticks.
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)
