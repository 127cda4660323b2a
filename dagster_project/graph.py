"""From the dbt manifest to asset specs and check specs: the graph that people read.

dagster-dbt's translator makes the specs; what is ours is the grouping by layer and subject, plain
asset keys (asset key = table name), and the split of the project into the two invocations of a
night. Its own selection by dbt arguments is not used: it loads the whole manifest into dbt once
more, which costs as much as a parse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

AFTER_SCORES = "after_scores"
SCORE_PREFIX = "ml__"
ASSET_TYPES = frozenset({"model", "seed"})
LAYERS = ("staging", "intermediate", "dimensional", "marts", "features", "qc", "identity")


class Translator(DagsterDbtTranslator):
    """Plain keys, a first sentence and a grain for each asset."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Asset key = table name; a source's asset is the feed of the same name."""
        return dg.AssetKey(str(dbt_resource_props["name"]))

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the yml says, else the grain line that every model begins with."""
        described = str(dbt_resource_props.get("description") or "")
        first_line = str(dbt_resource_props.get("raw_code") or "").partition("\n")[0]
        return described or first_line.removeprefix("--").strip()

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where the table lies, for whoever comes from the graph with a SQL client."""
        place = [dbt_resource_props.get(part) for part in ("database", "schema", "name")]
        return {"table": ".".join(str(part) for part in place if part)}

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Departments are no Dagster owners, which must be mail addresses or teams."""
        return


@dataclass(frozen=True)
class Graph:
    """The dbt project as Dagster sees it."""

    manifest: Mapping[str, Any]

    @cached_property
    def translator(self) -> Translator:
        """One translator, so that specs are made once."""
        return Translator()

    @cached_property
    def nodes(self) -> dict[str, Mapping[str, Any]]:
        """Models and seeds that become tables or views, by dbt's unique id, upstream first."""
        ours = {
            unique_id: node
            for unique_id, node in sorted(self.manifest["nodes"].items())
            if node["resource_type"] in ASSET_TYPES
            and node["config"].get("materialized") != "ephemeral"
            and node["config"].get("enabled", True)
        }
        upstream = {
            u: [p for p in n["depends_on"].get("nodes", []) if p in ours] for u, n in ours.items()
        }
        # Dagster wants the results of one step in this order.
        return {
            unique_id: ours[unique_id] for unique_id in TopologicalSorter(upstream).static_order()
        }

    @cached_property
    def after_scores(self) -> set[str]:
        """Unique ids of the second invocation: tagged so, or reading scores or what is tagged."""
        late = {u for u, node in self.nodes.items() if AFTER_SCORES in node.get("tags", [])}
        growing = late | self.score_sources
        while growing:
            children = {c for u in growing for c in self.manifest["child_map"].get(u, [])}
            growing = {c for c in children if c in self.nodes} - late
            late |= growing
        return late

    @cached_property
    def on_dimensional(self) -> set[str]:
        """Unique ids of what rests on the dimensional layer, that layer itself included."""
        return self._resting_on(lambda node: _layer(node) == "dimensional")

    @cached_property
    def on_facts(self) -> set[str]:
        """Unique ids of what rests on a fact, facts included."""
        return self._resting_on(
            lambda node: _layer(node) == "dimensional" and str(node["name"]).startswith("fct_")
        )

    def _resting_on(self, is_ground: Callable[[Mapping[str, Any]], bool]) -> set[str]:
        """Unique ids of the nodes for which `is_ground` holds, and of all that rests on one."""
        found: set[str] = set()
        for unique_id, node in self.nodes.items():
            rests = any(parent in found for parent in node["depends_on"].get("nodes", []))
            if rests or is_ground(node):
                found.add(unique_id)
        return found

    def group_of(self, unique_id: str) -> str:
        """Group of a node: its layer, or its subject where that says more.

        The line of the groups leads one way, from the deliveries to the publication. So the steps
        between two facts stand with the facts, and what becomes of scores has a group of its own.
        """
        node = self.nodes[unique_id]
        name, layer = str(node["name"]), _layer(node)
        is_late = unique_id in self.after_scores
        # Who a party is in the vault rests on what was found out in the night, as scores do.
        if layer == "identity" and is_late:
            return "scores"
        if node["resource_type"] != "seed" and layer in ("staging", "intermediate", "dimensional"):
            if is_late:
                return "scores"
            if layer == "dimensional":
                return "facts" if name.startswith("fct_") else "dimensions"
            # What prepares a bridge reads dimensions alone and stands with them.
            if layer == "intermediate" and unique_id in self.on_dimensional:
                return "facts" if unique_id in self.on_facts else "dimensions"
        if layer == "marts":
            return f"mart_{name.removeprefix('mart_').split('__')[0]}"
        return layer or "models"

    @cached_property
    def score_sources(self) -> set[str]:
        """Unique ids of the sources that our own models write, in the same night."""
        named = self.manifest["sources"].items()
        return {u for u, source in named if str(source["name"]).startswith(SCORE_PREFIX)}

    def selection(self, *, after_scores: bool) -> list[str]:
        """Selection arguments of one invocation; the same split as `after_scores`."""
        sources = (self.manifest["sources"][u] for u in sorted(self.score_sources))
        readers = [f"source:{each['source_name']}.{each['name']}+" for each in sources]
        return ["--select" if after_scores else "--exclude", f"tag:{AFTER_SCORES}+", *readers]

    def specs(self, *, after_scores: bool) -> list[dg.AssetSpec]:
        """Asset specs of one invocation."""
        chosen = [u for u in self.nodes if (u in self.after_scores) == after_scores]
        return [self._spec(unique_id) for unique_id in chosen]

    def _spec(self, unique_id: str) -> dg.AssetSpec:
        node = self.nodes[unique_id]
        made = self.translator.get_asset_spec(self.manifest, unique_id, None)
        kinds = {"dbt", "duckdb", "seed" if node["resource_type"] == "seed" else "sql"}
        # dagster-dbt hangs the whole manifest on each spec for its own decorator; we have ours.
        return made.replace_attributes(
            group_name=self.group_of(unique_id),
            metadata=self.translator.get_metadata(node),
            kinds=kinds,
            owners=[],
            skippable=True,
        )

    def check_specs(self, *, after_scores: bool) -> list[dg.AssetCheckSpec]:
        """One check per dbt test, on the asset it is about; tests of severity error block."""
        return [
            dg.AssetCheckSpec(
                name=check_name(test),
                asset=dg.AssetKey(str(self.nodes[owner]["name"])),
                description=str(test["config"].get("meta", {}).get("message", "")) or None,
                blocking=str(test["config"].get("severity", "error")).lower() == "error",
            )
            for test, owner in self.tests(after_scores=after_scores)
        ]

    def tests(self, *, after_scores: bool) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Each test that runs in one invocation, with the unique id of the asset it is about."""
        for unique_id, test in sorted(self.manifest["nodes"].items()):
            if test["resource_type"] != "test" or not test["config"].get("enabled", True):
                continue
            parents = [p for p in test["depends_on"]["nodes"] if p in self.nodes]
            is_late = any(parent in self.after_scores for parent in parents)
            if parents and is_late == after_scores:
                yield test, self._owner_of(unique_id, test, parents)

    def _owner_of(self, unique_id: str, test: Mapping[str, Any], parents: list[str]) -> str:
        attached = test.get("attached_node")
        if attached in self.nodes:
            return str(attached)
        # A test of several tables belongs to the one farthest down, which its author compares.
        return max(parents, key=lambda parent: (self._depth(parent), parent, unique_id))

    def _depth(self, unique_id: str) -> int:
        node = self.nodes[unique_id]
        layer = _layer(node)
        is_late = unique_id in self.after_scores
        return (LAYERS.index(layer) if layer in LAYERS else -1) + 10 * is_late

    def keys_in(self, databases: frozenset[str]) -> list[dg.AssetKey]:
        """Assets whose tables lie in the files that are published."""
        return [
            dg.AssetKey(str(node["name"]))
            for _, node in sorted(self.nodes.items())
            if node.get("database") in databases
        ]

    def expected_tables(self, databases: frozenset[str]) -> set[str]:
        """`database.schema.table` of every table that a whole build holds."""
        return {
            f"{node['database']}.{node['schema']}.{node['alias']}"
            for node in self.nodes.values()
            if node.get("database") in databases and node["config"].get("materialized") != "view"
        }

    def source_keys(self) -> set[str]:
        """Names of the feeds that the project reads."""
        return {str(source["name"]) for source in self.manifest["sources"].values()}


def _layer(node: Mapping[str, Any]) -> str:
    """The folder a node lies in below models/ or seeds/; empty where it lies in none."""
    return str(node["fqn"][1]) if len(node["fqn"]) > 2 else ""


def check_name(test: Mapping[str, Any]) -> str:
    """Name of a test as a check: its alias, which is short and unique in the project."""
    return str(test.get("alias") or test["name"])
