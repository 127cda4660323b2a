"""Write the names of features for the marts: dbt/seeds/reference/feature_name.csv.

What a feature is called stands in the catalogue of `ml/`, where its contract is; the marts read
this list of it. Run after a change to the catalogue or the themes; a test compares the two.

    python -m scripts.feature_names
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ml.frames.catalogue import FEATURES
from ml.frames.feature import Feature
from ml.frames.themes import theme_of

PATH = Path(__file__).parents[1] / "dbt" / "seeds" / "reference" / "feature_name.csv"
HEADINGS = (
    "feature_name",
    "kind_code",
    "unit_code",
    "name_zh",
    "name_en",
    "theme_code",
    "theme_name_zh",
    "theme_name_en",
    "is_cause",
)


#: What a number is counted in, by the last word of its name before the moment; else it is a count.
UNITS = {"amount": "yuan", "rate": "share", "days": "days", "months": "months", "years": "years"}


def unit_of(feature: Feature) -> str:
    """What the number is counted in; empty for a code and for yes or no.

    >>> unit_of(next(each for each in FEATURES if each.name == "loan_closing_amount_before_obs"))
    'yuan'
    """
    if feature.kind != "number":
        return ""
    return UNITS.get(feature.name.removesuffix("_before_obs").rsplit("_", 1)[-1], "count")


def as_csv() -> str:
    """The list as it should stand."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADINGS)
    for feature in FEATURES:
        theme = theme_of(feature.name)
        writer.writerow(
            [
                feature.name,
                feature.kind,
                unit_of(feature),
                feature.name_zh,
                feature.meaning.removesuffix(", yuan").removesuffix(", as a share"),
                theme.code,
                theme.name_zh,
                theme.name_en,
                str(theme.is_cause).lower(),
            ]
        )
    return text.getvalue()


if __name__ == "__main__":
    PATH.write_text(as_csv(), encoding="utf-8")
