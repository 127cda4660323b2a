"""What can go wrong between a finished build and a reader."""

from __future__ import annotations


class ServingError(Exception):
    """A build, a generation or a query is not as it must be; the message is one plain sentence."""


class NothingPublishedError(ServingError):
    """There is no published generation to read yet."""


class DamagedGenerationError(ServingError):
    """A generation's files are missing, unreadable, or not those that were audited."""


class QueryError(ServingError):
    """A query was refused or failed; the message says why in one sentence."""
