"""What can go wrong between a finished build and a reader."""

from __future__ import annotations


class ServingError(Exception):
    """A build, a generation or a query is not as it must be.

    Attributes:
        sentence: What is wrong and what to do, in Chinese and in English.
    """

    def __init__(self, zh: str, en: str) -> None:
        self.sentence = (zh, en)
        super().__init__(en)


class NothingPublishedError(ServingError):
    """There is no published generation to read yet."""


class NoGenerationError(NothingPublishedError):
    """There is no generation of the kind that was asked for."""


class DamagedGenerationError(ServingError):
    """A generation's files are missing, unreadable, or not those that were audited."""


class QueryError(ServingError):
    """A query was refused or failed; the message says why in one sentence."""


class SheetError(ServingError):
    """A sheet's definition contradicts itself or the marts, or a sheet cannot be written."""


class UnknownCustomerError(ServingError):
    """Nobody has the customer number that a sheet was asked for."""


class UnknownMonthError(QueryError):
    """A month was asked for that is not published."""
