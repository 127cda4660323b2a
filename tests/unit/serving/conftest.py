"""A warehouse folder of two tiny databases, made by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from serving import build, generation


class Publisher:
    """Builds and publishes small generations in a temporary warehouse."""

    def __init__(self, warehouse: Path) -> None:
        self.warehouse = warehouse
        self.builds = warehouse / "build"
        self.run_id = 0

    def build(self, amounts: list[str], base: Path | None = None) -> build.BuildFiles:
        """A finished build with one table in each file."""
        self.run_id += 1
        files = build.prepare(self.builds, self.run_id, base)
        rows = ", ".join(f"({i}, {amount})" for i, amount in enumerate(amounts)) or "(null, null)"
        with duckdb.connect(str(files.database("crm"))) as connection:
            connection.execute("create schema if not exists mart")
            connection.execute(
                "create or replace table mart.mart_profit as "
                "select k::bigint as customer_key, a::decimal(18,2) as amount, a / 3.0e0 as score "
                f"from (values {rows}) as v(k, a)"
            )
        with duckdb.connect(str(files.database("vault"))) as connection:
            connection.execute("create schema if not exists identity")
            connection.execute(
                "create or replace table identity.customer as select 1 as customer_key, '张三' as n"
            )
        with duckdb.connect(str(files.database("scratch"))) as connection:
            connection.execute("create schema staging; create table staging.t as select 1 as i")
        return files

    def publish(self, amounts: list[str], **options: object) -> generation.Generation:
        """Build and publish the next generation."""
        files = self.build(amounts)
        number = generation.next_number(self.warehouse, set())
        described = generation.Generation(
            number, files.run_id, dt.date(2026, 1, number), "2026-01-01T00:00:00Z"
        )
        return generation.publish(files, self.warehouse, described, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def publisher_class() -> type[Publisher]:
    return Publisher


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    warehouse = tmp_path / "warehouse"
    warehouse.mkdir()
    return Publisher(warehouse)
