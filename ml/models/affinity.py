"""What goes with what, and what follows what.

Who will open which product is told by the nightly models (:func:`ml.models.event.opening`).
Affinity and sequences only count, and say of how many customers they speak.

Sources:
    Agrawal, Imielinski, Swami 1993 (association rules).
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from ml.errors import InputRefused
from ml.frames.checks import require_columns
from ml.judge.metrics import share_interval


def association_rules(
    holdings: pl.DataFrame, customers: int, *, least_count: int, most_given: int = 2
) -> pl.DataFrame:
    """Who holds these holds that: every rule that enough customers keep, greatest lift first.

    Args:
        holdings: One row per customer and product held: ``customer_key``, ``product_code``.
        customers: Customers of the bank, those without any product included.
        least_count: Customers who must hold both sides.
        most_given: Products on the left side at most, one or two.

    Returns:
        ``given`` (list of products), ``product_code``, counts of customers who hold the left side,
        the right side and both, ``support`` (both of all customers), ``confidence`` (both of the
        left side) with ``low_confidence`` and ``high_confidence`` at 95%, and ``lift``.

    Raises:
        InputRefused: A column is not there, or there are more holders than customers.
    """
    require_columns(holdings, ["customer_key", "product_code"])
    held = holdings.select("customer_key", "product_code").drop_nulls().unique()
    if held.get_column("customer_key").n_unique() > customers:
        raise InputRefused(
            "持有产品的客户多于客户总数。", "more customers hold products than exist"
        )
    require_columns(held, ["product_code"])
    schema = {
        "given": pl.List(pl.String),
        "product_code": pl.String(),
        "given_count": pl.Int64(),
        "product_count": pl.Int64(),
        "both_count": pl.Int64(),
    }
    hits, trials = pl.col("both_count"), pl.col("given_count")
    return _with_interval(
        pl.DataFrame(_kept_rules(held, least_count, most_given), schema=schema).with_columns(
            support=hits / customers,
            confidence=hits / trials,
            lift=hits * customers / (trials * pl.col("product_count")),
        ),
        ("both_count", "given_count"),
        "confidence",
    ).sort("lift", "both_count", "product_code", descending=[True, True, False])


def _kept_rules(held: pl.DataFrame, least_count: int, most_given: int) -> list[dict[str, Any]]:
    """Both sides of every rule that enough customers keep, with their counts."""
    products = held.get_column("product_code").unique().sort().to_list()
    place = {product: number for number, product in enumerate(products)}
    _, who = np.unique(held.get_column("customer_key").to_numpy(), return_inverse=True)
    matrix = np.zeros((int(who.max()) + 1, len(products)), dtype=bool)
    matrix[who, [place[product] for product in held.get_column("product_code")]] = True
    totals = matrix.sum(axis=0)
    rows = []
    for size in range(1, most_given + 1):
        for given in combinations(range(len(products)), size):
            left = matrix[:, given].all(axis=1)
            both = matrix[left].sum(axis=0)
            for right in np.flatnonzero(both >= max(least_count, 1)):
                if right not in given:
                    rows.append(
                        {
                            "given": [products[number] for number in given],
                            "product_code": products[right],
                            "given_count": int(left.sum()),
                            "product_count": int(totals[right]),
                            "both_count": int(both[right]),
                        }
                    )
    return rows


def sequences(openings: pl.DataFrame, *, until: date, days: int, least_count: int) -> pl.DataFrame:
    """What is opened after what, within so many days.

    Only a customer's first opening of each product counts, and only those that were watched for all
    the days: else last month's openings would seem to lead nowhere. Two products opened on one day
    came together, not after one another.

    Args:
        openings: ``customer_key``, ``product_code``, ``opened_date``; one row per opening.
        until: Last day of which openings are known.
        days: Window after an opening, its last day included.
        least_count: Customers who must have gone that way.

    Returns:
        ``from_product``, ``to_product``, ``from_count`` (watched customers who opened the first and
        did not have the second), ``followed_count``, ``followed_share`` with ``low_followed_share``
        and ``high_followed_share`` at 95%, ``median_days``, and ``lift`` against the openings of
        any product.
    """
    require_columns(openings, ["customer_key", "product_code", "opened_date"])
    first = openings.group_by("customer_key", "product_code").agg(pl.col("opened_date").min())
    watched = first.filter(pl.col("opened_date") <= until - timedelta(days=days))
    products = first.select(to_product="product_code").unique()
    later = first.rename({"product_code": "to_product", "opened_date": "to_date"})
    after = (pl.col("to_date") - pl.col("opened_date")).dt.total_days()
    pairs = (
        watched.join(products, how="cross")
        .filter(pl.col("product_code") != pl.col("to_product"))
        .join(later, on=["customer_key", "to_product"], how="left")
        .with_columns(after=after)
        .filter((pl.col("after") > 0).fill_null(value=True))
        .with_columns(is_followed=(pl.col("after") <= days).fill_null(value=False))
    )
    base = pairs.group_by("to_product").agg(base_share=pl.col("is_followed").mean())
    count, followed = pl.col("from_count"), pl.col("followed_count")
    found = (
        pairs.group_by(pl.col("product_code").alias("from_product"), "to_product")
        .agg(
            from_count=pl.len().cast(pl.Int64),
            followed_count=pl.col("is_followed").sum().cast(pl.Int64),
            median_days=pl.col("after").filter(pl.col("is_followed")).median(),
        )
        .filter(followed >= max(least_count, 1))
        .join(base, on="to_product")
        .with_columns(followed_share=followed / count)
        .with_columns(lift=pl.col("followed_share") / pl.col("base_share"))
        .drop("base_share")
    )
    return _with_interval(found, ("followed_count", "from_count"), "followed_share").sort(
        "lift", "from_product", "to_product", descending=[True, False, False]
    )


def _with_interval(frame: pl.DataFrame, counts: tuple[str, str], share: str) -> pl.DataFrame:
    """The frame with ``low_`` and ``high_`` of a share at 95%."""
    hits, trials = (frame.get_column(name).to_numpy() for name in counts)
    low, high = share_interval(hits, trials)
    return frame.with_columns(
        pl.Series(f"low_{share}", low, pl.Float64), pl.Series(f"high_{share}", high, pl.Float64)
    )
