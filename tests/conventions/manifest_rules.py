"""Rules on the compiled dbt project: what is described is what is built, and nothing leaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ingestion.contracts.load import load_feeds

Node = dict[str, Any]
Built = dict[tuple[str, str, str], dict[str, str]]

# DuckDB keeps these in an index: most of its reports of damaged files name one.
_INDEXED_CONSTRAINTS = frozenset({"primary_key", "unique", "foreign_key"})


def models(manifest: dict[str, Any]) -> list[Node]:
    """The models of the project, in the order of their names."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return sorted(nodes, key=lambda node: str(node["name"]))


def place_of(node: Node) -> tuple[str, str, str]:
    """Where a model is built."""
    return node["database"], node["schema"], node["alias"]


def column_problems(nodes: Iterable[Node], built: Built) -> list[str]:
    """Columns that are built and not described, or described and not built."""
    problems = []
    for node in nodes:
        columns = built.get(place_of(node))
        if columns is None:
            problems.append(f"{node['name']}: was not built at {'.'.join(place_of(node))}")
            continue
        described = {name.lower() for name in node["columns"]}
        problems += [
            f"{node['name']}.{name}: is built but stands in no yml"
            for name in sorted(set(columns) - described)
        ]
        problems += [
            f"{node['name']}.{name}: stands in the yml but is not built"
            for name in sorted(described - set(columns))
        ]
    return problems


def inexact_money(built: Built) -> list[str]:
    """Columns named as money, or as a rate of interest, that are not of the house's types.

    Sums that are thrown away with the scratch file may be as wide as the engine makes them.
    """
    problems = []
    for place, columns in sorted(built.items()):
        money = {"decimal(18,2)"} | ({"decimal(38,2)"} if place[0] == "scratch" else set())
        problems += [
            f"{'.'.join(place)}.{column}: {kind} is not exact"
            for column, kind in columns.items()
            if (column.endswith("_amount") and kind not in money)
            or (column.endswith("interest_rate") and kind != "decimal(12,8)")
        ]
    return problems


def identities_published(built: Built) -> list[str]:
    """Columns of the analysts' file that carry what only the vault may hold.

    Schema rule is left out: its tables are the bank's own lists and hold nothing delivered.
    """
    masks = {"name", "id_number", "account", "mobile", "address", "text"}
    identifying = {
        column.name
        for feed in load_feeds().values()
        for column in feed.columns
        if column.security.class_code == "C2" and column.security.mask in masks
    }
    return [
        f"{'.'.join(place)}.{column}: identifies a customer"
        for place, columns in sorted(built.items())
        if place[0] == "crm" and place[1] != "rule"
        for column in sorted(identifying & set(columns))
    ]


def untyped_seed_columns(manifest: dict[str, Any], built: Built) -> list[str]:
    """Columns of seeds whose type is left to the engine's guess."""
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    return [
        f"{node['name']}.{name}: has no type in column_types"
        for node in sorted(seeds, key=lambda node: str(node["name"]))
        for name in sorted(set(built[place_of(node)]) - set(node["config"]["column_types"]))
    ]


def indexed_constraints(nodes: Iterable[Node]) -> Iterator[str]:
    """Keys declared as constraints: keys are proved by tests, not by indexes."""
    for node in nodes:
        declared = [(node["name"], node.get("constraints") or [])]
        declared += [
            (f"{node['name']}.{name}", column.get("constraints") or [])
            for name, column in node["columns"].items()
        ]
        for name, constraints in declared:
            for constraint in constraints:
                if constraint["type"] in _INDEXED_CONSTRAINTS:
                    yield f"{name}: constraint {constraint['type']} makes an index"
