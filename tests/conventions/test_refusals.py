"""What the models refuse, the bank's staff read in Chinese, with English beside it."""

from __future__ import annotations

import pytest

from ml.errors import MlError
from tests.conventions.file_rules import REPOSITORY, repository_files
from tests.conventions.python_rules import ROOMS, one_sided_refusals


def _names(of: type[MlError]) -> set[str]:
    return {of.__name__}.union(*map(_names, of.__subclasses__()))


REFUSALS = frozenset(_names(MlError))


def test_every_refusal_is_said_in_both_languages() -> None:
    """Incident: English sentences of the registry stood inside Chinese ones of `crm status`."""
    rooms = [
        name
        for name in repository_files()
        if name.endswith(".py") and name.split("/")[0] in (*ROOMS, "tests")
    ]
    problems = [
        problem
        for name in rooms
        for problem in one_sided_refusals(
            (REPOSITORY / name).read_text(encoding="utf-8"), name, REFUSALS
        )
    ]
    assert not problems, "\n".join(problems)


def test_the_errors_of_the_room_are_known() -> None:
    assert {"MlError", "ModelRefused", "NeverTrained", "LeakSuspected", "RoleRefused"} <= REFUSALS


@pytest.mark.parametrize(
    "source",
    [
        'raise NoModel("There is none.")',
        'raise NoModel(f"{who} lacks {path}.") from None',
        'raise errors.NoModel("There is none.", "There is none.")',
        'raise NoModel(chinese, "There is none.")',
        "raise NoModel",
        'refusal = NoModel("没有模型。")',
        'raise NoModel("There is none.", "没有模型。")',
        'raise NoModel("没有模型。", "没有模型。")',
        'raise NoModel("没有模型。", f"There is none ({why}：无).")',
    ],
)
def test_a_refusal_of_one_language_is_found(source: str) -> None:
    assert one_sided_refusals(source, "ml/x.py", REFUSALS)


@pytest.mark.parametrize(
    "source",
    [
        'raise NoModel("没有模型。", "There is none.")',
        'raise NoModel(f"{who}缺少 {path}。", f"{who} lacks {path}.") from None',
        'raise NoModel(*refusal.as_why("无法比较", "no comparison"))',
        'raise ValueError("said to a programmer by the language itself")',
    ],
)
def test_a_refusal_of_both_languages_passes(source: str) -> None:
    assert not one_sided_refusals(source, "ml/x.py", REFUSALS)
