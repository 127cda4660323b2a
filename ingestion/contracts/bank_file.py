"""What a bank says of itself, once, beside its feed files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingestion.contracts.errors import FeedError, sentences
from ingestion.contracts.strict_yaml import read_yaml

BANK_FILE: Final = "bank.yml"


class BankFile(BaseModel):
    """The whole file.

    Attributes:
        own_currency_code: ISO 4217 code of what it keeps its books in; None for the program's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    own_currency_code: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")


def load_bank(folder: Path | None) -> BankFile:
    """What stands in the folder of a bank's own feed files; nothing of its own without the file.

    Raises:
        FeedError: With one sentence per mistake.
    """
    if folder is None or not (folder / BANK_FILE).exists():
        return BankFile()
    document = read_yaml(folder / BANK_FILE)
    try:
        return BankFile.model_validate(document)
    except ValidationError as error:
        raise FeedError(sentences(BANK_FILE, document, error)) from error
