"""Feature tables become scores.

The room knows polars frames and folders that it is handed; it imports no other room, no Dagster and
no SQL. The two calls of a night:

    trained = train("churn", frame, models_dir, as_of, key_path=key)      # once, or monthly
    enter(models_dir, "churn", trained.version, frame, at=now, key_path=key)
    result = score(load_champion(models_dir, "churn", key_path=key).model, features)

``trained.report`` is a plain dict for asset metadata; ``result.scores`` and ``result.reasons`` have
the columns of the feeds ``ml__customer_score`` and ``ml__customer_score_reason``.
"""
