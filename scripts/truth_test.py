"""Measure how well the truth test finds what borrowers of the demo bank exaggerate.

    python scripts/truth_test.py --home data

Reads the published generation and the demo bank's truth, which no night reads, and prints for each
figure recall and precision of the verdict "above what is seen", how often the error band holds the
true figure, and what becomes of honest borrowers who use another bank too. A figure for the demo
bank alone: a bank sets `truth_test_rule` by what its own loan officers have found.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

_JUDGED = """
    with truth as (
        select
            customer_id,
            cast(period_start_date as date) as period_start_date,
            cast(turnover_yuan as double) as turnover,
            cast(gross_margin_rate as double) as gross_margin,
            cast(times_turnover as double) > 1 as is_turnover_false,
            cast(is_margin_false as boolean) as is_margin_false,
            cast(is_elsewhere as boolean) as is_elsewhere
        from read_csv($truth, all_varchar = true)
    ),

    known as (
        select distinct customer_id, customer_key from vault.identity.dim_customer_identity
    )

    select
        test.figure_code,
        test.verdict_code,
        case
            when test.figure_code = 'gross_margin' then truth.is_margin_false
            else truth.is_turnover_false
        end as is_false,
        truth.is_elsewhere,
        coalesce(
            case when test.figure_code = 'turnover' then truth.turnover else truth.gross_margin end
            between test.low_value and test.high_value, false
        ) as is_in_band
    from crm.dimensional.fct_truth_test as test
    inner join known on test.customer_key = known.customer_key
    inner join truth
        on known.customer_id = truth.customer_id
        and test.period_start_date = truth.period_start_date
    where test.figure_code in ('turnover', 'gross_margin')
"""


@dataclass(frozen=True)
class Quality:
    """What the test says of one figure.

    Attributes:
        figure: The figure tested.
        declared: Figures declared, judged or not.
        judged: Those with a verdict.
        false_figures: Exaggerated ones among the judged.
        above: Said to be above what is seen.
        found: Exaggerated ones among these.
        in_band: Judged ones whose true figure lies in the error band.
        elsewhere: Honest and judged, of borrowers who use another bank too.
        elsewhere_above: Those of them said to be above.
    """

    figure: str
    declared: int
    judged: int
    false_figures: int
    above: int
    found: int
    in_band: int
    elsewhere: int
    elsewhere_above: int

    @property
    def recall(self) -> float:
        """Part of the exaggerated figures that are found; 0 where there are none."""
        return self.found / self.false_figures if self.false_figures else 0.0

    @property
    def precision(self) -> float:
        """Part of those called above that are exaggerated; 0 where none is."""
        return self.found / self.above if self.above else 0.0

    @property
    def band_rate(self) -> float:
        """Part of the judged figures whose truth the band holds; 0 where none is judged."""
        return self.in_band / self.judged if self.judged else 0.0


def measure(home: Path) -> list[Quality]:
    """The quality by figure, for the published generation of a home with a demo bank."""
    folder = home / "warehouse" / "current"
    with duckdb.connect() as connection:
        for name in ("crm", "vault"):
            connection.execute(f"attach '{folder / name}.duckdb' as {name} (read_only)")
        truth = str(home / "demo" / "truth" / "declared.csv")
        rows = connection.execute(_JUDGED, {"truth": truth}).fetchall()
    return [_quality(figure, rows) for figure in ("turnover", "gross_margin")]


def _quality(figure: str, rows: list[tuple[str, str, bool, bool, bool]]) -> Quality:
    mine = [row for row in rows if row[0] == figure]
    judged = [row for row in mine if row[1] in ("above", "plausible")]
    above = [row for row in judged if row[1] == "above"]
    elsewhere = [row for row in judged if row[3] and not row[2]]
    return Quality(
        figure=figure,
        declared=len(mine),
        judged=len(judged),
        false_figures=sum(row[2] for row in judged),
        above=len(above),
        found=sum(row[2] for row in above),
        in_band=sum(row[4] for row in judged),
        elsewhere=len(elsewhere),
        elsewhere_above=sum(row[1] == "above" for row in elsewhere),
    )


def main() -> None:
    """Print the figures of a home."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--home", type=Path, default=Path("data"))
    for each in measure(parser.parse_args().home):
        sys.stdout.write(
            f"{each.figure}: {each.judged} of {each.declared} judged, {each.above} above what is"
            f" seen, {each.found} of {each.false_figures} exaggerated ones among them;"
            f" recall {each.recall:.3f}, precision {each.precision:.3f};"
            f" the band holds the truth of {each.band_rate:.3f};"
            f" honest ones of another bank above: {each.elsewhere_above} of {each.elsewhere}\n"
        )


if __name__ == "__main__":
    main()
