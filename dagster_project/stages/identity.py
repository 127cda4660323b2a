"""Stage identity: records out of the build, pairs and parties of customer numbers into the lake."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.errors import NoBuildError
from dagster_project.night import Night
from dagster_project.stages.models import land
from ingestion.sentence import Sentence

if TYPE_CHECKING:
    import polars as pl

    from ml.identity.parties import Rules

PAIR_FEED = "ml__customer_pair"
PARTY_FEED = "ml__customer_party"

# What becomes of a pair, as the table of codes calls it; in English the code is the word.
DECISIONS_ZH = {"same": "同一", "possible": "疑似", "different": "不同", "disputed": "争议"}
_RECORDS = """
    with shop as (
        select customer_key, min(alias_name) as shop_name from vault.identity.dim_customer_alias
        where population_type_code = 'merchant' group by customer_key
    )
    select
        identity.customer_key, customer.party_type_code, identity.customer_name, shop.shop_name,
        identity.id_type_code, identity.id_number, identity.mobile_number, identity.address_text,
        identity.birth_date, nullif(customer.district_fk, -1) as district_key,
        customer.opened_date
    from vault.identity.dim_customer_identity as identity
    inner join crm.dimensional.dim_customer as customer
        on identity.customer_key = customer.customer_key and customer.is_current
    left join shop on identity.customer_key = shop.customer_key
    where identity.is_current and identity.customer_name is not null
    order by identity.customer_key
"""
_AFFIXES = """
    select affix_text, position_code from crm.rule.merchant_name_affix
    where ? >= valid_from_date and ? < valid_to_date order by all
"""
_DECISIONS = """
    select left_key, right_key, verdict_code = 'same' as is_same
    from crm.dimensional.fct_identity_decision where is_standing order by all
"""
_RULE = """
    select rule_code, rule_value::double from crm.rule.identity_rule
    where ? >= valid_from_date and ? < valid_to_date
"""


@dataclass(frozen=True)
class Inputs:
    """What the customer numbers of one build are resolved from."""

    records: pl.DataFrame
    affixes: pl.DataFrame
    decisions: pl.DataFrame
    rules: Rules


@dataclass(frozen=True)
class Told:
    """What became of the customer numbers of the night."""

    pairs: int
    parties: int
    told: Sentence
    report: dict[str, Any] = field(default_factory=dict)


def resolve(night: Night) -> Told:
    """Tell which customer numbers are one customer, and land pairs and parties in the lake.

    Names, documents and telephones are read from the vault of the build and stay in this process;
    what is landed holds pseudonyms and weights.
    """
    import polars as pl

    from ml.identity.parties import resolve as find

    if night.build is None:
        raise NoBuildError.to("识别客户", "resolve customers")
    date = night.request.business_date
    given = read(night.build.database("crm"), night.build.database("vault"), date)
    found = find(given.records, given.affixes, given.decisions, given.rules)
    observed = pl.lit(date).alias("observation_date")
    if given.records.height:
        land(night, PAIR_FEED, found.pairs.with_columns(observed))
        land(night, PARTY_FEED, _listed(found.parties, given.records).with_columns(observed))
    counts = dict(found.pairs.group_by("decision_code").len().sort("decision_code").iter_rows())
    joined = found.parties.filter(pl.col("party_key") != pl.col("customer_key")).height
    said = ", ".join(f"{count:,} {code}" for code, count in counts.items()) or "none"
    zh = "、".join(f"{DECISIONS_ZH[code]} {count:,}" for code, count in counts.items()) or "无"
    told = Sentence(
        f"客户号 {given.records.height:,} 个，其中 {joined:,} 个是同一客户的另一客户号；配对：{zh}",
        f"{given.records.height:,} customer numbers, {joined:,} of them second ones; pairs: {said}",
    )
    report = {"pairs": counts, "second_numbers": joined, "prior_weight": found.linkage.prior_weight}
    report["parameters"] = found.linkage.parameters.to_dicts()
    return Told(found.pairs.height, given.records.height - joined, told, report)


def _listed(parties: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """The parties; where there is no pair left, a number that stands alone.

    A list without a row would be none, and what the night before held to be one would stand.
    """
    import polars as pl

    if parties.height:
        return parties
    return records.head(1).select(
        "customer_key",
        party_key="customer_key",
        linked_by_code=pl.lit(None, dtype=pl.String),
    )


def read(crm: Path, vault: Path, date: dt.date) -> Inputs:
    """Records, rules and human words of a build, as at a business date."""
    from ml.identity.parties import Rules

    with duckdb.connect() as connection:
        for name, path in (("crm", crm), ("vault", vault)):
            literal = str(path).replace("'", "''")
            connection.execute(f"attach '{literal}' as {name} (read_only)")
        rules = dict(connection.execute(_RULE, [date, date]).fetchall())
        return Inputs(
            records=connection.execute(_RECORDS).pl(),
            affixes=connection.execute(_AFFIXES, [date, date]).pl(),
            decisions=connection.execute(_DECISIONS).pl(),
            rules=Rules(
                link_weight=rules["link_weight"],
                possible_weight=rules["possible_weight"],
                document_recall=rules["document_recall"],
                maximum_block_count=int(rules["maximum_block_count"]),
            ),
        )
