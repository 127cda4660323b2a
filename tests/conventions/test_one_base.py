"""Marketing, sales and service stand on one base: one key of a customer, one source of a figure.

Guards D01-43 (贯彻市场、销售、服务): whoever asks two marts about a customer gets one answer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from tests.conventions.conftest import Project

Nodes = dict[str, dict[str, Any]]

# Where each figure that several marts show comes from: nowhere is it reckoned a second time.
SOURCE_OF = {
    "contribution_amount": "fct_account_month",
    "average_deposit_amount": "fct_customer_month",
    "average_loan_amount": "fct_customer_month",
    "deposit_amount": "fct_customer_month",
    "net_profit_amount": "fct_profit_month",
    "fee_income_amount": "fct_profit_month",
    "churn_score": "fct_customer_score",
    "value_score": "fct_customer_score",
}
# Single postings and balances are summed up by month once, in the dimensional layer.
SINGLE_EVENTS = {"fct_transaction", "fct_account_balance_interval"}
MAY_READ_SINGLE_EVENTS = {
    # Balances by the days of each manager; manager_balances_tie_to_accounts.sql ties them.
    "mart_performance__manager_balance_month",
    # The hours of a day at which customers come: counts, no money.
    "mart_cost__hour_month",
}


def _models(project: Project) -> Nodes:
    nodes = project.first["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model"}


def _marts(models: Nodes) -> Nodes:
    return {name: node for name, node in models.items() if name.startswith("mart_")}


def _parents(node: dict[str, Any]) -> set[str]:
    return {each.split(".")[-1] for each in node["depends_on"]["nodes"]}


def _ancestors(name: str, models: Nodes) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for parent in _parents(models[waiting.pop()]) & models.keys():
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _column(node: dict[str, Any], name: str) -> str | None:
    found = node["columns"].get(name)
    return found["data_type"] if found else None


def test_every_mart_names_a_customer_by_the_key_of_dim_customer(project: Project) -> None:
    models = _models(project)
    with_customer = {
        name: node for name, node in _marts(models).items() if "customer_key" in node["columns"]
    }
    rooms = {name.split("__")[0] for name in with_customer}
    assert {"mart_relationship", "mart_profitability", "mart_churn"} <= rooms
    for name, node in with_customer.items():
        assert _column(node, "customer_key") == "bigint", name
        assert "dim_customer" in _ancestors(name, models), name
    other = [
        f"{name}.{column}"
        for name, node in _marts(models).items()
        for column in node["columns"]
        if re.fullmatch(r"customer_(id|number|no|code)", column)
    ]
    assert not other, f"a second name of a customer: {other}"


def test_a_figure_of_several_marts_goes_back_to_one_fact(project: Project) -> None:
    models = _models(project)
    shown: dict[str, list[str]] = defaultdict(list)
    for name, node in _marts(models).items():
        for figure, fact in SOURCE_OF.items():
            if figure in node["columns"]:
                shown[figure].append(name)
                assert fact in _ancestors(name, models), f"{name}.{figure} is not that of {fact}"
    assert shown.keys() == SOURCE_OF.keys()


def test_no_mart_sums_single_postings_or_balances_of_its_own(project: Project) -> None:
    models = _models(project)
    reading = {name for name, node in _marts(models).items() if _parents(node) & SINGLE_EVENTS}
    assert reading == MAY_READ_SINGLE_EVENTS


def test_an_amount_of_one_name_has_one_type(project: Project) -> None:
    types: dict[str, set[str]] = defaultdict(set)
    for name, node in _models(project).items():
        if name.startswith(("mart_", "fct_", "dim_", "bridge_")):
            for column, told in node["columns"].items():
                if column.endswith(("_amount", "_key", "_fk")):
                    types[column].add(told["data_type"])
    several = {column: found for column, found in types.items() if len(found) > 1}
    assert not several
