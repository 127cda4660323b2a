"""Pairs become parties: whose numbers belong together, human words before weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from ml.identity.linkage import BLOCKS, PAIR_SCHEMA, Linkage, link
from ml.identity.records import comparable, within_bounds

#: Columns of the feeds ml__customer_pair and ml__customer_party without the observation date.
DECIDED_SCHEMA: Final = {
    "left_key": pl.Int64,
    "right_key": pl.Int64,
    "decision_code": pl.String,
    "reason_code": pl.String,
    "is_linked": pl.Boolean,
    **{name: kind for name, kind in PAIR_SCHEMA.items() if not name.endswith("_key")},
}
PARTY_SCHEMA: Final = {"customer_key": pl.Int64, "party_key": pl.Int64, "linked_by_code": pl.String}
# Names that may stand beside one document; any others make it a disputed one.
_ALIKE: Final = ("equal", "same_sound", "one_character", "contained")


@dataclass(frozen=True)
class Rules:
    """The bank's numbers for identity, by the names of the rule identity_rule."""

    link_weight: float
    possible_weight: float
    document_recall: float
    maximum_block_count: int


@dataclass(frozen=True)
class Resolved:
    """What the customer numbers turned out to be.

    Attributes:
        pairs: Every pair worth a look, with what was decided and why.
        parties: The party of each number that stands in some pair.
        linkage: The weights beneath.
    """

    pairs: pl.DataFrame
    parties: pl.DataFrame
    linkage: Linkage


def resolve(
    records: pl.DataFrame, affixes: pl.DataFrame, decisions: pl.DataFrame, rules: Rules
) -> Resolved:
    """Tell which customer numbers are one party.

    Args:
        records: Current records, with the columns of `RECORD_SCHEMA`.
        affixes: Words at either end of a name that tell nobody apart.
        decisions: left_key, right_key and is_same: the standing word of a human on a pair.
        rules: The bank's numbers.
    """
    frame = within_bounds(
        comparable(records, affixes), [list(each) for each in BLOCKS], rules.maximum_block_count
    )
    found = link(frame, document_recall=rules.document_recall, minimum_weight=rules.possible_weight)
    pairs = decide(found.pairs, frame, decisions, rules)
    parties, linked = join(pairs, frame)
    pairs = pairs.join(linked, on=["left_key", "right_key"], how="left")
    pairs = pairs.with_columns(pl.col("is_linked").fill_null(value=False))
    return Resolved(pairs.select(list(DECIDED_SCHEMA)), parties, found)


def decide(
    pairs: pl.DataFrame, frame: pl.DataFrame, decisions: pl.DataFrame, rules: Rules
) -> pl.DataFrame:
    """The pairs with decision_code and reason_code; pairs that only a human named come along.

    The first that applies: what a human said; one document on unlike names is disputed; one
    document on like names is the same; two documents of one kind are two people; then the weight.
    """
    said = decisions.select(
        left_key=pl.min_horizontal("left_key", "right_key"),
        right_key=pl.max_horizontal("left_key", "right_key"),
        is_same="is_same",
    ).filter(pl.col("left_key") != pl.col("right_key"))
    known = frame.select("customer_key")
    said = said.join(known, left_on="left_key", right_on="customer_key", how="semi")
    said = said.join(known, left_on="right_key", right_on="customer_key", how="semi")
    every = pairs.join(said, on=["left_key", "right_key"], how="full", coalesce=True)
    kinds = frame.select("customer_key", kind=pl.col("document").str.split(":").list.first())
    every = every.join(kinds, left_on="left_key", right_on="customer_key", how="left")
    every = every.join(
        kinds, left_on="right_key", right_on="customer_key", how="left", suffix="_right"
    )
    is_document = pl.col("document_level_code") == "equal"
    # Of a person and his shop the names are of two kinds and say nothing against each other.
    is_unlike = pl.any_horizontal(
        pl.col(f"{name}_level_code").is_in(_ALIKE).not_().fill_null(value=False)
        for name in ("person_name", "firm_name")
    )
    are_two = (pl.col("document_level_code") == "other") & (pl.col("kind") == pl.col("kind_right"))
    is_linking = pl.col("match_weight") >= rules.link_weight
    cases = (
        (pl.col("is_same"), "same", "human"),
        (~pl.col("is_same"), "different", "human"),
        (is_document & is_unlike, "disputed", "document_on_two_names"),
        (is_document, "same", "document"),
        (are_two, "different", "two_documents"),
        (is_linking, "same", "weight"),
    )
    decision = pl.coalesce(
        *(pl.when(case).then(pl.lit(code)) for case, code, _ in cases), pl.lit("possible")
    )
    reason = pl.coalesce(
        *(pl.when(case).then(pl.lit(why)) for case, _, why in cases), pl.lit("weight")
    )
    return every.with_columns(decision_code=decision, reason_code=reason).sort(
        "left_key", "right_key"
    )


def join(pairs: pl.DataFrame, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(party of each number in some pair, whether each pair ended in one party).

    Links are taken from the surest down: a human's, a document's, then by weight. None is taken
    that would bring together what a human keeps apart, and none but a human's that would bring
    together two documents of one kind. A party is
    called by the number that was opened first, so that it keeps its key whoever joins later.
    """
    numbers = frame.sort(pl.col("opened_date"), "customer_key", nulls_last=True)
    of, why_linked = _joined(_links(pairs), _apart(pairs), numbers)
    named = sorted(set(pairs["left_key"].to_list()) | set(pairs["right_key"].to_list()))
    parties = pl.DataFrame(
        {
            "customer_key": named,
            "party_key": [of.get(key, key) for key in named],
            "linked_by_code": [why_linked.get(key) for key in named],
        },
        schema=PARTY_SCHEMA,
    )
    party = dict(zip(parties["customer_key"], parties["party_key"], strict=True))
    linked = pairs.select(
        "left_key",
        "right_key",
        is_linked=pl.Series(
            [
                party[left] == party[right]
                for left, right in pairs.select("left_key", "right_key").iter_rows()
            ],
            dtype=pl.Boolean,
        ),
    )
    return parties, linked


def _links(pairs: pl.DataFrame) -> list[tuple[int, int, str]]:
    """(left, right, why) of the pairs that are the same, the surest first."""
    order = {"human": 0, "document": 1, "weight": 2}
    same = pairs.filter(pl.col("decision_code") == "same").with_columns(
        place=pl.col("reason_code").replace_strict(order, return_dtype=pl.Int64)
    )
    same = same.sort(
        "place", "match_weight", "left_key", "right_key",
        descending=[False, True, False, False], nulls_last=True,
    )  # fmt: skip
    return same.select("left_key", "right_key", "reason_code").rows()


def _apart(pairs: pl.DataFrame) -> dict[int, set[int]]:
    """The numbers that a human keeps each number apart from."""
    apart: dict[int, set[int]] = {}
    is_said = (pl.col("decision_code") == "different") & (pl.col("reason_code") == "human")
    different = pairs.filter(is_said)
    for left, right in different.select("left_key", "right_key").iter_rows():
        apart.setdefault(left, set()).add(right)
        apart.setdefault(right, set()).add(left)
    return apart


def _joined(
    links: list[tuple[int, int, str]], apart: dict[int, set[int]], numbers: pl.DataFrame
) -> tuple[dict[int, int], dict[int, str]]:
    """(party of each linked number, why each was linked); `numbers` are in order of their age."""
    keys = numbers["customer_key"].to_list()
    age = {key: place for place, key in enumerate(keys)}
    papers = dict(zip(keys, numbers["document"].to_list(), strict=True))
    members: dict[int, list[int]] = {}
    of: dict[int, int] = {}
    why_linked: dict[int, str] = {}
    for left, right, why in links:
        one, other = of.get(left, left), of.get(right, right)
        ours, theirs = members.get(one, [one]), members.get(other, [other])
        if one == other or _kept_apart(ours, theirs, apart):
            continue
        # A clerk has seen that the two documents are one customer's.
        if why != "human" and _papers_clash(ours, theirs, papers):
            continue
        first, second = sorted((one, other), key=age.__getitem__)
        together = sorted(ours + theirs, key=age.__getitem__)
        members.pop(second, None)
        members[first] = together
        of.update(dict.fromkeys(together, first))
        for key in (left, right):
            why_linked.setdefault(key, why)
    return of, why_linked


def _kept_apart(ours: list[int], theirs: list[int], apart: dict[int, set[int]]) -> bool:
    """Whether a word on any two of their numbers keeps two groups apart."""
    return any(not apart[key].isdisjoint(theirs) for key in ours if key in apart)


def _papers_clash(ours: list[int], theirs: list[int], papers: dict[int, str | None]) -> bool:
    """Whether two groups have documents of one kind, and none of them in common."""
    held: list[dict[str, set[str]]] = []
    for group in (ours, theirs):
        kinds: dict[str, set[str]] = {}
        for key in group:
            if (paper := papers[key]) is not None:
                kinds.setdefault(paper.partition(":")[0], set()).add(paper)
        held.append(kinds)
    one, other = held
    return any(one[kind].isdisjoint(other[kind]) for kind in one.keys() & other.keys())
