"""What is wrong with a feed file, as sentences a data officer can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError


class FeedError(ValueError):
    """A feed file cannot be used; `problems` holds one sentence per mistake."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[FeedError], tuple[list[str]]]:
        """Survive the way back from a reader's child process."""
        return type(self), (self.problems,)


def sentences(file_name: str, document: Any, error: ValidationError) -> list[str]:
    """One sentence per mistake that pydantic found, naming file and field.

    Args:
        file_name: Name of the yml file, without its folder.
        document: The document that was validated, to name columns rather than count them.
        error: What pydantic raised.
    """
    return [
        f"{file_name}: {_field(document, problem['loc'])}{_reason(problem)}."
        for problem in error.errors(include_url=False)
    ]


def _field(document: Any, location: tuple[int | str, ...]) -> str:
    """The path of the field as its author knows it: `columns.amount.unit: `."""
    parts: list[str] = []
    here = document
    for step in location:
        label = str(step)
        here = _step_into(here, step)
        if isinstance(step, int) and isinstance(here, Mapping):
            label = str(here.get("name") or here.get("pattern") or step + 1)
        parts.append(label)
    return ".".join(parts) + ": " if parts else ""


def _step_into(value: Any, step: int | str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, Sequence) and not isinstance(value, str) and isinstance(step, int):
        return value[step] if step < len(value) else None
    return None


def _reason(problem: Any) -> str:
    kind, message = problem["type"], str(problem["msg"])
    if kind == "extra_forbidden":
        return "this field is not known here; check its spelling"
    if kind == "missing":
        return "this field is missing"
    if kind == "value_error":
        return message.removeprefix("Value error, ").rstrip(".")
    given = problem.get("input")
    shown = f", not {given!r}" if isinstance(given, str | int | float | bool) else ""
    return message.replace("Input should be", "must be", 1).rstrip(".") + shown
