"""What two rooms have to say alike, though neither may import the other."""

from __future__ import annotations

from ingestion.returning import marked
from serving import export


def test_a_sheet_that_goes_back_and_an_answer_guard_against_the_same_formulas() -> None:
    """A sign that one of them learns to fear would otherwise act in the other's files."""
    assert marked.FORMULA_STARTERS == export.FORMULA_STARTERS
