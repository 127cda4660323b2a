"""How versions change their roles: enter after training, promoted, rolled back, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ml.errors import FrameRefused, ModelRefused, NoModel, Pair, RoleRefused, because_of
from ml.frames.split import months_until_known
from ml.models.scorer import kind_of
from ml.names import called
from ml.registry import roles
from ml.registry.checks import check_label
from ml.registry.contest import Contest, contest
from ml.registry.folders import versions
from ml.registry.roles import BY_RULE, Roles, Step
from ml.registry.store import load, load_champion

#: Characters of a reason: a sentence or two, which a list can show.
MOST_SAID = 500
#: Blanks that are signed as plain ones: the full-width one, and the one that pages do not break at.
_BLANKS = str.maketrans("\u3000\u00a0", "  ")


@dataclass(frozen=True)
class Entry:
    """What became of a version that was just trained.

    Attributes:
        roles: The roles as they are now.
        contest: The comparison with the champion, where there was one.
        told: Who scores from now on, and why, in Chinese and in English.
    """

    roles: Roles
    contest: Contest | None
    told: Pair


def enter(
    models_dir: Path,
    name: str,
    version: str,
    frame: pl.DataFrame,
    *,
    at: str,
    key_path: Path,
    held: str | None = None,
) -> Entry:
    """A version that was just trained takes its place: champion where it wins, else challenger.

    The first version is champion, and so is one whose champion may not be used any more (other
    software, another contract, another label) or whose scores are held: its own are worth more than
    none.

    Args:
        models_dir: Folder of all models.
        name: The model.
        version: What was just stored.
        frame: Features and labels, as the training read them.
        at: Moment, ISO 8601 in UTC.
        key_path: File of the signing key.
        held: The version whose scores the last night held back, if it did.

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

    def crowned(because: str, judged: Contest | None = None) -> roles.Roles:
        figures = {} if judged is None else judged.figures()
        step = Step("promoted", version, standing.champion, BY_RULE, because, at, figures)
        return _written(models_dir, _crowned(standing, step), key_path)

    try:
        champion = load_champion(models_dir, name, key_path=key_path, label_months=window).model
    except NoModel as none:
        because = _unrivalled(none) if there else "首个版本 the first version"
        zh, en = "没有可比较的版本", "there was none to compare with"
        return Entry(crowned(because), None, _is_champion(version, zh, en))
    if champion.version == held:
        zh, en = f"{held} 的评分已停用", f"the scores of {held} are held"
        return Entry(crowned(f"{zh} {en}"), None, _is_champion(version, zh, en))
    try:
        judged = contest(champion, challenger, frame)
    except (FrameRefused, ModelRefused) as refusal:
        return Entry(standing, None, _uncompared(refusal, champion.version, version))
    if not judged.is_won:
        return Entry(standing, judged, _challenging(judged))
    zh = f"在 {judged.period:%Y-%m-%d} 优于 {champion.version}，各项检查均通过"
    en = f"better than {champion.version} on {judged.period:%Y-%m-%d}, and all checks pass"
    told = (f"{version} 现为现役版本：{zh}", f"{version} is champion now, {en}")
    return Entry(crowned(f"{zh} {en}", judged), judged, told)


def _unrivalled(none: NoModel) -> str:
    """Why a version needs no comparison; a step is signed with one text, in both languages."""
    return " ".join(none.as_why("此前没有可评分的版本", "no version before it may score"))


def _is_champion(version: str, zh: str, en: str) -> Pair:
    """That a version scores from now on, and why."""
    return f"{version} 成为现役版本，因为{zh}", f"{version} is champion, as {en}"


def _uncompared(refusal: FrameRefused | ModelRefused, champion: str, version: str) -> Pair:
    """That the champion goes on scoring, as the other could not be held against it."""
    return refusal.as_why(
        f"{champion} 继续评分，{version} 无法与之比较",
        f"{champion} goes on scoring, as {version} could not be compared",
    )


def _challenging(judged: Contest) -> Pair:
    """That the champion goes on scoring, and what speaks against the other."""
    chinese, english = zip(*judged.objections, strict=True)
    return (
        f"{judged.first} 继续评分，{judged.second} 为挑战版本：{'；'.join(chinese)}",
        f"{judged.first} goes on scoring and {judged.second} challenges it: {'; '.join(english)}",
    )


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
    because, by = _said(because, by)
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
        check_label(model.manifest, window, called(name, version))
    except ModelRefused as refusal:
        raise _unusable(name, version, refusal) from None
    told: dict[str, Any] = {}
    if standing.champion:
        try:
            champion = load_champion(models_dir, name, key_path=key_path, label_months=window).model
            told = contest(champion, model, frame).figures()
        except (NoModel, FrameRefused, ModelRefused) as refusal:
            told = dict(zip(("not_compared_zh", "not_compared"), refusal.sentence, strict=True))
    step = Step("promoted", version, standing.champion, by, because, at, told)
    return _written(models_dir, _crowned(standing, step), key_path)


def roll_back(
    models_dir: Path,
    name: str,
    *,
    because: str,
    by: str,
    at: str,
    key_path: Path,
    label_months: int | None,
) -> Roles:
    """Return to the champion before, and withdraw the one that scores now.

    Args:
        models_dir: Folder of all models.
        name: The model.
        because: The reason, in the words of who decides.
        by: Who decides.
        at: Moment, ISO 8601 in UTC.
        key_path: File of the signing key.
        label_months: Months until a label is known by the rules of now: who was taught on another
            label would be refused by the next night, and the one that scores be withdrawn for good.
            Not compared where None.

    Raises:
        RoleRefused: There is no champion before that may still score, or reason or person is
            missing.
    """
    because, by = _said(because, by)
    standing = _standing(models_dir, name, None, key_path)
    now = standing.champion
    if now is None:
        raise RoleRefused(
            f"模型 {name} 还没有现役版本；请先训练：crm ml train。",
            f"model {name} has no champion yet; train it first: crm ml train",
        )
    refusals: list[Pair] = []
    for version in standing.champions_before():
        try:
            load(models_dir, name, version, key_path=key_path, label_months=label_months)
        except ModelRefused as refusal:
            refusals.append(refusal.sentence)
            continue
        step = Step("rolled back", now, now, by, because, at, {"to": version})
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
    told = _nowhere_to_return(
        models_dir, name, now, refusals, key_path=key_path, label_months=label_months
    )
    raise RoleRefused(*told)


def _nowhere_to_return(
    models_dir: Path,
    name: str,
    now: str,
    refusals: Sequence[Pair],
    *,
    key_path: Path,
    label_months: int | None,
) -> Pair:
    """That no champion before is of use, and whether the one that is scores at all."""
    why = list(refusals)
    try:
        load(models_dir, name, now, key_path=key_path, label_months=label_months)
        so = (f"{now} 继续评分", f"so {now} goes on scoring")
    except ModelRefused as refusal:
        why.append(refusal.sentence)
        so = (
            f"{now} 也不可用，请重新训练：crm ml train {name}",
            f"nor can it score; train it anew with crm ml train {name}",
        )
    chinese = f"模型 {name} 没有可退回的版本，{so[0]}"
    english = f"model {name} has no champion before {now} to return to, {so[1]}"
    if not why:
        return f"{chinese}。", english
    told = ("".join(zh for zh, _ in why), " ".join(en for _, en in why))
    return because_of((chinese, english), told)


def withdraw(
    models_dir: Path, name: str, version: str, *, because: str, by: str, at: str, key_path: Path
) -> Roles:
    """Take a version that does not score out of use for good.

    Raises:
        RoleRefused: There is no such version, it is the champion, or was withdrawn before.
    """
    because, by = _said(because, by)
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
    step = Step("withdrawn", version, standing.champion, by, because, at)
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
        why = refusal.as_why(
            f"模型 {name} 的版本角色文件不可信，请重新训练：crm ml train",
            f"the roles of model {name} cannot be trusted, train it anew with crm ml train",
        )
        raise RoleRefused(*why) from None


def _said(because: str, by: str) -> Pair:
    """Reason and person as they are signed: a change of who scores needs both.

    A blank of a Chinese keyboard is as wide as a character, and Python calls it unprintable.
    """
    told = []
    for text, option, zh, en in (
        (because, "--because", "理由", "a reason"),
        (by, "--by", "批准人", "who approves"),
    ):
        value = text.translate(_BLANKS).strip()
        if not value:
            raise RoleRefused(
                f"{option} 不能为空：变更现役版本须写明{zh}。",
                f"{option} must not be empty: a change of who scores needs {en}",
            )
        if len(text) > MOST_SAID or not value.isprintable():
            raise RoleRefused(
                f"{option} 须为一行可见文字，不超过 {MOST_SAID} 字。",
                f"{option} must be one line of text, of {MOST_SAID} characters at most",
            )
        told.append(value)
    return told[0], told[1]


def _unusable(name: str, version: str, refusal: ModelRefused) -> RoleRefused:
    why = refusal.as_why(
        f"模型 {name} 的版本 {version} 未通过校验，不能启用",
        f"version {version} of model {name} cannot be used",
    )
    return RoleRefused(*why)
