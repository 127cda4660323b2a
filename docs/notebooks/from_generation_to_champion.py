"""The data scientist's path: from the published generation to a promoted model, and back.

Open it as a notebook:  .venv/bin/marimo edit docs/notebooks/from_generation_to_champion.py
Run it as a script:     .venv/bin/python docs/notebooks/from_generation_to_champion.py

CRM_HOME names the home. What it trains is withdrawn again at the end, so who scores stays as it
was; a challenger that waits there loses its place, so where one waits take a copy of the home.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="From a generation to a champion 从数据到现役模型")


@app.cell(hide_code=True)
def _():
    import marimo as mo

    mo.md(
        """
        # 从已发布数据到现役模型 From a published generation to a champion

        读取特征与标签，查看，逐月评估，训练挑战者，与现役版本比较，写明理由后启用，再退回。
        Read features and labels, look, evaluate month by month, train a challenger, compare with
        the champion, promote with a reason, roll back. Each step is a call that the commands use.
        """
    )
    return (mo,)


@app.cell
def _():
    from dagster_project.home import Home
    from dagster_project.stages import evaluation, model_rows, models, registry

    home = Home.resolve(None)
    published, database = models.published_file(home)
    return database, evaluation, home, model_rows, models, published, registry


@app.cell
def _(database, mo, model_rows, published):
    # 1. Read: one row per customer and month end, the label as far as it is known.
    frame = model_rows.read_training_rows(database, "churn")
    mo.md(
        f"**1. 读取 Read** 第 {published.number} 代 generation {published.number},"
        f" {published.business_date}: {frame.height:,} 行 rows, {frame.width} 列 columns"
    )
    return (frame,)


@app.cell
def _(frame):
    # 2. Look: how many customers, how many of them left, what is missing.
    import polars as pl

    from ml.frames import features

    label, known_date = features.CHURN_LABEL, features.known_date
    by_date = (
        frame.group_by("observation_date")
        .agg(
            pl.len().alias("customers"),
            pl.col(label).is_not_null().sum().alias("labelled"),
            pl.col(label).mean().alias("churn_rate"),
            pl.col(known_date(label)).max().alias("known_date"),
        )
        .sort("observation_date")
    )
    by_date
    return label, by_date, pl


@app.cell
def _(label, frame, pl):
    # Who left beside who stayed: the same fact on the day, before anybody knew.
    looked_at = (
        "deposit_trend_3m_rate_before_obs",
        "customer_transaction_90d_count_before_obs",
        "rival_outflow_90d_share_rate_before_obs",
        "visit_missed_90d_count_before_obs",
    )
    labelled = frame.filter(pl.col(label).is_not_null())
    apart = labelled.group_by(label).agg(pl.col(looked_at).mean()).sort(label)
    apart
    return (apart,)


@app.cell
def _(evaluation):
    # 3. Evaluate: taught anew and judged month after month, beside its rivals.
    # What a visit costs and brings is the bank's own, unless somebody says otherwise here.
    prices = evaluation.Prices()

    def judged(home, origins=1):
        return evaluation.evaluate(home, label=None, origins=origins, beside=None, prices=prices)

    return (judged,)


@app.cell
def _(home, judged, pl):
    rolled = judged(home).report
    measures = pl.DataFrame(
        [
            {"contender": name, **{key: each["value"] for key, each in told.items()}}
            for name, told in rolled["overall"].items()
        ]
    )
    measures
    return measures, rolled


@app.cell
def _(home):
    # What the champion was taught with, from its signed report.
    from ml.registry import roles
    from ml.registry.store import read_report

    champion = roles.read(home.models, "churn", key_path=home.model_key).champion
    _, report = read_report(home.models, "churn", champion, key_path=home.model_key)
    rows = report["training"]["train_rows"]
    return champion, rows


@app.cell
def _(frame, home, mo, models, published, rows):
    # 4. Train a challenger: the question here is whether half the rows teach as well as all.
    from dagster_project import lease
    from dagster_project.versions import Versions
    from ml.registry.changes import enter
    from ml.train import train

    with lease.hold(home.lease):
        trained = train(
            "churn",
            frame,
            home.models,
            published.business_date,
            key_path=home.model_key,
            code_version=Versions.now(None).code,
            source=f"generation {published.number}",
            max_train_rows=rows // 2,
        )
        entered = enter(
            home.models,
            "churn",
            trained.version,
            frame,
            at=models.moment(),
            key_path=home.model_key,
        )
    mo.md(f"**4. 训练 Train** {' '.join(entered.told)}")
    return entered, trained


@app.cell
def _(home, mo, registry, trained):
    # Its book: read what contradicts the expectations before anything else.
    book = registry.book(home, "churn", trained.version, None)
    mo.Html(book.read_text(encoding="utf-8"))
    return (book,)


@app.cell
def _(champion, home, pl, registry, trained):
    # 5. Compare: both on the same customers of a month end that neither learnt from.
    before = registry.compare(home, "churn", champion, trained.version, None)
    differences = pl.DataFrame([vars(each) for each in before.differences])
    differences
    return before, differences


@app.cell
def _(before, entered, home, mo, registry, trained):
    # 6. Promote: a person, a reason; both are signed beside the figures of that day.
    promoted = entered.roles
    if promoted.champion != trained.version:  # the rule may have promoted it already
        promoted, _ = registry.promote(
            home, "churn", trained.version, because="笔记本演示：少一半行数", by="数据科学 notebook"
        )
    mo.md(f"**6. 启用 Promote** {before.first} → {promoted.champion}")
    return (promoted,)


@app.cell
def _(before, home, mo, promoted, registry):
    # 7. Roll back: the champion before scores again, and what was tried here is withdrawn.
    restored, _ = registry.roll_back(
        home, "churn", because="笔记本演示结束", by="数据科学 notebook"
    )
    mo.md(f"**7. 退回 Roll back** {promoted.champion} → {restored.champion} ({before.first})")
    return (restored,)


if __name__ == "__main__":
    app.run()
