"""How versions change their roles: enter after training, promoted, rolled back, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ml.errors import FrameRefused, ModelRefused, NoModel, RoleRefused
from ml.frames.split import months_until_known
from ml.models.scorer import kind_of
from ml.registry import roles
from ml.registry.contest import Contest, contest
from ml.registry.roles import BY_RULE, Roles, Step
from ml.registry.store import check_label, load, load_champion, versions

#: Characters of a reason: a sentence or two, which a list can show.
MOST_SAID = 500


@dataclass(frozen=True)
class Entry:
    """What became of a version that was just trained.

    Attributes:
        roles: The roles as they are now.
        contest: The comparison with the champion, where there was one.
        told: A sentence: who scores from now on, and why.
    """

    roles: Roles
    contest: Contest | None
    told: str


def enter(
    models_dir: Path,
    name: str,
    version: str,
    frame: pl.DataFrame,
    *,
    at: str,
    key_path: Path,
) -> Entry:
    """A version that was just trained takes its place: champion where it wins, else challenger.

    The first version is champion, and so is one whose champion may not be used any more (other
    software, another contract, another label): its scores are worth more than none.

    Args:
        models_dir: Folder of all models.
        name: The model.
        version: What was just stored.
        frame: Features and labels, as the training read them.
        at: Moment, ISO 8601 in UTC.
        key_path: File of the signing key.

    Raises:
        ModelRefused: The version does not load as it was stored.
    """
    there = [each for each in versions(models_dir, name) if each != version]
    standing = roles.anew(models_dir, name, there, key_path=key_path)
    # Fresh roles are signed before anything is loaded by them.
    roles.write(
        models_dir,
        standing.after(
            Step("trained", version, standing.champion, BY_RULE, "a new training", at),
            challenger=version,
        ),
        key_path=key_path,
    )
    standing = roles.read(models_dir, name, key_path=key_path)
    challenger = load(models_dir, name, version, key_path=key_path)
    window = months_until_known(frame, kind_of(name).label)
    try:
        champion = load_champion(models_dir, name, key_path=key_path, label_months=window).model
    except NoModel as none:
        because = f"no version before it may score: {none}" if there else "the first version"
        step = Step("promoted", version, standing.champion, BY_RULE, because, at)
        crowned = _written(models_dir, _crowned(standing, step), key_path)
        return Entry(crowned, None, f"{version} is champion, as there was none to compare with")
    try:
        judged = contest(champion, challenger, frame)
    except (FrameRefused, ModelRefused) as refusal:
        told = f"{champion.version} goes on scoring, as {version} could not be compared: {refusal}"
        return Entry(standing, None, told)
    if not judged.is_won:
        why = "; ".join(judged.objections)
        told = f"{champion.version} goes on scoring and {version} challenges it: {why}"
        return Entry(standing, judged, told)
    because = f"better than {champion.version} on {judged.period:%Y-%m-%d}, and all checks pass"
    step = Step("promoted", version, champion.version, BY_RULE, because, at, judged.figures())
    crowned = _written(models_dir, _crowned(standing, step), key_path)
    return Entry(crowned, judged, f"{version} is champion now, {because}")


def promote(
    models_dir: Path,
    name: str,
    version: str,
    *,
    because: str,
    by: str,
    at: str,
    key_path: Path,
    frame: pl.DataFrame,
) -> Roles:
    """Make a version the champion, because a person says so.

    Args:
        models_dir: Folder of all models.
        name: The model.
        version: The version that is to score.
        because: The reason, in the words of who decides.
        by: Who decides.
        at: Moment, ISO 8601 in UTC.
        key_path: File of the signing key.
        frame: Features and labels, to note beside the decision how the two compare.

    Raises:
        RoleRefused: There is no such version, it scores already, it was withdrawn or does not
            load, or reason or person is missing.
    """
    _check_said(because, by)
    standing = _standing(models_dir, name, version, key_path)
    role = standing.role_of(version)
    if role == "champion":
        raise RoleRefused(
            f"模型 {name} 的版本 {version} 已经是现役版本（champion）。",
            f"version {version} of model {name} is the champion already",
        )
    if role == "withdrawn":
        raise RoleRefused(
            f"模型 {name} 的版本 {version} 已被撤回，不能再启用；请重新训练：crm ml train。",
            f"version {version} of model {name} was withdrawn and cannot score again; train it"
            " anew: crm ml train",
        )
    try:
        model = load(models_dir, name, version, key_path=key_path)
        window = months_until_known(frame, kind_of(name).label)
        check_label(model.manifest, window, f"Model {name} {version}")
    except ModelRefused as refusal:
        raise _unusable(name, version, refusal) from None
    told: dict[str, Any] = {}
    if standing.champion:
        try:
            champion = load_champion(models_dir, name, key_path=key_path, label_months=window).model
            told = contest(champion, model, frame).figures()
        except (NoModel, FrameRefused) as refusal:
            told = {"not compared": str(refusal)}
    step = Step("promoted", version, standing.champion, by.strip(), because.strip(), at, told)
    return _written(models_dir, _crowned(standing, step), key_path)


def roll_back(
    models_dir: Path,
    name: str,
    *,
    because: str,
    by: str,
    at: str,
    key_path: Path,
) -> Roles:
    """Return to the champion before, and withdraw the one that scores now.

    Raises:
        RoleRefused: There is no champion before that still loads, or reason or person is missing.
    """
    _check_said(because, by)
    standing = _standing(models_dir, name, None, key_path)
    now = standing.champion
    if now is None:
        raise RoleRefused(
            f"模型 {name} 还没有现役版本；请先训练：crm ml train。",
            f"model {name} has no champion yet; train it first: crm ml train",
        )
    refusals: list[str] = []
    for version in standing.champions_before():
        try:
            load(models_dir, name, version, key_path=key_path)
        except ModelRefused as refusal:
            refusals.append(str(refusal))
            continue
        step = Step("rolled back", now, now, by.strip(), because.strip(), at, {"to": version})
        return _written(
            models_dir,
            standing.after(
                step,
                champion=version,
                challenger=None if standing.challenger == version else standing.challenger,
                withdrawn=(*standing.withdrawn, now),
            ),
            key_path,
        )
    raise RoleRefused(*_nowhere_to_return(models_dir, name, now, refusals, key_path))


def _nowhere_to_return(
    models_dir: Path,
    name: str,
    now: str,
    refusals: Sequence[str],
    key_path: Path,
) -> tuple[str, str]:
    """That no champion before is of use, and whether the one that is scores at all."""
    why = " ".join(refusals)
    try:
        load(models_dir, name, now, key_path=key_path)
        so = (f"{now} 继续评分", f"so {now} goes on scoring")
    except ModelRefused as refusal:
        why = f"{why} {refusal}".strip()
        so = (f"{now} 也不可用，请重新训练：crm ml train {name}", "nor can it score: train it anew")
    return (
        f"模型 {name} 没有可退回的版本，{so[0]}{f'（{why}）' if why else '。'}",
        f"model {name} has no champion before {now} to return to, {so[1]}"
        f"{f': {why}' if why else ''}",
    )


def withdraw(
    models_dir: Path, name: str, version: str, *, because: str, by: str, at: str, key_path: Path
) -> Roles:
    """Take a version that does not score out of use for good.

    Raises:
        RoleRefused: There is no such version, it is the champion, or was withdrawn before.
    """
    _check_said(because, by)
    standing = _standing(models_dir, name, version, key_path)
    if version in standing.withdrawn:
        raise RoleRefused(
            f"模型 {name} 的版本 {version} 先前已撤回。",
            f"version {version} of model {name} was withdrawn before",
        )
    if version == standing.champion:
        raise RoleRefused(
            f"{version} 是模型 {name} 的现役版本；请改用 crm ml rollback {name}。",
            f"{version} is the champion of model {name}; use crm ml rollback {name}",
        )
    step = Step("withdrawn", version, standing.champion, by.strip(), because.strip(), at)
    changed = standing.after(
        step,
        challenger=None if version == standing.challenger else standing.challenger,
        withdrawn=tuple(sorted({*standing.withdrawn, version})),
    )
    return _written(models_dir, changed, key_path)


def _crowned(standing: Roles, step: Step) -> Roles:
    """The roles with the step's version as champion; nobody challenges it yet."""
    rest = None if standing.challenger == step.version else standing.challenger
    return standing.after(step, champion=step.version, challenger=rest)


def _written(models_dir: Path, changed: Roles, key_path: Path) -> Roles:
    roles.write(models_dir, changed, key_path=key_path)
    return changed


def _standing(models_dir: Path, name: str, version: str | None, key_path: Path) -> Roles:
    """The roles as they stand, once it is known that the version is there."""
    there = versions(models_dir, name)
    if not there:
        raise RoleRefused(
            f"还没有名为 {name} 的模型版本；请先训练：crm ml train。",
            f"there is no version of a model called {name}; train it first: crm ml train",
        )
    if version is not None and version not in there:
        raise RoleRefused(
            f"模型 {name} 没有版本 {version}；现有版本：{'、'.join(there)}。",
            f"model {name} has no version {version}; there are {', '.join(there)}",
        )
    try:
        return roles.read(models_dir, name, key_path=key_path)
    except ModelRefused as refusal:
        raise RoleRefused(
            f"模型 {name} 的版本角色文件不可信，请重新训练：crm ml train（{refusal}）",
            f"the roles of model {name} cannot be trusted, train it anew with crm ml train:"
            f" {refusal}",
        ) from None


def _check_said(because: str, by: str) -> None:
    """A change of who scores needs a person and his reason."""
    for value, option, zh, en in (
        (because, "--because", "理由", "a reason"),
        (by, "--by", "批准人", "who approves"),
    ):
        if not value.strip():
            raise RoleRefused(
                f"{option} 不能为空：变更现役版本须写明{zh}。",
                f"{option} must not be empty: a change of who scores needs {en}",
            )
        if len(value) > MOST_SAID or not value.strip().isprintable():
            raise RoleRefused(
                f"{option} 须为一行可见文字，不超过 {MOST_SAID} 字。",
                f"{option} must be one line of text, of {MOST_SAID} characters at most",
            )


def _unusable(name: str, version: str, refusal: ModelRefused) -> RoleRefused:
    return RoleRefused(
        f"模型 {name} 的版本 {version} 未通过校验，不能启用（{refusal}）",
        f"version {version} of model {name} cannot be used: {refusal}",
    )
