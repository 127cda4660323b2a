"""Stages train and score: features out of the build, scores into the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project import lease
from dagster_project.errors import NightError, NoBuildError
from dagster_project.home import Home
from dagster_project.night import Night
from dagster_project.stages import model_rows, model_watch, model_words
from dagster_project.versions import Versions
from ingestion.sentence import Sentence
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
TRAINED = "trained"
NOBODY_ASKED = Sentence("没有需要评分的客户", "there is no customer to score")


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
    told: Sentence
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

    refused = Sentence("", "")
    if not is_forced:
        try:
            window = model_rows.label_months(database, name)
            found = load_champion(home.models, name, key_path=home.model_key, label_months=window)
            report = dict(found.model.manifest.get("metrics") or {})
            return Trained(name, "kept", found.model.version, model_words.of_kept(found), report)
        except NeverTrained:
            pass
        except NoModel as error:
            refused = model_words.aside(error.sentence)
    try:
        check_history(name, model_rows.read_labels(database, name))
        frame = model_rows.read_training_rows(database, name)
        key = home.model_key
        trained = fit(
            name, frame, home.models, as_of, key_path=key, code_version=code_version, source=source
        )
        held = model_watch.held_version(database, name) if is_forced else None
        entry = enter(
            home.models, name, trained.version, frame, at=moment(), key_path=key, held=held
        )
    except NotEnoughHistory as error:
        told = Sentence(*error.sentence).then(*refused)
        return Trained(name, "not enough history", None, told)
    except (FrameRefused, ModelRefused) as error:
        # Profit and performance do not wait for a model; the warning stays on the asset.
        return Trained(name, "refused", None, Sentence(*error.sentence).then(*refused))
    except OSError as error:
        told = model_words.not_stored(name, error, home.models).then(*refused)
        return Trained(name, "refused", None, told)
    told = model_words.of_training(trained).then("；", "; ").then(*entry.told).then(*refused)
    report = {**trained.report, "contest": entry.contest.figures() if entry.contest else None}
    book = home.models / name / trained.version / "book.html"
    return Trained(name, TRAINED, entry.roles.champion, told, report, str(book))


def record(home: Home) -> Sentence | None:
    """Bring the MLflow record up to date; one sentence where it is behind, which stops nothing."""
    from ml.registry.record import draw

    behind = draw(home.mlflow, home.models, list(MODEL_NAMES), key_path=home.model_key)
    return None if behind is None else Sentence(*behind)


def moment() -> str:
    """Now, for a record of who decided when; no figure rests on it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def retrain(home: Home, name: str) -> Trained:
    """Train one model anew from the published generation, between two nights.

    Raises:
        NightError: Nothing is published yet.
        LeaseHeldError: A night is running.
    """
    with lease.hold(home.lease):
        # Not before: a night that ended meanwhile has published another one, and pruned old ones.
        published, database = published_file(home)
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
        if unrecorded is None:
            return trained
        zh, en = unrecorded
        return replace(trained, told=trained.told.then(f"。{zh}", f". {en}"))


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
    told: Sentence
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
    recorded = model_rows.recorded(features)
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
            recorded,
        )
        results.append(told)
        for feed, frame in frames.items():
            landed.setdefault(feed, []).append(frame)
    night.reporter.progress("", len(MODEL_NAMES), len(MODEL_NAMES))
    for feed, parts in landed.items():
        land(night, feed, pl.concat(parts))
    return results


def _score_one(
    home: Home,
    database: Path,
    name: str,
    features: pl.DataFrame,
    keys: pl.Series,
    recorded: Collection[str] = (),
) -> tuple[Scored, dict[str, pl.DataFrame]]:
    """What becomes of one model tonight: what is told, and rows by feed.

    Whoever is in ``keys`` must be scored, and nobody else: they come from another table than the
    features, so that a customer whom the features lost is missed. What is in ``recorded`` came for
    somebody, so of those who are asked nobody need have it.

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
        result = predict(found.model, features, recorded=recorded)
        result.check_complete(keys)
    except NeverTrained as error:
        return Scored(name, 0, Sentence(*error.sentence)), {}
    except (NoModel, ScoringHeld, FrameRefused) as error:
        return Scored(name, 0, Sentence(*error.sentence), is_held=True), {}
    told = model_words.of_scored(found, result.scores.height)
    watched = _watch(home, database, found.model, features, result.scores)
    try:
        watched.check(found.model)
    except ScoringHeld as error:
        landed = {MONTH_FEED: watched.month, FEATURE_FEED: watched.features}
        return Scored(name, 0, Sentence(*error.sentence), is_held=True), landed
    told = told.then(*watched.told)
    scores, watches = [result.scores], [watched]
    try:
        challenger = load_challenger(
            home.models, name, key_path=home.model_key, label_months=window
        )
        if challenger is not None:
            beside = predict(challenger, features, role="challenger", recorded=recorded)
            beside.check_complete(keys)
            scores.append(beside.scores)
            watches.append(_watch(home, database, challenger, features, beside.scores))
            version = challenger.version
            told = told.then(f"；挑战版本 {version} 同时评分", f"; beside it by {version}")
    except (ModelRefused, ScoringHeld, FrameRefused) as error:
        told = told.then(*error.as_why("；挑战版本未评分", "; its challenger does not score"))
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
