"""The unit tests that stand beside the models, run by dbt on rows that they bring along."""

from __future__ import annotations

from tests.conventions.conftest import Project


def test_every_unit_test_beside_a_model_passes(project: Project) -> None:
    named = {each["name"] for each in project.first["unit_tests"].values()}
    ended = {each["name"]: each for each in project.unit_tests}
    assert set(ended) == named
    assert named, "there are unit tests"
    failed = [
        f"{name}: {each['message']}" for name, each in ended.items() if each["status"] != "pass"
    ]
    assert not failed, "\n\n".join(failed)
