"""Print how well customer numbers are resolved against the truth of the demo bank.

    python scripts/identity_quality.py --customers 20000

At three thresholds of the rule identity_rule: precision and recall of pairs, B-cubed F1, pairs left
to a clerk, and what the errors cost in yuan. No clerk's decision is read: it is the machine's work
that is measured.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from ingestion.demo_bank.bank import make_staff
from ingestion.demo_bank.delivered import customer_frame
from ingestion.demo_bank.people import MERCHANT, make_people
from ingestion.demo_bank.shape import Shape
from ingestion.demo_bank.survey import make_survey
from ml.identity.linkage import BLOCKS, link
from ml.identity.parties import Rules, decide, join
from ml.identity.quality import measure
from ml.identity.records import RECORD_SCHEMA, comparable, within_bounds

RULES = Path(__file__).resolve().parents[1] / "dbt" / "seeds" / "rules"
THRESHOLDS = ("low_weight", "link_weight", "high_weight")
SEED = 20_160_315
END = dt.date(2025, 12, 31)
NO_WORD = {"left_key": pl.Int64, "right_key": pl.Int64, "is_same": pl.Boolean}


def rules() -> dict[str, float]:
    """The numbers of the rule identity_rule that hold at the end of the demo bank's history."""
    with (RULES / "identity_rule.csv").open(encoding="utf-8") as file:
        return {
            row["rule_code"]: float(row["rule_value"])
            for row in csv.DictReader(file)
            if row["valid_from_date"] <= END.isoformat() < row["valid_to_date"]
        }


def affixes() -> pl.DataFrame:
    """The words at either end of a name that tell nobody apart."""
    return pl.read_csv(RULES / "merchant_name_affix.csv").select("affix_text", "position_code")


def demo_records(customers: int) -> tuple[pl.DataFrame, dict[int, int]]:
    """(records of a demo bank as the stage reads them, the person of each number)."""
    shape = Shape(customers, 12, SEED, END, 0)
    people, staff = make_people(shape), make_staff(shape)
    survey = make_survey(shape, people, staff)
    nowhere = pl.Series([None] * people.count, dtype=pl.String)
    frame = customer_frame(people, staff, nowhere, np.arange(people.count))
    is_shop = (survey.customer >= 0) & (survey.population == MERCHANT)
    shops = pl.DataFrame(
        {
            "customer_key": survey.customer[is_shop],
            "shop_name": survey.names.filter(pl.Series(is_shop)),
        }
    )
    frame = frame.with_columns(
        customer_key=pl.int_range(people.count, dtype=pl.Int64),
        # As the reader has them: blanks within a person's name are typing.
        district_key=pl.Series(people.district, dtype=pl.Int64),
        opened_date=pl.Series(people.opened).cast(pl.Date),
    ).join(
        shops.unique("customer_key", keep="first", maintain_order=True),
        on="customer_key",
        how="left",
    )
    truth = {number: int(person) for number, person in enumerate(people.person)}
    return frame.select(list(RECORD_SCHEMA)), truth


def table(customers: int) -> tuple[pl.DataFrame, float]:
    """(one row per threshold with its figures, seconds of one resolution)."""
    records, truth = demo_records(customers)
    rule = rules()
    started = time.perf_counter()
    frame = within_bounds(
        comparable(records, affixes()),
        [list(each) for each in BLOCKS],
        int(rule["maximum_block_count"]),
    )
    found = link(
        frame,
        document_recall=rule["document_recall"],
        minimum_weight=rule["possible_weight"],
    )
    rows, seconds = [], 0.0
    for name in THRESHOLDS:
        numbers = Rules(
            rule[name], rule["possible_weight"], rule["document_recall"],
            int(rule["maximum_block_count"]),
        )  # fmt: skip
        pairs = decide(found.pairs, frame, pl.DataFrame(schema=NO_WORD), numbers)
        parties, _ = join(pairs, frame)
        seconds = seconds or time.perf_counter() - started
        party_of = dict(parties.select("customer_key", "party_key").iter_rows())
        quality = measure(party_of, truth)
        possible = pairs.filter(pl.col("decision_code").is_in(["possible", "disputed"])).height
        rows.append(
            {
                "threshold": name, "weight": rule[name],
                "right": quality.right, "false": quality.false, "missed": quality.missed,
                "precision": round(quality.precision, 4), "recall": round(quality.recall, 4),
                "b_cubed_f1": round(quality.b_cubed, 5), "to_a_clerk": possible,
                "yuan": quality.false * rule["false_merge_cost"]
                + quality.missed * rule["missed_merge_cost"] + possible * rule["review_cost"],
            }
        )  # fmt: skip
    return pl.DataFrame(rows), seconds


def main() -> int:
    """Print the table; fail where link_weight misses a floor of the rule."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--customers", type=int, default=20_000)
    customers = parser.parse_args().customers
    figures, seconds = table(customers)
    with pl.Config(tbl_cols=-1, tbl_width_chars=160, tbl_formatting="ASCII_MARKDOWN"):
        sys.stdout.write(f"{customers:,} customers, resolved in {seconds:.1f} s\n{figures}\n")
    chosen = figures.row(by_predicate=pl.col("threshold") == "link_weight", named=True)
    rule = rules()
    is_good = all(chosen[name] >= rule[f"{name}_floor"] for name in ("precision", "recall"))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
