"""`crm demo`: a county bank that does not exist, to try the house on."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dagster_project.cli.output import (
    HomeOption,
    JsonOption,
    console,
    errors,
    guarded,
    home_of,
    print_json,
)
from dagster_project.errors import WrongUsageError

if TYPE_CHECKING:
    from dagster_project.home import Home
    from ingestion.demo_bank import DemoReport

CUSTOMERS = 20_000
MONTHS = 12
SEED = 20_160_315


@guarded
def demo(
    customers: Annotated[
        int, typer.Option("--customers", min=100, help="Customers of the bank.")
    ] = CUSTOMERS,
    months: Annotated[
        int, typer.Option("--months", min=1, max=120, help="Months of history, up to 2025-12-31.")
    ] = MONTHS,
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds write equal banks.")] = SEED,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Write into this folder instead.", show_default="the home, ready to run"
        ),
    ] = None,
    next_day: Annotated[
        bool, typer.Option("--next", help="Land the next day that the bank delivers.")
    ] = False,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Write a demo bank into the landing folder, or land its next day.

    Its known truth goes to demo/truth/, which no night reads.

    Example: crm demo --customers 2000 --months 6 && crm run
    """
    place = home_of(home)
    if next_day:
        _land_next(place, as_json)
        return
    target = out.expanduser().absolute() if out else None
    report, landing = _write(place, target, customers, months, seed)
    told = {
        "landing": str(landing),
        "customers": report.customers,
        "accounts": report.accounts,
        "transactions": report.transactions,
        "files": report.files,
        "bytes": report.bytes,
        "first_date": report.first_date.isoformat(),
        "last_date": report.last_date.isoformat(),
        "days_ahead": report.days_ahead,
        "rows": report.rows,
    }
    if as_json:
        print_json(told)
        return
    console.print(
        f"[green]✓[/] A bank of {report.customers:,} customers, {report.accounts:,} accounts and"
        f" {report.transactions:,} transactions: {report.files:,} files,"
        f" {report.bytes / 1e6:,.0f} MB",
        soft_wrap=True,
    )
    console.print(
        f"  {report.first_date} to {report.last_date} has landed in {escape(str(landing))};"
        f" {report.days_ahead} more days wait, each comes with: crm demo --next",
        style="dim",
        soft_wrap=True,
    )


def _write(
    place: Home, out: Path | None, customers: int, months: int, seed: int
) -> tuple[DemoReport, Path]:
    """Write the bank aside and move it into place, so that a night never finds half of one."""
    landing = out / "landing" if out else place.landing
    beside = out if out else place.demo
    for folder in (landing, beside / "upcoming", beside / "truth"):
        if folder.exists() and any(folder.iterdir()):
            raise WrongUsageError(
                f"{folder} 不是空目录；演示银行须写入空的数据目录（--home、--out）。",
                f"{folder} is not empty; a demo bank wants an empty home (--home, --out)",
            )
    if out is None:
        place.create()
    landing.parent.mkdir(parents=True, exist_ok=True)
    writing = landing.parent / ".demo-being-written"
    shutil.rmtree(writing, ignore_errors=True)
    try:
        report = _generate(writing, customers, months, seed)
        landing.mkdir(exist_ok=True)
        for folder in sorted((writing / "landing").iterdir()):
            folder.rename(landing / folder.name)
        beside.mkdir(exist_ok=True)
        for name in ("truth", "upcoming"):
            if (writing / name).exists():
                if (beside / name).exists():
                    (beside / name).rmdir()
                (writing / name).rename(beside / name)
    except ValueError as error:
        raise WrongUsageError(f"无法生成这样的演示银行：{error}。", str(error)) from error
    finally:
        shutil.rmtree(writing, ignore_errors=True)
    return report, landing


def _generate(writing: Path, customers: int, months: int, seed: int) -> DemoReport:
    from ingestion.demo_bank import write_demo_bank

    with Progress(
        TextColumn("Writing the demo bank"),
        BarColumn(bar_width=30),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None)

        def tell(text: str, done: int, total: int) -> None:
            bar.update(task, description=text, completed=done, total=total)

        return write_demo_bank(
            writing / "landing",
            writing / "upcoming",
            writing / "truth",
            customers=customers,
            months=months,
            seed=seed,
            progress=tell,
        )


def _land_next(place: Home, as_json: bool) -> None:
    from ingestion.demo_bank import land_next

    if not place.demo.exists():
        raise WrongUsageError(
            "本数据目录中还没有演示银行；请先生成：crm demo",
            "there is no demo bank in this home yet; write one: crm demo",
        )
    started = time.monotonic()
    date = land_next(place.demo / "upcoming", place.landing)
    if as_json:
        print_json({"landed": date.isoformat() if date else None})
    elif date is None:
        console.print("The demo bank has no day left to deliver.")
    else:
        seconds = time.monotonic() - started
        console.print(f"[green]✓[/] The delivery of {date} has landed  [dim]{seconds:.1f} s[/]")
