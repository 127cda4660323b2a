"""Stages train and score: features out of the build, scores into the lake."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project import lease
from dagster_project.errors import NightError, NoBuildError
from dagster_project.home import Home
from dagster_project.night import Night
from dagster_project.stages import model_rows, model_watch
from dagster_project.versions import Versions
from ml.names import MODEL_NAMES
from serving import generation as generations

if TYPE_CHECKING:
    import polars as pl

    from ml.registry.store import LoadedModel
    from ml.watch import Watched

SCORE_FEED = "ml__customer_score"
REASON_FEED = "ml__customer_score_reason"
MONTH_FEED = "ml__model_month"
FEATURE_FEED = "ml__model_feature_month"
CAUSE_FEED = "ml__churn_cause"
CURVE_FEED = "ml__customer_survival"
# What a reader is told of a model, beside the same of the plain baseline.
MEASURES = {
    "auc": "AUC {:.3f}, plain baseline {:.3f}",
    "concordance": "concordance {:.3f}, plain baseline {:.3f}",
    "mae": "mean error {:,.0f} yuan, plain baseline {:,.0f}",
}
TRAINED = "trained"
NOBODY_ASKED = "there is no customer to score"


@dataclass(frozen=True)
class Trained:
    """What became of one model.

    Attributes:
        name: One of the models.
        state: `trained`, `kept` (a usable version was there), `not enough history` or `refused`.
        version: The version that scores, or None.
        told: A sentence for the screen and for `crm status`.
        report: Plain data for asset metadata.
        book: File of the page that the training wrote, or None.
    """

    name: str
    state: str
    version: str | None
    told: str
    report: dict[str, Any] = field(default_factory=dict)
    book: str | None = None


def train(
    home: Home,
    name: str,
    database: Path,
    as_of: dt.date,
    code_version: str,
    *,
    source: str,
    is_forced: bool,
) -> Trained:
    """Train one model unless a usable version is stored, and give the new version its role.

    Args:
        home: Where models and the signing key lie.
        name: One of the models.
        database: The crm file to read features from, read-only.
        as_of: The last date that the training may know.
        code_version: Goes into the model's manifest.
        source: Generation or run that the file belongs to; goes there too.
        is_forced: Train even though a usable version is there (the monthly retraining).
    """
    from ml.errors import FrameRefused, ModelRefused, NeverTrained, NoModel, NotEnoughHistory
    from ml.registry.changes import enter
    from ml.registry.store import load_champion
    from ml.train import check_history
    from ml.train import train as fit

    refused = ""
    if not is_forced:
        try:
            window = model_rows.label_months(database, name)
            found = load_champion(home.models, name, key_path=home.model_key, label_months=window)
            report = dict(found.model.manifest.get("metrics") or {})
            told = " ".join((f"model {found.model.version} is used", *found.refusals))
            return Trained(name, "kept", found.model.version, told, report)
        except NeverTrained:
            refused = ""
        except NoModel as error:
            refused = f" ({error})"
    try:
        check_history(name, model_rows.read_labels(database, name))
        frame = model_rows.read_training_rows(database, name)
        trained = fit(
            name,
            frame,
            home.models,
            as_of,
            key_path=home.model_key,
            code_version=code_version,
            source=source,
        )
        entry = enter(
            home.models, name, trained.version, frame, at=moment(), key_path=home.model_key
        )
    except NotEnoughHistory as error:
        return Trained(name, "not enough history", None, f"{error}{refused}")
    except (FrameRefused, ModelRefused) as error:
        # Profit and performance do not wait for a model; the warning stays on the asset.
        return Trained(name, "refused", None, f"{error}{refused}")
    except OSError as error:
        return Trained(name, "refused", None, f"{_not_stored(name, error, home)}{refused}")
    rival = "; its baseline scores" if trained.is_baseline_shipped else ""
    told = f"model {trained.version} was trained{compared(trained.report)}{rival}"
    told = f"{told}{_off(trained.report)}; {entry.told}{refused}"
    report = {**trained.report, "contest": entry.contest.figures() if entry.contest else None}
    book = home.models / name / trained.version / "book.html"
    return Trained(name, TRAINED, entry.roles.champion, told, report, str(book))


def _not_stored(name: str, error: OSError, home: Home) -> str:
    """Why a version could not be written, and that whoever scored goes on."""
    where = Path(error.filename).name if error.filename else home.models.name
    return (
        f"model {name} was not stored, and who scores has not changed: {error.strerror or error} "
        f"({where}); free space or give {home.models} to whoever runs crm, then: crm ml train"
    )


def record(home: Home) -> str | None:
    """Bring the MLflow record up to date; one sentence where it is behind, which stops nothing."""
    from ml.registry.record import draw

    return draw(home.mlflow, home.models, list(MODEL_NAMES), key_path=home.model_key)


def moment() -> str:
    """Now, for a record of who decided when; no figure rests on it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def retrain(home: Home, name: str) -> Trained:
    """Train one model anew from the published generation, between two nights.

    Raises:
        NightError: Nothing is published yet.
        LeaseHeldError: A night is running.
    """
    published, database = published_file(home)
    with lease.hold(home.lease):
        trained = train(
            home,
            name,
            database,
            published.business_date,
            Versions.now(None).code,
            source=f"generation {published.number}",
            is_forced=True,
        )
        unrecorded = record(home) if trained.state == TRAINED else None
        return replace(trained, told=f"{trained.told}. {unrecorded}") if unrecorded else trained


def published_file(
    home: Home, purpose: tuple[str, str] = ("训练", "learn from")
) -> tuple[generations.Generation, Path]:
    """The published generation, and its file of features and facts.

    Args:
        home: The home that publishes.
        purpose: What cannot be done without it, in Chinese and in English, for the sentence.

    Raises:
        NightError: Nothing is published yet.
    """
    published = generations.current(home.warehouse)
    if published is None:
        raise NightError(
            f"尚未发布任何数据，无从{purpose[0]}；请先运行一次夜间任务：crm run",
            f"nothing is published yet, so there is nothing to {purpose[1]}; run a night first:"
            " crm run",
        )
    return published, generations.folder_of(home.warehouse, published.number) / "crm.duckdb"


def compared(report: dict[str, Any]) -> str:
    """The model beside its plain baseline, both judged on customers of a later date."""
    model, baseline = (report["metrics"][which] for which in ("model", "baseline"))
    metric = next(each for each in MEASURES if each in model)
    return ": " + MEASURES[metric].format(model[metric], baseline[metric])


def _off(report: dict[str, Any]) -> str:
    """How far the level of probabilities was off, and bands that hold too little; else nothing."""
    from ml.models.bands import is_poor

    level, band = report["level"], report["band"]
    told = ""
    if level and level["shift"]:
        told = (
            f"; it foretold {level['foretold_rate']:.2%} where {level['seen_rate']:.2%} came, so"
            f" its scores are moved by {level['shift']:+.2f} log-odds"
        )
    if is_poor(band):
        told += (
            f"; its bands hold {band['covered_share']:.0%} in the place of"
            f" {band['level']:.0%}, so do not rely on them"
        )
    return told


def contradicted(report: dict[str, Any]) -> str:
    """What a model says against what people expected of it, as a table of Markdown."""
    from ml.book.page import contradictions

    found = contradictions(report["book"])
    if not found:
        return "无一条与假设相反 no expectation is contradicted"
    lines = [
        "| 特征 feature | 预期 expected | 秩相关 rank | 影响 weight |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {each['feature']} | {'↑' if each['expected'] > 0 else '↓'} {each['because_zh']}"
        f" {each['because_en']} | {each['rank']:+.2f} | {each['weight_share']:.1%} |"
        for each in found
    ]
    return "\n".join(lines)


@dataclass(frozen=True)
class Scored:
    """What became of one model's scores of the night.

    Attributes:
        name: One of the models.
        rows: Customers that its champion scored.
        told: A sentence for the screen and for `crm status`.
        is_held: Scores are missing that there should be; not so where the model was never trained,
            or where nobody may be asked today.
        report: Plain data of the scoring.
    """

    name: str
    rows: int
    told: str
    is_held: bool = False
    report: dict[str, Any] = field(default_factory=dict)


def score(night: Night) -> list[Scored]:
    """Score the customers of the business date with every model there is, into the lake.

    A model that is missing, or that refuses to guess, leaves its scores out and says why; the
    night goes on, since profit and performance do not depend on it.
    """
    import polars as pl

    if night.build is None:
        raise NoBuildError.to("评分", "score")
    database, day = night.build.database("crm"), night.request.business_date
    features = model_rows.read_features(database, day)
    results: list[Scored] = []
    landed: dict[str, list[pl.DataFrame]] = {}
    for done, name in enumerate(MODEL_NAMES):
        night.reporter.progress(name, done, len(MODEL_NAMES))
        told, frames = _score_one(
            night.home,
            database,
            name,
            model_rows.asked(database, name, features, day),
            model_rows.to_be_scored(database, name, day),
        )
        results.append(told)
        for feed, frame in frames.items():
            landed.setdefault(feed, []).append(frame)
    night.reporter.progress("", len(MODEL_NAMES), len(MODEL_NAMES))
    for feed, parts in landed.items():
        land(night, feed, pl.concat(parts))
    return results


def _score_one(
    home: Home, database: Path, name: str, features: pl.DataFrame, keys: pl.Series
) -> tuple[Scored, dict[str, pl.DataFrame]]:
    """What becomes of one model tonight: what is told, and rows by feed.

    Whoever is in ``keys`` must be scored, and nobody else: they come from another table than the
    features, so that a customer whom the features lost is missed.

    The challenger scores beside the champion, and what stops it stops nobody else. Both are held
    against training; a champion whose scores have drifted gives none, and its line says so.
    """
    import polars as pl

    from ml.errors import FrameRefused, ModelRefused, NeverTrained, NoModel, ScoringHeld
    from ml.registry.store import load_challenger, load_champion
    from ml.score import score as predict

    if features.is_empty() and keys.is_empty():
        is_held = not model_rows.is_asked_of_some(name)
        return Scored(name, 0, NOBODY_ASKED, is_held=is_held), {}
    window = model_rows.label_months(database, name)
    try:
        found = load_champion(home.models, name, key_path=home.model_key, label_months=window)
        result = predict(found.model, features)
        result.check_complete(keys)
    except NeverTrained as error:
        return Scored(name, 0, str(error)), {}
    except (NoModel, ScoringHeld, FrameRefused) as error:
        return Scored(name, 0, str(error), is_held=True), {}
    told = f"{result.scores.height:,} customers scored by {found.model.version}"
    if found.refusals:
        told = f"{told}, as {' '.join(found.refusals)}"
    watched = _watch(home, database, found.model, features, result.scores)
    try:
        watched.check(found.model)
    except ScoringHeld as error:
        landed = {MONTH_FEED: watched.month, FEATURE_FEED: watched.features}
        return Scored(name, 0, str(error), is_held=True), landed
    told = f"{told}{watched.told}"
    scores, watches = [result.scores], [watched]
    try:
        challenger = load_challenger(
            home.models, name, key_path=home.model_key, label_months=window
        )
        if challenger is not None:
            beside = predict(challenger, features, role="challenger")
            beside.check_complete(keys)
            scores.append(beside.scores)
            watches.append(_watch(home, database, challenger, features, beside.scores))
            told = f"{told}, beside it by {challenger.version}"
    except (ModelRefused, ScoringHeld, FrameRefused) as error:
        told = f"{told}; its challenger does not score: {error}"
    scored = Scored(name, result.scores.height, told, report=result.report)
    frames = {
        SCORE_FEED: pl.concat(scores),
        REASON_FEED: result.reasons,
        MONTH_FEED: pl.concat(each.month for each in watches),
        FEATURE_FEED: pl.concat(each.features for each in watches),
    }
    more = {"churn": {CAUSE_FEED: result.causes}, "survival": {CURVE_FEED: result.curves}}
    return scored, {**frames, **more.get(name, {})}


def _watch(
    home: Home,
    database: Path,
    model: LoadedModel,
    features: pl.DataFrame,
    scores: pl.DataFrame,
) -> Watched:
    """A version of tonight held against its training and against what has come true since."""
    from ml.models.event import EventModel
    from ml.models.scorer import kind_of
    from ml.watch import watch

    kind = kind_of(model.name)
    day = scores["observation_date"].item(0)
    bounds, reach = model_watch.bounds_of(database, model.name, day)
    past = None
    if isinstance(kind, EventModel):
        past = model_watch.came_true(
            database,
            home.lake,
            (model.name, model.version),
            (kind.label, model_rows.label_table(kind.label)),
            day,
            reach,
        )
    return watch(model, features, scores, past, bounds)


def land(night: Night, feed: str, frame: pl.DataFrame) -> None:
    """Add rows of one of the house's own feeds to the lake, in the place of tonight's earlier."""
    from ingestion.lake import Lake

    Lake(night.home.lake).add(
        night.feeds[feed], frame, night.request.business_date, batch_id=f"run-{night.run_id}"
    )
