"""What differs between a laptop, a test and a bank: one row each, and no row for anything else."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dagster_project.errors import WrongUsageError

VARIABLE = "CRM_ENVIRONMENT"


class UnknownEnvironmentError(WrongUsageError):
    """CRM_ENVIRONMENT is missing or names no environment."""


@dataclass(frozen=True)
class Environment:
    """Where the house runs.

    Attributes:
        name: Value of CRM_ENVIRONMENT.
        is_scheduled: Whether schedule and sensor run as soon as the daemon does. Only a bank wants
            a night that starts by itself; elsewhere they are switched on in the UI.
        keep_generations: Published generations that are kept.
    """

    name: str
    is_scheduled: bool
    keep_generations: int


ENVIRONMENTS = {
    each.name: each
    for each in (
        Environment("local", is_scheduled=False, keep_generations=7),
        Environment("test", is_scheduled=False, keep_generations=3),
        Environment("bank", is_scheduled=True, keep_generations=7),
    )
}


def named(name: str) -> Environment:
    """The environment called `name`.

    >>> named("bank").is_scheduled
    True

    Raises:
        UnknownEnvironmentError: There is none of that name; nothing is assumed instead.
    """
    try:
        return ENVIRONMENTS[name]
    except KeyError:
        known = ", ".join(ENVIRONMENTS)
        raise UnknownEnvironmentError(
            f"环境变量 {VARIABLE} 为 {name!r}，只能是 {known} 之一。",
            f"{VARIABLE} is {name!r}; it must be one of {known}",
        ) from None


def current() -> Environment:
    """The environment that CRM_ENVIRONMENT names."""
    return named(os.environ.get(VARIABLE, ""))
