"""Fellegi and Sunter's weights by Splink: what agreement on each field says about two records.

Nothing is guessed: how often a field agrees by chance (u) is counted over random pairs, how often
it agrees within one person (m) by expectation maximisation over pairs that share a document or a
telephone. The engine runs on one thread and weights are rounded, so that the same records give the
same pairs on every machine.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import polars as pl

#: Fields that a pair is explained by, in the order of a reader's interest.
FIELDS: Final = ("document", "person_name", "firm_name", "mobile", "address", "birth", "district")
#: Columns that bring two records together; a pair that shares none of them is not looked at.
BLOCKS: Final = (
    ["document"],
    ["mobile"],
    ["mobile_digits", "family_name"],
    ["person_sound", "birth"],
    ["person_name", "district"],
    ["firm_name", "district"],
    ["firm_sound", "district"],
    ["address"],
)
_SAMPLED_PAIRS: Final = 500_000
# Blocks whose pairs teach how one person's records agree: documents and telephones.
_TRAINED_ON: Final = (0, 1)
_UNTAUGHT_AGREEMENT: Final = 0.95
_SEED: Final = 20_160_315
_WEIGHT_DIGITS: Final = 4
# Splink tells each step; a night tells of pairs and parties only.
_QUIET: Final = logging.ERROR


def _one_character_of(name: str) -> str:
    """SQL: names of one length that differ in one character.

    The engine's edit distances count bytes, three to a Chinese character; so the halves around the
    character are compared. Six places are enough for what tells a person or a shop apart.
    """
    left, right = f"{name}_l", f"{name}_r"
    places = " or ".join(
        f"({left}[:{place - 1}] = {right}[:{place - 1}]"
        f" and {left}[{place + 1}:] = {right}[{place + 1}:])"
        for place in range(1, 7)
    )
    return f"length({left}) = length({right}) and length({left}) > 1 and ({places})"


# Levels from the surest down: (code, SQL condition). What is missing on either side says nothing.
_LEVELS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "document": (("equal", "document_l = document_r"), ("other", "ELSE")),
    "person_name": (
        ("equal", "person_name_l = person_name_r"),
        ("same_sound", "person_sound_l = person_sound_r"),
        ("one_character", _one_character_of("person_name")),
        ("other", "ELSE"),
    ),
    "firm_name": (
        ("equal", "firm_name_l = firm_name_r"),
        ("same_sound", "firm_sound_l = firm_sound_r"),
        (
            "contained",
            "length(firm_name_l) > 2 and length(firm_name_r) > 2"
            " and (contains(firm_name_l, firm_name_r) or contains(firm_name_r, firm_name_l))",
        ),
        ("one_character", _one_character_of("firm_name")),
        ("other", "ELSE"),
    ),
    "mobile": (
        ("equal", "mobile_l = mobile_r"),
        (
            "one_digit",
            "hamming(mobile_l, mobile_r) = 1"
            " or (mobile_digits_l = mobile_digits_r and hamming(mobile_l, mobile_r) = 2)",
        ),
        ("other", "ELSE"),
    ),
    "address": (
        ("equal", "address_l = address_r"),
        ("same_street", "street_l = street_r"),
        ("other", "ELSE"),
    ),
    "birth": (("equal", "birth_l = birth_r"), ("other", "ELSE")),
    "district": (("equal", "district_l = district_r"), ("other", "ELSE")),
}
# A common name says less than a rare one.
_BY_FREQUENCY: Final = frozenset({"person_name", "firm_name"})

PAIR_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "left_key": pl.Int64,
    "right_key": pl.Int64,
    "match_weight": pl.Float64,
    "match_probability": pl.Float64,
    **{f"{name}_level_code": pl.String for name in FIELDS},
    **{f"{name}_weight": pl.Float64 for name in FIELDS},
}


@dataclass(frozen=True)
class Linkage:
    """Weighted pairs, and what the weights rest on.

    Attributes:
        pairs: One row per pair that a block brought together, with the columns of `PAIR_SCHEMA`.
        parameters: One row per field and level: m, u and the weight in bits.
        prior_weight: Bits that two numbers taken at random start from.
    """

    pairs: pl.DataFrame
    parameters: pl.DataFrame
    prior_weight: float


def link(frame: pl.DataFrame, *, document_recall: float, minimum_weight: float) -> Linkage:
    """Weigh the pairs of comparable records.

    Args:
        frame: Result of `comparable`, with the block columns of `within_bounds`.
        document_recall: Share of all true pairs that share a document: sets the prior.
        minimum_weight: Pairs below it are left out, unless they share a document.
    """
    if frame.height < 2:
        return Linkage(pl.DataFrame(schema=PAIR_SCHEMA), _no_parameters(), 0.0)
    for name in ("splink", "sqlglot"):
        logging.getLogger(name).setLevel(_QUIET)
    with duckdb.connect(":memory:") as connection:
        connection.execute("set threads = 1")
        connection.execute("set enable_progress_bar = false")
        table = _api(connection).register(frame.to_arrow())
        settings = _smoothed(_trained(table, frame, document_recall))
        linker = _linker(table, settings)
        found = linker.inference.predict(warning_mode="never").as_pyarrow_table()
    pairs = _pairs(pl.DataFrame(pl.from_arrow(found)), minimum_weight)
    prior = settings["probability_two_random_records_match"]
    weight = pl.Series([prior / (1 - prior)]).log(2).round(_WEIGHT_DIGITS)[0]
    return Linkage(pairs, _parameters(settings), float(weight))


def _api(connection: duckdb.DuckDBPyConnection) -> Any:
    from splink import DuckDBAPI

    return DuckDBAPI(connection=connection)


def _linker(table: Any, settings: Any) -> Any:
    from splink import Linker

    return Linker(table, settings, log_level=None)


def _trained(table: Any, frame: pl.DataFrame, document_recall: float) -> tuple[dict[str, Any], int]:
    """(settings with estimated parameters, pairs that m was seen on)."""
    from splink import SettingsCreator, block_on

    settings = SettingsCreator(
        link_type="dedupe_only",
        probability_two_random_records_match=_prior(frame, document_recall),
        unique_id_column_name="customer_key",
        comparisons=[_comparison(name) for name in FIELDS],
        blocking_rules_to_generate_predictions=[
            block_on(f"block_{number}") for number in range(len(BLOCKS))
        ],
        retain_intermediate_calculation_columns=True,
        # The levels come along with what was compared; both stay in this process.
        retain_matching_columns=True,
        # A name for the run's tables: chance would make another one each night.
        linker_uid="identity",
    )
    shared = {number: _shared_values(frame, number) for number in _TRAINED_ON}
    taught = [number for number, count in shared.items() if count]
    while True:
        linker = _linker(table, settings)
        failed = _teach(linker.training, taught)
        if failed is None:
            return linker.misc.save_model_to_json(), sum(shared[number] for number in taught)
        taught.remove(failed)


def _shared_values(frame: pl.DataFrame, number: int) -> int:
    """How many values of a block come more than once."""
    counts = frame[f"block_{number}"].drop_nulls().value_counts()["count"]
    return int((counts > 1).sum())


def _teach(training: Any, blocks: list[int]) -> int | None:
    """Estimate u, then m on one block after the other; the block that could not be learnt from.

    In a small bank a block has so few pairs that the chance of a match runs to nothing, which
    Splink refuses, leaving its model without a field: whoever calls begins anew without the block.
    """
    training.estimate_u_using_random_sampling(max_pairs=_SAMPLED_PAIRS, seed=_SEED)
    for number in blocks:
        column = BLOCKS[number][0]
        try:
            training.estimate_parameters_using_expectation_maximisation(
                f"l.{column} = r.{column} and l.block_{number} = r.block_{number}",
                estimate_without_term_frequencies=True,
            )
        except ValueError:
            return number
    return None


def _prior(frame: pl.DataFrame, document_recall: float) -> float:
    """The chance that two numbers taken at random are one customer.

    As many pairs as share a document, and those that the rule says are missed that way; where no
    document comes twice, as many as share a telephone.
    """
    expected = 0.5
    for number in _TRAINED_ON:
        counts = frame[f"block_{number}"].drop_nulls().value_counts()["count"]
        shared = int((counts * (counts - 1) // 2).sum())
        if shared:
            expected = shared / document_recall
            break
    return min(expected / (frame.height * (frame.height - 1) / 2), 0.5)


def _smoothed(trained: tuple[dict[str, Any], int]) -> dict[str, Any]:
    """The settings with a small chance for what was never seen.

    Of levels that no training pair fell into the weight would be nothing, and two people of quite
    different names with one telephone would pass for one person. Half a case is put in its place.
    """
    settings, seen = trained
    floors = {"m_probability": 0.5 / max(seen, 1), "u_probability": 0.5 / _SAMPLED_PAIRS}
    for comparison in settings["comparisons"]:
        levels = [each for each in comparison["comparison_levels"] if not each.get("is_null_level")]
        if not any(each.get("m_probability") for each in levels):
            # Nothing taught the field; agreement is then the rule, as Splink has it to begin with.
            rest = (1 - _UNTAUGHT_AGREEMENT) / max(len(levels) - 1, 1)
            for place, level in enumerate(levels):
                level["m_probability"] = rest if place else _UNTAUGHT_AGREEMENT
        for level in levels:
            for name, floor in floors.items():
                level[name] = max(level.get(name) or 0.0, floor)
    return settings


def _comparison(name: str) -> Any:
    from splink.comparison_level_library import CustomLevel, ElseLevel, NullLevel
    from splink.comparison_library import CustomComparison

    levels: list[Any] = [NullLevel(name)]
    for code, condition in _LEVELS[name]:
        if condition == "ELSE":
            levels.append(ElseLevel())
            continue
        level = CustomLevel(condition, label_for_charts=code)
        if code == "equal" and name in _BY_FREQUENCY:
            level.configure(tf_adjustment_column=name, tf_minimum_u_value=0.0001)
        levels.append(level)
    return CustomComparison(levels, output_column_name=name)


def _pairs(found: pl.DataFrame, minimum_weight: float) -> pl.DataFrame:
    """The pairs in the house's words, the smaller key on the left."""
    swap = pl.col("customer_key_l") > pl.col("customer_key_r")
    columns = [
        pl.when(swap).then("customer_key_r").otherwise("customer_key_l").alias("left_key"),
        pl.when(swap).then("customer_key_l").otherwise("customer_key_r").alias("right_key"),
        pl.col("match_weight").round(_WEIGHT_DIGITS),
        pl.col("match_probability").round(2 * _WEIGHT_DIGITS),
    ]
    for name in FIELDS:
        codes = [code for code, _ in reversed(_LEVELS[name])]
        columns.append(
            pl.col(f"gamma_{name}")
            .cast(pl.Int64)
            .replace_strict(dict(enumerate(codes)), default=None, return_dtype=pl.String)
            .alias(f"{name}_level_code")
        )
    for name in FIELDS:
        weight = pl.col(f"mw_{name}")
        if f"mw_tf_adj_{name}" in found.columns:
            weight = weight + pl.col(f"mw_tf_adj_{name}").fill_null(0.0)
        columns.append(weight.round(_WEIGHT_DIGITS).alias(f"{name}_weight"))
    pairs = found.select(columns).cast(dict(PAIR_SCHEMA.items()))
    is_kept = (pl.col("match_weight") >= minimum_weight) | (
        pl.col("document_level_code") == "equal"
    )
    return pairs.filter(is_kept.fill_null(value=False)).sort("left_key", "right_key")


def _parameters(settings: dict[str, Any]) -> pl.DataFrame:
    rows = []
    for comparison in settings["comparisons"]:
        levels = [each for each in comparison["comparison_levels"] if not each.get("is_null_level")]
        name = comparison["output_column_name"]
        for (code, _), level in zip(_LEVELS[name], levels, strict=True):
            rows.append((name, code, level.get("m_probability"), level.get("u_probability")))
    return pl.DataFrame(rows, schema=_no_parameters().schema, orient="row")


def _no_parameters() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "field_name": pl.String,
            "level_code": pl.String,
            "m_probability": pl.Float64,
            "u_probability": pl.Float64,
        }
    )
