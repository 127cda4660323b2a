"""A sheet's definition says all there is to say, or is refused with the file and the place."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.errors import SheetError
from serving.sheets.definition import load_catalogue

SOUND: dict[str, Any] = {
    "code": "R91",
    "title": {"zh": "名单", "en": "List"},
    "grain": "One row per customer.",
    "rhythm": "daily",
    "reader": {"zh": "客户经理", "en": "Managers"},
    "query": "select 1 as n where date '2026-01-05' = $until_date",
    "columns": [{"name": "n", "zh": "数", "en": "Number", "kind": "integer", "is_total": True}],
}


def write(folder: Path, document: dict[str, Any], name: str = "R91_list.yml") -> Path:
    (folder / name).write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return folder


def test_a_sound_definition_is_taken(tmp_path: Path) -> None:
    loaded = load_catalogue(write(tmp_path, SOUND))["R91"]
    assert loaded.parameters == {"until_date"}
    assert loaded.columns[0].is_total


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rhythm": "hourly"}, "rhythm"),
        ({"colour": "red"}, "colour"),
        ({"grain": "Customers"}, "grain"),
        ({"query": "select $today"}, "no value for today"),
        ({"audience": "vault"}, "says its purpose"),
        ({"purpose": {"zh": "回访", "en": "Visits"}}, "says its purpose"),
        ({"columns": []}, "has columns of its own"),
        ({"form": "fieldwork__visit"}, "has columns of its own"),
        ({"columns": [{"name": "n", "zh": "数", "en": "N", "is_total": True}]}, "cannot be added"),
        ({"columns": SOUND["columns"] * 2}, "is there twice"),
        ({"code": "R92"}, "is not that of its file"),
        ({"rhythm": "on_demand"}, "asks for .customer_id"),
        ({"query": "select 1 as n where $customer_id = 'C1'"}, "asks for .customer_id"),
    ],
)
def test_a_contradiction_is_refused_by_name(
    change: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(SheetError, match=told) as refused:
        load_catalogue(write(tmp_path, SOUND | change))
    assert "R91_list.yml" in refused.value.sentence[0]


def test_a_code_belongs_to_one_sheet(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    with pytest.raises(SheetError, match="R91 is taken"):
        load_catalogue(write(tmp_path, SOUND, "R91_other.yml"))


def test_what_is_no_yaml_is_told(tmp_path: Path) -> None:
    (tmp_path / "R91_list.yml").write_text("code: [", encoding="utf-8")
    with pytest.raises(SheetError, match=r"R91_list\.yml cannot be used"):
        load_catalogue(tmp_path)


def test_the_houses_own_catalogue_loads() -> None:
    assert load_catalogue()
