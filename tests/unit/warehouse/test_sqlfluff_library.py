"""The stand-ins that let sqlfluff lint a model render the right part of a statement."""

from __future__ import annotations

import pytest

from scripts.sqlfluff_library import MACROS, macro_parts, rendered_part


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("(\n    with a as (select 1 as one)\n    select one from a\n)", "(select"),
        ("{%- set x = 1 -%}\n    -- why\n    select one from t", "select"),
        ("opened as (\n    select 1 as one\n)", "placeholder as (select"),
        ("{{ config(materialized='table') }}", ""),
        (
            "{%- if bad -%}{{ exceptions.raise_compiler_error('no') }}{%- endif -%}(select 1)",
            "(sel",
        ),
        ("cast({{ amount }} * 100 as bigint)", "placeholder"),
    ],
)
def test_a_macro_stands_for_the_part_it_renders(body: str, part: str) -> None:
    rendered = rendered_part(body)
    assert rendered.startswith(part)
    assert bool(rendered) == bool(part)


def test_a_dispatched_macro_stands_for_its_default() -> None:
    parts = macro_parts(MACROS)
    assert parts["date_spine"].startswith("(select")
    assert parts["idiv"] == "placeholder"
    assert parts["scd2"].startswith("(select")
