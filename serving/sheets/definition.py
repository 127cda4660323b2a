"""What a sheet is: whom it is for, when it is due, what it asks the marts, and its columns.

A definition is one YAML file in `catalogue/`. The query is put to a published generation with the
values `$from_date` and `$until_date`, the first and last day of the period the sheet tells of; its
columns become the sheet's, each under a Chinese heading with the English one below it. A sheet on
demand is about one customer, `$customer_id`, and never due.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from serving.errors import SheetError

CATALOGUE: Final = Path(__file__).parent / "catalogue"
Rhythm = Literal["daily", "weekly", "monthly", "on_demand"]
Kind = Literal["text", "integer", "decimal", "yuan", "wan_yuan", "capital", "percent", "date"]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Code = Annotated[str, StringConstraints(pattern=r"^R[0-9]{2}[a-z]?$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
PARAMETERS: Final = frozenset({"from_date", "until_date", "customer_id"})
# Only figures of these kinds may be added up under a column.
_ADDED: Final = frozenset({"integer", "decimal", "yuan", "wan_yuan"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(_Strict):
    """A text in both languages of the house."""

    zh: Said
    en: Said


class Column(_Strict):
    """One column of a sheet.

    Attributes:
        name: Column of the query that it shows.
        kind: How its values are written; amounts come from the query in yuan, shares as fractions.
            `capital` writes an amount in Chinese capitals (人民币大写).
        width: Width in characters; by its contents where none is given.
        is_total: Whether the column is added up in the last line.
        values: What stands for each code, in Chinese; a code that is not listed stands as it is.
    """

    name: Name
    zh: Said
    en: Said
    kind: Kind = "text"
    width: float | None = Field(default=None, gt=2, le=120)
    is_total: bool = False
    values: dict[str, Said] = {}

    @model_validator(mode="after")
    def _check_total(self) -> Self:
        if self.is_total and self.kind not in _ADDED:
            raise ValueError(f"column {self.name} is {self.kind}, which cannot be added up")
        if self.values and self.kind != "text":
            raise ValueError(f"column {self.name} has values for codes, so its kind is text")
        return self


class Definition(_Strict):
    """One sheet of the catalogue.

    Attributes:
        code: Its number in the catalogue of reports (requirements 1.22).
        audience: Which files it reads: `analyst` the published one, `vault` identities too.
        purpose: Why names are on it; a sheet of the vault cannot be without.
        file_for: Columns of the query by whose values it is divided, a file for each; the values
            make the file's name and stand under the title.
        form: The feed that reads the sheet when it comes back filled in; its columns are the
            feed's, so it has none of its own.
    """

    code: Code
    title: Bilingual
    grain: Annotated[str, StringConstraints(pattern=r"^One row per .+\.$")]
    rhythm: Rhythm
    reader: Bilingual
    audience: Literal["analyst", "vault"] = "analyst"
    purpose: Bilingual | None = None
    file_for: tuple[Name, ...] = ()
    form: Name | None = None
    query: Said
    columns: tuple[Column, ...] = ()
    notes: tuple[Bilingual, ...] = ()

    @field_validator("query")
    @classmethod
    def _check_parameters(cls, query: str) -> str:
        if unknown := set(re.findall(r"\$(\w+)", query)) - PARAMETERS:
            raise ValueError(f"the query has no value for {', '.join(sorted(unknown))}")
        return query

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if (self.audience == "vault") != (self.purpose is not None):
            raise ValueError("a sheet of the vault, and only that, says its purpose")
        if (self.rhythm == "on_demand") != ("customer_id" in self.parameters):
            raise ValueError("a sheet on demand, and only that, asks for $customer_id")
        if (self.form is None) == (not self.columns):
            raise ValueError("a sheet has columns of its own, or those of the feed it returns as")
        names = [column.name for column in self.columns]
        if doubled := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"column {', '.join(sorted(doubled))} is there twice")
        return self

    @property
    def parameters(self) -> frozenset[str]:
        """The values that the query asks for."""
        return frozenset(re.findall(r"\$(\w+)", self.query))


def load_catalogue(folder: Path = CATALOGUE) -> dict[str, Definition]:
    """Every sheet of a folder by its code, in the order of codes.

    Raises:
        SheetError: A definition cannot be read, contradicts itself, or has the code of another.
    """
    found: dict[str, Definition] = {}
    for path in sorted(folder.glob("*.yml")):
        definition = _load(path)
        if definition.code in found or not path.stem.startswith(f"{definition.code}_"):
            raise SheetError(
                f"报表定义 {path.name} 的编号 {definition.code} 重复，或与文件名不符。",
                f"{path.name}: the code {definition.code} is taken, or is not that of its file",
            )
        found[definition.code] = definition
    return found


def _load(path: Path) -> Definition:
    try:
        return Definition.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        why = str(error).splitlines()[0]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        why = f"{place}: {first['msg']}" if place else first["msg"]
    raise SheetError(
        f"报表定义 {path.name} 无法使用：{why}", f"the sheet {path.name} cannot be used: {why}"
    )
