"""The published months under other rules: a copy of the published file, rebuilt where rules reach.

`CRM_HOME/replays/<name>/` gets a copy of what analysts read, in which dbt has loaded the given rule
tables and built anew every table that rests on them. The lake is read through links made while no
night runs, so a night that starts later is not in the way, and nothing that readers get is opened
for writing. Whatever fails, or is killed, leaves no replay behind.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dagster_project import lease as leases
from dagster_project import manifest as manifests
from dagster_project.errors import LeaseHeldError, NightError, WrongUsageError
from dagster_project.home import DBT_PROJECT, Home
from dagster_project.night import feeds_folder_of
from dagster_project.versions import Versions
from ingestion.contracts import load_bank
from ingestion.ledger import Ledger
from ingestion.sql import read_only
from ml.system_errors import why_zh
from serving import build as builds
from serving import checksum, files
from serving import generation as generations

PARTIAL_PARSE = "partial_parse.msgpack"
REPLAY_FILE = "replay.json"
_NAME = re.compile(r"[\w-]{1,40}")
_WORKING = ".building"


@dataclass(frozen=True)
class Replay:
    """One finished replay.

    Attributes:
        name: The folder it lies in.
        generation: The published generation it was made from.
        business_date: The date that speaks of.
        rules: Hash of each rule table that was given.
        rebuilt: Tables that were built anew, by `schema.table`, without the rule tables.
        differing: Those of them that hold other rows than the published ones.
    """

    name: str
    generation: int
    business_date: str
    rules: dict[str, str]
    rebuilt: list[str]
    differing: list[str]


@dataclass(frozen=True)
class Selection:
    """What dbt has to build: tables that rest on the rules, and what these read beside them."""

    rebuilt: frozenset[str]
    read: frozenset[str]
    tests: frozenset[str]

    def names(self, nodes: Mapping[str, Any]) -> list[str]:
        """All of them, by name."""
        return sorted(str(nodes[each]["name"]) for each in self.rebuilt | self.read | self.tests)


def select(manifest: Mapping[str, Any], rules: Mapping[str, str]) -> Selection:
    """Everything below the given rule tables, and what it reads that is not published.

    Raises:
        WrongUsageError: No table reads one of the rules: another program of the night does.
    """
    nodes, above, below = manifest["nodes"], manifest["parent_map"], manifest["child_map"]
    seeds = {u: n["name"] for u, n in nodes.items() if n["resource_type"] == "seed"}
    changed = [unique_id for unique_id, name in seeds.items() if name in rules]
    rebuilt: set[str] = set()
    for seed in changed:
        reached = _reached([seed], lambda each: below.get(each, []), nodes)
        if reached == {seed}:
            raise WrongUsageError(
                f"规则 {seeds[seed]} 不由数据模型读取，而用于客户识别，无法重演；请从目录中移走。",
                f"the rule {seeds[seed]} is not read by a table but where customers are told"
                " apart, which is not replayed; take it out of the folder",
            )
        rebuilt |= reached

    def unpublished(each: str) -> list[str]:
        return [u for u in above.get(each, []) if u in nodes and not _is_published(nodes[u])]

    read = _reached(list(rebuilt), unpublished, nodes) - rebuilt
    there = rebuilt | read
    tests = {
        unique_id
        for unique_id, node in nodes.items()
        if node["resource_type"] == "test"
        and rebuilt.intersection(above[unique_id])
        and all(u in there or (u in nodes and _is_published(nodes[u])) for u in above[unique_id])
    }
    return Selection(frozenset(rebuilt), frozenset(read), frozenset(tests))


def _reached(
    start: list[str], following: Callable[[str], list[str]], nodes: Mapping[str, Any]
) -> set[str]:
    """Tables, views and seeds that lie on the way from `start`, those included."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        each = waiting.pop()
        if each not in found and nodes.get(each, {}).get("resource_type") in ("model", "seed"):
            found.add(each)
            waiting += following(each)
    return found


def _is_published(node: Mapping[str, Any]) -> bool:
    return node.get("database") in builds.PUBLISHED_DATABASES


def rule_types() -> dict[str, dict[str, str]]:
    """By rule table, the type of each column."""
    seeds = (n for n in manifests.load()["nodes"].values() if n["resource_type"] == "seed")
    return {str(seed["name"]): dict(seed["config"]["column_types"]) for seed in seeds}


def folder_of(home: Home, name: str) -> Path:
    """Where the replay of a name lies.

    Raises:
        WrongUsageError: It is no name for a folder.
    """
    if not _NAME.fullmatch(name):
        raise WrongUsageError(
            f"重演名称 {name!r} 只能由文字、数字、_ 和 - 组成，且不超过 40 个字符。",
            f"a replay cannot be called {name!r}: letters, digits, _ and -, at most 40 of them",
        )
    return home.replays / name


def finished(home: Home, name: str) -> tuple[Path, Replay]:
    """A replay that was made, and where it lies.

    Raises:
        WrongUsageError: There is none of that name.
    """
    folder = folder_of(home, name)
    try:
        told = Replay(**json.loads((folder / REPLAY_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        made = sorted(path.parent.name for path in home.replays.glob(f"[!.]*/{REPLAY_FILE}"))
        listed = ", ".join(made) or "-"
        raise WrongUsageError(
            f"没有名为 {name} 的重演（现有：{listed}）；请先执行 crm replay。",
            f"there is no replay called {name} (there are: {listed}); run crm replay first",
        ) from error
    return folder, told


def make(
    home: Home,
    name: str,
    rules: Mapping[str, str],
    tell: Callable[[str, int, int], None] = lambda *_: None,
) -> Replay:
    """Build what is published anew under other rules, beside it.

    Args:
        home: With a published generation.
        name: What the replay is called; one of that name is replaced.
        rules: Whole rule tables by name, as texts of CSV.
        tell: Told of each table as it is built.

    Raises:
        LeaseHeldError: A night is running, or another replay.
        NightError: What is published was made by another program or other deliveries than lie here.
        WrongUsageError: A rule is not what its table takes.
    """
    folder = folder_of(home, name)
    chosen = select(manifests.load(), rules)
    working = home.replays / _WORKING
    with _alone(home):
        files.remove_folder(working)
        working.mkdir(mode=0o700)
        try:
            base = _link(home, working / "lake")
            _copy_project(working / "project", rules)
            published = generations.folder_of(home.warehouse, base.number)
            build = builds.prepare(working, base.run_id, published)
            _build(home, working, build, base, chosen, tell)
            told = _describe(name, rules, build, base, chosen)
            _keep(build, working, folder, told)
        except OSError as error:
            raise NightError(
                f"重演未完成（{why_zh(error)}），已发布的数据未受影响；请检查磁盘空间与权限。",
                f"the replay was not finished ({error.strerror}); what is published is untouched."
                " Look at the space on the disk and at who may write",
            ) from error
        finally:
            files.remove_folder(working)
    return told


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One replay at a time in one home.

    Raises:
        LeaseHeldError: Another one is going on.
    """
    home.replays.mkdir(exist_ok=True, mode=0o750)
    with ExitStack() as held:
        try:
            held.enter_context(leases.hold(home.replays / ".lease"))
        except LeaseHeldError as error:
            raise LeaseHeldError(
                "另一次重演正在进行，请待其结束后重试。",
                "another replay is going on; try again when it has ended",
            ) from error
        yield


def _link(home: Home, lake: Path) -> generations.Generation:
    """Links to the lake's files, made while no night runs; the generation that read just these.

    Raises:
        NightError: The lake, the program or the published rules are not those of the generation.
    """
    with leases.hold(home.lease):
        base = generations.current(home.warehouse)
        if base is None:
            raise NightError("尚未发布任何数据。", "nothing is published")
        changed = Versions.now(feeds_folder_of(home, None)).differences(base.details)
        if _is_stale(Ledger(home.ledger), base):
            changed.append("the deliveries taken in")
        if changed:
            raise NightError(
                f"自第 {base.number} 代发布以来，程序、规则、接口或已入库文件有变动，"
                "重演无法与其对照；请先执行 crm run。",
                f"since generation {base.number} was published {', '.join(changed)} changed, so"
                " a replay cannot be held against it; run crm run first",
            )
        for path in home.lake.rglob("*.parquet"):
            files.link_file(path, lake / path.relative_to(home.lake))
    return base


def _is_stale(ledger: Ledger, base: generations.Generation) -> bool:
    """Whether the lake holds other deliveries than the generation read."""
    touched = ledger.touched_since(base.number)
    is_newer = any(
        (row.ended_run_id or 0) > base.run_id for row in ledger.deliveries(state="loaded")
    )
    return is_newer or bool(touched.dates) or touched.is_master_late


def _copy_project(project: Path, rules: Mapping[str, str]) -> None:
    """The dbt project with the given rule tables in the place of its own."""
    for path in manifests.project_files(DBT_PROJECT):
        copied = project / path.relative_to(DBT_PROJECT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
    for name, text in rules.items():
        (project / "seeds" / "rules" / f"{name}.csv").write_text(text, encoding="utf-8")
    # What is known of the other files saves a parse of all of them.
    known = manifests.target_folder(DBT_PROJECT) / PARTIAL_PARSE
    if known.is_file():
        manifests.target_folder(project).mkdir()
        shutil.copyfile(known, manifests.target_folder(project) / PARTIAL_PARSE)


def _build(
    home: Home,
    working: Path,
    build: builds.BuildFiles,
    base: generations.Generation,
    chosen: Selection,
    tell: Callable[[str, int, int], None],
) -> None:
    from dagster_project.dbt_runner import Dbt

    logs = home.logs / "dbt" / "replay"
    logs.mkdir(parents=True, exist_ok=True, mode=0o750)
    dbt = Dbt(build.folder, working / "lake", logs, working / "project")
    variables: dict[str, Any] = {"business_date": base.business_date}
    if own := load_bank(feeds_folder_of(home, None)).own_currency_code:
        variables["own_currency_code"] = own
    manifest = manifests.load()
    outcome = dbt.build(
        ["--select", *chosen.names(manifest["nodes"]), "--indirect-selection", "empty"],
        variables,
        full_refresh=True,
        on_progress=lambda event: tell(event.name, event.done, event.total),
    )
    if not outcome.failures:
        return
    told = outcome.sentence()
    of_rules = [each for each in outcome.failures if _is_of_rules(manifest, each.unique_id)]
    kind = WrongUsageError if of_rules else NightError
    raise kind(
        f"重演未完成：{told.zh}；日志见 {logs}/dbt.log。",
        f"the replay was not finished: {told.en}; the log is {logs}/dbt.log",
    )


def _is_of_rules(manifest: Mapping[str, Any], unique_id: str) -> bool:
    """Whether a node is a rule table, or a test of rule tables alone."""
    above = manifest["parent_map"][unique_id] or [unique_id]
    return all(each.startswith("seed.") for each in above)


def _describe(
    name: str,
    rules: Mapping[str, str],
    build: builds.BuildFiles,
    base: generations.Generation,
    chosen: Selection,
) -> Replay:
    """What was built anew, and which of it holds other rows than what is published."""
    builds.close(build)
    nodes = manifests.load()["nodes"]
    rebuilt = sorted(
        f"{nodes[u]['schema']}.{nodes[u]['alias']}"
        for u in chosen.rebuilt
        if nodes[u]["database"] == "crm" and nodes[u]["resource_type"] == "model"
    )
    with read_only(build.database("crm")) as connection:
        found = checksum.table_checksums(connection, "crm", only=frozenset(rebuilt))
    before = {table: base.tables.get(f"crm.{table}") for table in rebuilt}
    differing = [t for t in rebuilt if before[t] != (found[t].rows, found[t].digest)]
    hashes = {rule: manifests.text_digest(text)[:16] for rule, text in rules.items()}
    date = base.business_date.isoformat()
    return Replay(name, base.number, date, hashes, rebuilt, differing)


def _keep(build: builds.BuildFiles, working: Path, folder: Path, told: Replay) -> None:
    """Leave what analysts may read, and the rules it was made with, under the replay's name."""
    done = working / "done"
    done.mkdir(mode=0o750)
    build.database("crm").rename(done / "crm.duckdb")
    (done / "crm.duckdb").chmod(generations.FILE_MODES["crm"])
    for rule in told.rules:
        table = working / "project" / "seeds" / "rules" / f"{rule}.csv"
        shutil.copyfile(table, done / table.name)
    files.write_whole(
        done / REPLAY_FILE, json.dumps(asdict(told), ensure_ascii=False, indent=1) + "\n"
    )
    files.remove_folder(folder)
    done.rename(folder)
