"""One column of a feed: what it means, how it is read, and how it is protected."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ingestion.contracts.text import is_authentication_data, normalise_heading, normalise_value
from ingestion.contracts.types import CheckName, ColumnType

NAME_PATTERN = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
_NUMBERS = frozenset({"integer", "money", "rate", "decimal", "float"})
_LISTED = frozenset({"code", "boolean"})
# What clerks write for yes and no, beside what a feed lists itself.
_TRUTHS = {
    "true": ("是", "有", "y", "yes", "t", "true", "√", "✓", "☑", "1"),
    "false": ("否", "无", "没有", "n", "no", "f", "false", "×", "☐", "0"),
}
# JR/T 0197-2020: C2 is level 3, C1 level 2, public level 1; C3 would be 4 and never enters.
_LEVEL_OF_CLASS = {"public": 1, "C1": 2, "C2": 3}
_DATE_DIRECTIVES = frozenset("YymdjHMSbB")

Mask = Literal["none", "name", "id_number", "account", "mobile", "address", "band", "text"]


class Security(BaseModel):
    """Class by JR/T 0171-2020, level by JR/T 0197-2020, and how the value is shown masked."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    class_code: str = Field(alias="class")
    level: int
    mask: Mask

    @model_validator(mode="after")
    def _check(self) -> Security:
        if self.class_code == "C3":
            raise ValueError("class C3 (authentication data) must never enter the house")
        if self.class_code not in _LEVEL_OF_CLASS:
            raise ValueError(f"class must be public, C1 or C2, not {self.class_code!r}")
        if self.level != _LEVEL_OF_CLASS[self.class_code]:
            expected = _LEVEL_OF_CLASS[self.class_code]
            raise ValueError(f"class {self.class_code} has level {expected}, not {self.level}")
        if (self.class_code == "C2") != (self.mask != "none"):
            raise ValueError("a column of class C2 has a mask, and only such a column")
        return self


class Column(BaseModel):
    """One column of a feed, after any overlay of the bank's own.

    `min` and `max` are in the lake's unit: yuan, and fractions for rates. Not all money is yuan
    where accounts are in other currencies: `currency` says whose it is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=NAME_PATTERN)
    heading: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    # Whether the column's own name is accepted as a heading beside heading and aliases.
    match_name: bool = True
    type: ColumnType
    unit: Literal["yuan", "wan_yuan", "percent"] | None = None
    # Whose currency money is in: that of its account, or of the row's own currency_code; else yuan.
    currency: Literal["account", "row"] | None = None
    required: bool = False
    min: Decimal | dt.date | None = None
    max: Decimal | dt.date | None = None
    pattern: str | None = None
    # What the text must be; or the code column that says it row by row (an identity document).
    check: CheckName | None = None
    check_by: str | None = None
    # Of a clock time: minutes, of which the text is HH:MM; else it has seconds as delivered.
    precision: Literal["minute"] | None = None
    # A value that fails its check: the row is refused, or kept as delivered and told.
    on_invalid: Literal["refuse", "keep"] = "refuse"
    # canonical value -> delivered texts that mean it, in order: the first hit wins.
    values: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    pseudonym: Literal["customer", "account"] | None = None
    security: Security
    description: str = Field(min_length=1)
    description_zh: str = ""
    # A made-up value as a clerk would write it, for the template's help page.
    example: str | None = None
    # How this bank delivers it.
    format: str | None = None
    century: int | None = None
    missing: tuple[str, ...] = ()
    # (regular expression, what its first hit becomes, with \1 for a group), in order.
    rewrite: tuple[tuple[str, str], ...] = ()
    constant: str | None = None
    join: tuple[str, ...] = ()
    separator: str = "|"
    absent: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read_texts(cls, data: Any) -> Any:
        """Make bounds and constants of the column's own kind from what yml holds."""
        if not isinstance(data, dict):
            return data
        data = dict(data)
        for bound in ("min", "max"):
            if isinstance(data.get(bound), str | int | float) and data.get("type") is not None:
                data[bound] = _bound(data["type"], bound, data[bound])
        if "constant" in data and data["constant"] is not None:
            data["constant"] = _plain_text(data["constant"])
        return data

    @field_validator("values", mode="before")
    @classmethod
    def _values_as_text(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {
            _plain_text(canonical): tuple(_plain_text(raw) for raw in raws)
            if isinstance(raws, list | tuple)
            else raws
            for canonical, raws in values.items()
        }

    @field_validator("missing", mode="before")
    @classmethod
    def _missing_as_text(cls, texts: Any) -> Any:
        return tuple(_plain_text(text) for text in texts) if isinstance(texts, list) else texts

    @model_validator(mode="after")
    def _check(self) -> Column:
        _check_kind(self)
        _check_values(self)
        _check_source(self)
        if self.constant is not None:
            _check_constant(self, self.constant)
        return self

    @property
    def is_read(self) -> bool:
        """Whether the column is read from the file: neither absent nor constant."""
        return not self.absent and self.constant is None

    @property
    def headings(self) -> tuple[str, ...]:
        """The normalised headings that carry the column, or the ones it is joined from."""
        if not self.is_read:
            return ()
        if self.join:
            return tuple(normalise_heading(heading) for heading in self.join)
        accepted = (self.heading, *self.aliases, *((self.name,) if self.match_name else ()))
        return tuple(dict.fromkeys(normalise_heading(heading) for heading in accepted))

    @property
    def value_patterns(self) -> list[tuple[str, str]]:
        """(delivered text, canonical value) in order, delivered texts normalised.

        Texts with `*` are patterns (fnmatch); the first hit wins. The canonical values
        themselves come last, so that a file which already speaks our codes is understood.
        """
        pairs = [
            (normalise_value(raw), canonical)
            for canonical, raws in self.values.items()
            for raw in raws
        ]
        pairs += [(canonical, canonical) for canonical in self.values]
        if self.type != "boolean":
            return pairs
        # Only words that the feed gives no meaning of its own.
        taken = {raw for raw, _ in pairs} | set(map(normalise_value, self.missing))
        return pairs + [
            (form, canonical)
            for canonical, words in _TRUTHS.items()
            for word in words
            for form in dict.fromkeys((word, word.upper(), word.capitalize()))
            if form not in taken
        ]

    @property
    def is_checked(self) -> bool:
        """Whether the text has to be more than text."""
        return self.check is not None or self.check_by is not None

    @property
    def is_identifier(self) -> bool:
        """Whether rows are found by the text: a sign nobody sees in it would join them to none."""
        is_named = self.name.endswith(("_id", "_code"))
        return self.type == "text" and (self.pseudonym is not None or is_named)

    @property
    def has_wildcards(self) -> bool:
        """Whether a delivered text of `values` is a pattern rather than the text itself."""
        return any("*" in raw for raws in self.values.values() for raw in raws)


def _plain_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"{value!r} must be a plain text")


def _bound(kind: str, name: str, given: str | float) -> Decimal | dt.date:
    try:
        return dt.date.fromisoformat(str(given)) if kind == "date" else Decimal(str(given))
    except (ValueError, InvalidOperation):
        raise ValueError(
            f"{name} {given!r} is not a {'date' if kind == 'date' else 'number'}"
        ) from None


def _check_kind(column: Column) -> None:
    """Raise ValueError where a setting has no meaning for the column's type."""
    if column.type == "money" and column.unit not in ("yuan", "wan_yuan"):
        raise ValueError("a money column needs unit yuan or wan_yuan")
    if column.type == "rate" and column.unit not in (None, "percent"):
        raise ValueError("unit of a rate is percent, or left out where a fraction is delivered")
    if column.type != "money" and column.currency:
        raise ValueError(f"a {column.type} column is in no currency")
    if column.type not in ("money", "rate") and column.unit:
        raise ValueError(f"a {column.type} column has no unit")
    for name, bound in (("min", column.min), ("max", column.max)):
        wanted = dt.date if column.type == "date" else Decimal
        if bound is not None and column.type not in _NUMBERS | {"date"}:
            raise ValueError(f"{name} has no meaning for a {column.type} column")
        if bound is not None and not isinstance(bound, wanted):
            raise ValueError(f"{name} must be a {'date' if wanted is dt.date else 'number'}")
    if column.min is not None and column.max is not None and column.min > column.max:  # type: ignore[operator]
        raise ValueError("min is greater than max")
    if column.pattern is not None:
        _check_pattern(column)
    if column.pattern and column.example and not re.fullmatch(column.pattern, column.example):
        raise ValueError(f"example {column.example!r} does not fit the pattern")
    if column.pseudonym and column.type != "text":
        raise ValueError("only a text column is an identifier that gets a pseudonym")
    if (column.format or column.century is not None) and column.type != "date":
        raise ValueError(f"format and century have no meaning for a {column.type} column")
    if column.type == "date":
        _check_date_format(column)
    if column.precision is not None and column.check != "clock_time":
        raise ValueError("precision has a meaning only beside check: clock_time")
    if column.is_checked:
        _check_checked(column)
    elif column.on_invalid != "refuse":
        raise ValueError("on_invalid has a meaning only beside check or check_by")


def _check_checked(column: Column) -> None:
    if column.type != "text":
        raise ValueError(f"check has no meaning for a {column.type} column")
    if column.check is not None and column.check_by is not None:
        raise ValueError("say either check or check_by")
    if column.pattern is not None:
        raise ValueError("a checked column needs no pattern")


def _check_pattern(column: Column) -> None:
    if column.type != "text":
        raise ValueError(f"pattern has no meaning for a {column.type} column")
    _compiled("pattern", column.pattern or "")


def _compiled(name: str, pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{name} is not a regular expression ({error})") from None
    # DuckDB and Spark use the pattern too; RE2 knows neither of these.
    if re.search(r"\(\?<?[=!]|\\[1-9]", pattern):
        raise ValueError(f"{name} must do without look-around and back references")
    return compiled


def _check_date_format(column: Column) -> None:
    if column.format is None:
        if column.century is not None:
            raise ValueError("century needs a format with %y")
        return
    used = re.findall(r"%(.)", column.format)
    if unknown := sorted(set(used) - _DATE_DIRECTIVES):
        raise ValueError(f"format must not use %{unknown[0]}")
    has_day = "j" in used or ("d" in used and bool({"m", "b", "B"} & set(used)))
    if not has_day or len({"Y", "y"} & set(used)) != 1:
        raise ValueError("format must tell one year, month and day")
    if ("y" in used) != (column.century is not None):
        raise ValueError("a two-digit year %y needs century (such as 1900), and only that does")
    if column.century is not None and column.century % 100:
        raise ValueError("century must be a full one, such as 1900")


def _check_values(column: Column) -> None:
    if (column.type in _LISTED) != bool(column.values):
        raise ValueError(
            f"a {column.type} column needs values"
            if column.type in _LISTED
            else f"values have no meaning for a {column.type} column"
        )
    if column.type == "boolean" and set(column.values) != {"true", "false"}:
        raise ValueError("values of a boolean column are 'true' and 'false'")
    meanings: dict[str, str] = {}
    for raw, canonical in column.value_patterns:
        if not raw:
            raise ValueError(f"values.{canonical} holds an empty text")
        if meanings.setdefault(raw, canonical) != canonical:
            raise ValueError(f"value {raw!r} means both {meanings[raw]!r} and {canonical!r}")
    if clash := set(map(normalise_value, column.missing)) & set(meanings):
        raise ValueError(f"{min(clash)!r} is both a listed value and missing")


def _check_source(column: Column) -> None:
    """Raise ValueError where it is unclear, or forbidden, where the value comes from."""
    for heading in (column.name, column.heading, *column.aliases, *column.join):
        if is_authentication_data(heading):
            raise ValueError(f"{heading!r} is authentication data (class C3), which must not enter")
    sources = [column.absent, column.constant is not None, bool(column.join)]
    if sum(sources) > 1:
        raise ValueError("absent, constant and join exclude each other")
    if column.absent and column.required:
        raise ValueError("the column is required, so it must not be absent")
    if column.pseudonym and column.constant is not None:
        raise ValueError("an identifier must not be a constant")
    if column.join and column.type not in ("text", "code"):
        raise ValueError(f"a {column.type} column must not be joined from several headings")
    if column.rewrite and not column.is_read:
        raise ValueError("rewrite has no meaning for a column that is not read from the file")
    for pattern, replacement in column.rewrite:
        _check_rewrite(pattern, replacement)


def _check_rewrite(pattern: str, replacement: str) -> None:
    groups = _compiled("rewrite", pattern).groups
    for escaped in re.findall(r"\\(.?)", replacement):
        if escaped != "\\" and not (escaped.isdigit() and int(escaped) <= groups):
            raise ValueError(f"rewrite {replacement!r}: there is no group \\{escaped}")


def _check_constant(column: Column, constant: str) -> None:
    """Raise ValueError unless `constant` is a value of the column, in the lake's unit."""
    if column.values and constant not in column.values:
        raise ValueError(f"constant must be one of {', '.join(column.values)}, not {constant!r}")
    if column.type in _NUMBERS or column.type == "date":
        value = _bound(column.type, "constant", constant)
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueError(f"constant {constant!r} is not a number")
        if isinstance(value, Decimal) and column.type == "integer" and value % 1:
            raise ValueError(f"constant {constant!r} is not a whole number")
        if column.min is not None and value < column.min:  # type: ignore[operator]
            raise ValueError(f"constant {constant!r} is below min {column.min}")
        if column.max is not None and value > column.max:  # type: ignore[operator]
            raise ValueError(f"constant {constant!r} is above max {column.max}")
    if column.pattern and not re.fullmatch(column.pattern, constant):
        raise ValueError(f"constant {constant!r} does not fit the pattern")
    if not constant.strip():
        raise ValueError("constant must not be empty; say absent: true")
