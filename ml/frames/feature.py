"""What the contract says of one column of a feature table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "flag", "category"]


@dataclass(frozen=True)
class Feature:
    """One column of the feature table.

    Attributes:
        name: Column name; says the moment that it looks from.
        kind: ``number``, ``flag`` (true or false) or ``category`` (a code of a closed list).
        meaning: One line for the model book, with the unit.
        name_zh: A short Chinese name; reasons are told in it.
        minimum: Least possible value, if there is one.
        maximum: Greatest possible value, if there is one.
        categories: Codes of a category.
        is_optional: A bank may not record this at all; the column may then be all null.
        may_be_nobodys: On a sound day nobody at all need have a value, as what it tells of need not
            be going on anywhere; of any other column that a model reads, no value for anybody
            means that something did not come.
        may_move: Why a past date may have another value when it is built again later, if it may.
    """

    name: str
    kind: Kind
    meaning: str
    name_zh: str
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    is_optional: bool = False
    may_be_nobodys: bool = False
    may_move: str = ""

    @property
    def called_zh(self) -> str:
        """As a Chinese sentence names it: clerks know the name, whoever mends it the column."""
        return f"{self.name_zh}（{self.name}）"
