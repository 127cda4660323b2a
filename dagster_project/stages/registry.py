"""Promote, roll back, withdraw, compare and list versions, between two nights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project import lease
from dagster_project.errors import WrongUsageError
from dagster_project.home import Home
from dagster_project.stages import model_rows, models
from ingestion.sentence import Sentence
from serving import generation as generations
from serving.export import unwritable
from serving.files import write_whole

if TYPE_CHECKING:
    from ml.registry.contest import Contest
    from ml.registry.roles import Roles


def promote(
    home: Home, name: str, version: str, *, because: str, by: str
) -> tuple[Roles, Sentence | None]:
    """Make a version the champion; (roles as they are now, why the MLflow record is behind).

    Raises:
        RoleRefused: It cannot be; one sentence why.
        LeaseHeldError: A night is running.
    """
    from ml.registry import changes

    check_name(name)

    def change(**said: Any) -> Roles:
        _, database = models.published_file(home)
        rows = model_rows.read_training_rows(database, name)
        return changes.promote(home.models, name, version, frame=rows, **said)

    return _change(home, change, because=because, by=by)


def roll_back(home: Home, name: str, *, because: str, by: str) -> tuple[Roles, Sentence | None]:
    """Return to the champion before and withdraw the one that scores.

    Raises:
        RoleRefused: There is none to return to.
        LeaseHeldError: A night is running.
    """
    from ml.registry import changes

    check_name(name)

    def change(**said: Any) -> Roles:
        window = None
        # Where nothing is published no rule of now is known, and a bad version must still go.
        if generations.current(home.warehouse) is not None:
            window = model_rows.label_months(models.published_file(home)[1], name)
        return changes.roll_back(home.models, name, label_months=window, **said)

    return _change(home, change, because=because, by=by)


def withdraw(
    home: Home, name: str, version: str, *, because: str, by: str
) -> tuple[Roles, Sentence | None]:
    """Take a version that does not score out of use for good.

    Raises:
        RoleRefused: There is no such version, or it scores.
        LeaseHeldError: A night is running.
    """
    from ml.registry import changes

    check_name(name)
    change = partial(changes.withdraw, home.models, name, version)
    return _change(home, change, because=because, by=by)


def _change(
    home: Home, change: Callable[..., Roles], *, because: str, by: str
) -> tuple[Roles, Sentence | None]:
    """Change roles while no night runs, then draw the record; (roles, why it is behind)."""
    with lease.hold(home.lease):
        changed = change(because=because, by=by, at=models.moment(), key_path=home.model_key)
        return changed, models.record(home)


def compare(
    home: Home, name: str, first: str | None, second: str | None, period: dt.date | None
) -> Contest:
    """Two versions on the same customers of one month end; champion and challenger unless named.

    Raises:
        WrongUsageError: One of the two is not there, does not load, or was judged later.
    """
    from ml.errors import FrameRefused, ModelRefused, PeriodRefused
    from ml.registry import roles
    from ml.registry.contest import contest
    from ml.registry.store import load

    check_name(name)
    _, database = models.published_file(home)
    try:
        standing = roles.read(home.models, name, key_path=home.model_key)
        pair = (first or standing.champion, second or standing.challenger)
        if pair[0] is None or pair[1] is None:
            raise WrongUsageError(
                f"模型 {name} 目前没有可比较的两个版本；请写出两个版本号，"
                f"可用的版本见：crm ml list {name}",
                f"model {name} has no champion and challenger to compare now; name two versions,"
                f" crm ml list {name} tells which there are",
            )
        one, two = (
            load(home.models, name, each, key_path=home.model_key)  # type: ignore[arg-type]
            for each in pair
        )
        return contest(one, two, model_rows.read_training_rows(database, name), period=period)
    except (FrameRefused, ModelRefused) as refusal:
        why = Sentence(*refusal.as_why("无法比较", "no comparison"))
        if isinstance(refusal, PeriodRefused):
            why = why.then(
                "；请用 --period 换一个标签已知、且不早于两个版本各自检验月末的月末。",
                "; choose with --period a month end whose labels are known, no earlier than those"
                " that judged the two versions",
            )
        raise WrongUsageError(*why) from None


def book(home: Home, name: str, version: str | None, output: Path | None) -> Path:
    """Draw the page of a version from its signed report; (where it lies now).

    Args:
        home: Where models and key lie.
        name: The model.
        version: One of its versions; the champion unless given.
        output: Where to; into the version's own folder unless given.

    Raises:
        WrongUsageError: There is no such version, or its report is not as it was signed.
        QueryError: The file cannot be written.
    """
    from ml.book import write
    from ml.errors import ModelRefused
    from ml.registry import roles
    from ml.registry.folders import versions

    check_name(name)
    there = versions(home.models, name)
    try:
        chosen = version or roles.read(home.models, name, key_path=home.model_key).champion
        if chosen is None or chosen not in there:
            raise _no_version(name, chosen, there)
        target = output or home.models / name / chosen / write.FILE
        try:
            write_whole(target, write.draw(home.models, name, chosen, key_path=home.model_key))
        except OSError as error:
            raise unwritable(target, error) from error
        return target
    except ModelRefused as refusal:
        why = refusal.as_why("无法生成模型手册", "the model book cannot be drawn")
        raise WrongUsageError(*why) from None


def _no_version(name: str, version: str | None, there: list[str]) -> WrongUsageError:
    """A sentence for a version that there is not."""
    if not there:
        return WrongUsageError(
            f"还没有名为 {name} 的模型版本；请先训练：crm ml train。",
            f"there is no version of a model called {name}; train it first: crm ml train",
        )
    if version is None:
        return WrongUsageError(
            f"模型 {name} 没有现役版本；请写出版本号：{'、'.join(there)}。",
            f"model {name} has no champion; name a version: {', '.join(there)}",
        )
    return WrongUsageError(
        f"模型 {name} 没有版本 {version}；现有版本：{'、'.join(there)}。",
        f"model {name} has no version {version}; there are {', '.join(there)}",
    )


def listed(home: Home, name: str) -> list[dict[str, Any]]:
    """Every version of a model, newest first: role, what it was judged by, last change of role.

    Of a version whose files are not as they were signed only that is told, under ``refused``
    (and ``refused_zh``).

    Raises:
        WrongUsageError: The roles cannot be trusted.
    """
    from ml.errors import ModelRefused
    from ml.registry import roles
    from ml.registry.folders import versions
    from ml.registry.store import read_report

    check_name(name)
    try:
        standing = roles.read(home.models, name, key_path=home.model_key)
    except ModelRefused as refusal:
        why = refusal.as_why(
            f"模型 {name} 的版本角色文件不可信，请重新训练：crm ml train",
            f"the roles of model {name} cannot be trusted, train it anew with crm ml train",
        )
        raise WrongUsageError(*why) from None
    found = []
    for version in reversed(versions(home.models, name)):
        manifest: dict[str, Any] = {}
        refused: tuple[str | None, str | None] = (None, None)
        try:
            manifest, _ = read_report(home.models, name, version, key_path=home.model_key)
        except ModelRefused as refusal:
            refused = refusal.sentence
        steps = [step for step in standing.history if step.version == version]
        found.append(
            {
                "name": name,
                "version": version,
                "role": standing.role_of(version),
                "ships": manifest.get("scorer", {}).get("ships"),
                "metrics": manifest.get("metrics", {}),
                "refused": refused[1],
                "refused_zh": refused[0],
                "last_change": asdict(steps[-1]) if steps else None,
            }
        )
    return found


def check_name(name: str) -> None:
    """Refuse a model that there is not.

    Raises:
        WrongUsageError: With the names there are.
    """
    if name not in models.MODEL_NAMES:
        there = models.MODEL_NAMES
        raise WrongUsageError(
            f"没有名为 {name} 的模型；现有模型：{'、'.join(there)}。",
            f"there is no model called {name}; there are {', '.join(there)}",
        )
