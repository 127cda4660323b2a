"""Stages receive, extract and pseudonyms: from delivered files to accepted rows in the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from dagster_project.errors import DeliveriesError, NightError
from dagster_project.night import Night
from ingestion import conservation
from ingestion.batch import BatchReport
from ingestion.contracts.feed import Feed
from ingestion.extract import ReaderError, reconcile
from ingestion.extract import extract as extract_deliveries
from ingestion.holding.sets import read_sets
from ingestion.lake import Lake
from ingestion.landing import LandingError, Receipt, held_sentence, ready, waiting_parts
from ingestion.landing import receive as receive_files
from ingestion.landing.due import newest_dates
from ingestion.landing.standing import standing_of
from ingestion.ledger import DeliveryRow, LedgerError, open_refusals
from ingestion.pseudonym import PseudonymError, Pseudonyms
from ingestion.quality import data_docs, gate
from ingestion.sentence import Sentence, shown

SAID = 5
# A delivery that comes back for one that was refused goes through the gate too.
GATE_ROUNDS = 3
CHECKS = {
    "arrived": Sentence(
        "应报的文件已到、可读且获准入库。",
        "What is due of this feed is there and let in, and its files could be read.",
    ),
    "fresh": Sentence(
        "按业务日期和报送频率，最近一期没有迟报。",
        "Its last delivery is no older than the feed promises, by business date.",
    ),
    "gate": Sentence("本次批次通过质量关卡。", "The gate let the feed's batches of tonight pass."),
    "conserved": Sentence(
        "读入行数 = 入库 + 隔离 + 非数据行，由两个计数器核对。",
        "Rows in = loaded + quarantined + no data, by two counters.",
    ),
}
# What to do about it; {owner} is the feed's.
ACTIONS = {
    "arrived": Sentence(
        "请{owner}补报，或更正后以原文件名重报；如需先行发布：crm run --accept-missing。",
        "{owner} delivers it, or the corrected file under the same name; to publish without it:"
        " crm run --accept-missing.",
    ),
    "fresh": Sentence("请{owner}补报。", "{owner} delivers what is missing."),
    "gate": Sentence(
        "请{owner}核对来源、更正后重报；各项期望见 exports/data-docs/index.html。",
        "{owner} looks into the source and delivers again; each expectation stands in"
        " exports/data-docs/index.html.",
    ),
    "conserved": Sentence(
        "读取程序有误，不会发布；请值班人员联系开发人员。",
        "The reader is at fault and nothing is published; the operator tells the developers.",
    ),
}


@dataclass
class Told:
    """What is to be said of one feed after the night took its files in.

    Attributes:
        metadata: For the asset.
        problems: Sentences by check; a check without any has passed.
        is_blocking: Whether the problems stop the night.
    """

    metadata: dict[str, Any]
    problems: dict[str, list[Sentence]] = field(default_factory=dict)
    is_blocking: bool = True
    owner: str = ""

    def stops(self, check: str) -> bool:
        """Whether a problem of one check stops the night."""
        return check == "conserved" or (self.is_blocking and check != "fresh")

    def said_of(self, check: str) -> Sentence | None:
        """What is wrong, and who must do what about it; None where the check has passed."""
        problems = self.problems[check]
        if not problems:
            return None
        said = _first_few(problems)
        act_zh, act = (each.format(owner=self.owner) for each in ACTIONS[check])
        return Sentence(said.zh + act_zh, f"{said.en} {act}")


def _first_few(problems: Sequence[Sentence]) -> Sentence:
    """The first problems as one sentence, and how many more there are."""
    more = len(problems) - SAID
    zh, en = (f"（另有 {more} 项）", f" And {more} more.") if more > 0 else ("", "")
    return Sentence(
        "".join(each.zh for each in problems[:SAID]) + zh,
        " ".join(each.en for each in problems[:SAID]) + en,
    )


@contextmanager
def in_words() -> Iterator[None]:
    """Errors of the ingestion room as errors of the night, with their exit codes."""
    try:
        yield
    except LandingError as error:
        raise DeliveriesError(*error.sentence) from error
    except (LedgerError, ReaderError, PseudonymError) as error:
        raise NightError(*error.sentence) from error


def receive(night: Night) -> None:
    """Take in what has landed, and put lake and ledger in order after runs that died."""
    home = night.home
    with in_words():
        # What is built whole from the lake is worth the reading of the whole lake.
        is_thorough = night.request.is_full_refresh
        reconcile(home.lake, night.ledger, night.feeds, is_thorough=is_thorough)
        if not night.request.receives:
            night.receipt = Receipt(pending=ready(night.ledger, night.feeds))
            return
        night.receipt = receive_files(
            night.request.landing,
            home.archive,
            night.ledger,
            night.feeds,
            night.run_id,
            night.request.business_date,
            night.request.reference,
        )
    strange = [
        f"{shown(path.name)} belongs to no feed and was left." for path in night.receipt.unclaimed
    ]
    say_some(night, [*strange, *_gap(night)], is_warning=True)
    say_some(night, [str(sentence) for sentence in night.receipt.notes])


def _gap(night: Night) -> list[str]:
    """A sentence when days lie between this night and the last for which nothing was delivered."""
    if night.base is None:
        return []
    first = night.base.business_date + dt.timedelta(days=1)
    last = night.request.business_date - dt.timedelta(days=1)
    if first > last:
        return []
    days = f"{first}" if first == last else f"{first} to {last}"
    return [
        f"Nothing was delivered for {days}; if the bank worked then, its postings are missing:"
        " ask for them."
    ]


def extract(night: Night) -> None:
    """Read what was received into the lake, while the gate's library is being imported."""
    pending = night.receipt.pending if night.receipt else []
    preloading = Thread(target=gate.preload, daemon=True)
    if pending:
        preloading.start()
    _read_sets(night, pending)
    if pending:
        preloading.join()


def _read_sets(night: Night, pending: Sequence[DeliveryRow]) -> bool:
    ledger, lake, reports = night.ledger, night.home.lake, night.reports
    with in_words():
        return read_sets(
            pending, partial(_extract, night), ledger, lake, night.feeds, night.run_id, reports
        )


def pass_gate(night: Night) -> None:
    """Put every batch through the gate; what it refuses leaves the lake, what was there returns."""
    for _ in range(GATE_ROUNDS):
        with in_words():
            passage = gate.run_gate(night.ledger, night.home.lake, night.feeds, night.run_id)
        for result in passage.results:
            night.gate_problems.setdefault(result.feed, []).extend(result.problems)
        night.validations += passage.validations
        if not _read_sets(night, passage.revived):
            break
    night.findings = conservation.check_batches(night.reports)
    incomplete = waiting_parts(night.ledger, night.feeds)
    newest = newest_dates(night.ledger, night.request.business_date, incomplete)
    night.standings = {
        name: standing_of(feed, newest.get(name), night.request.business_date)
        for name, feed in night.feeds.items()
    }
    _write_docs(night)


def _write_docs(night: Night) -> None:
    """The operator's page of what the gate answered; a night does not fail for want of it."""
    came = {each.feed.feed for each in night.validations}
    silent = [
        f"{feed.title.zh} {name}"
        for name, feed in night.feeds.items()
        if feed.is_delivered and not feed.is_internal and name not in came
    ]
    page = data_docs.NightOfDocs(
        night.request.business_date, night.run_id, night.validations, silent
    )
    try:
        data_docs.write(page, night.home.data_docs)
    except OSError as error:
        text = f"The pages of the quality gate could not be written: {error.strerror}."
        night.reporter.note(text, is_warning=True)


def _extract(night: Night, pending: Sequence[DeliveryRow]) -> list[BatchReport]:
    home, total, done = night.home, len(pending), 0

    def tell(report: BatchReport) -> None:
        nonlocal done
        done += 1
        night.reporter.progress(shown(report.source_file), done, total)

    return extract_deliveries(
        pending,
        night.feeds,
        home.archive,
        home.lake,
        home.quarantine,
        night.ledger,
        night.run_id,
        workers=night.request.workers,
        progress=tell,
    )


def extend_pseudonyms(night: Night) -> dict[str, Any]:
    """Give a pseudonym to every id that came with batches the last generation does not know."""
    home = night.home
    with in_words():
        made = Pseudonyms(home.lake, home.pseudonym_key, night.feeds).extend(
            night.request.business_date, "all" if night.base is None else _new_batches(night)
        )
    return {"new": sum(made.new.values()), **{f"new_{kind}": n for kind, n in made.new.items()}}


def _new_batches(night: Night) -> list[Path]:
    lake = Lake(night.home.lake)
    return [
        path
        for row in night.loaded_since_base()
        if (path := lake.batch_path(row.feed, row.business_date, row.batch_id)).exists()
    ]


def tell(night: Night, feed: Feed) -> Told:
    """Counts and problems of one feed."""
    reports = [each for each in night.reports if each.feed == feed.feed]
    if not feed.is_delivered:
        nothing: dict[str, list[Sentence]] = {check: [] for check in CHECKS}
        return Told({"delivered": "not delivered by this bank"}, nothing, owner=feed.owner)
    standing = night.standings.get(feed.feed)
    loaded = [each for each in reports if each.state == "loaded"]
    metadata: dict[str, Any] = {
        "owner": feed.owner,
        "delivered": "yes" if reports else "nothing new tonight",
        "files": len(reports),
        "rows_in": sum(each.rows_in or 0 for each in reports),
        "rows_loaded": sum(each.rows_loaded or 0 for each in loaded),
        "rows_held": sum(each.rows_loaded or 0 for each in reports if each.state == "held"),
        "rows_quarantined": sum(each.rows_quarantined or 0 for each in reports),
        "rows_not_data": sum(each.rows_not_data or 0 for each in reports),
        "dagster/row_count": sum(each.rows_loaded or 0 for each in loaded),
    }
    if reports:
        dates = sorted({each.business_date for each in reports})
        metadata["business_dates"] = f"{dates[0]} to {dates[-1]}"
        metadata["seconds"] = round(sum(each.seconds for each in reports), 3)
    if standing is not None and standing.last is not None:
        metadata["last_business_date"] = standing.last.isoformat()
    if standing is not None and standing.since is not None:
        metadata["missed_since"] = standing.since.isoformat()
    problems = {
        "arrived": [*_missing(night, feed), *_held(night, feed), *_refused(night, feed)],
        "fresh": [standing.sentence] if standing is not None and standing.is_overdue else [],
        "gate": list(night.gate_problems.get(feed.feed, [])),
        "conserved": [
            Sentence(each.sentence_zh, each.sentence)
            for each in night.findings
            if each.feed == feed.feed
        ],
    }
    return Told(metadata, problems, is_blocking=is_blocking(night, feed), owner=feed.owner)


def expectations(night: Night, feed: Feed) -> dict[str, Any]:
    """What the gate asked of a feed's batches tonight, and in how many files or rows not so."""
    asked = [a for v in night.validations if v.feed.feed == feed.feed for a in v.answers]
    if not asked:
        return {}
    unmet = {
        answer.expectation.id: {"files": len(answer.failing), "rows": answer.rows}
        for answer in asked
        if answer.failing
    }
    return {"expectations": len(asked), "expectations_unmet": unmet}


def is_blocking(night: Night, feed: Feed) -> bool:
    """Whether trouble with a feed's delivery stops the night."""
    return feed.delivery.required and not night.request.accepts_missing


def judge(night: Night) -> None:
    """Stop the night when a required delivery is missing, held or refused, or rows were lost.

    Raises:
        DeliveriesError: With a sentence per problem, the first few of them.
    """
    told = {name: tell(night, feed) for name, feed in night.feeds.items() if not feed.is_internal}
    say_some(night, _not_corrected(night), is_warning=True)
    found = [
        (each.stops(check), check, sentence)
        for each in told.values()
        for check, sentences in each.problems.items()
        for sentence in sentences
    ]
    blocking = [sentence for stops, _, sentence in found if stops]
    if not blocking:
        # That a feed is not fresh is told by what did not arrive, or is no matter for tonight.
        rest = [str(sentence) for _, check, sentence in found if check != "fresh"]
        say_some(night, rest, is_warning=True)
        return
    said = _first_few(blocking)
    night.failure = DeliveriesError(
        f"{said.zh}全部情况见 crm status；如仍要发布：crm run --accept-missing",
        f"{said.en} All of it: crm status. To publish all the same: crm run --accept-missing.",
    )
    raise night.failure


def say_some(night: Night, sentences: Sequence[str], *, is_warning: bool = False) -> None:
    """Put a few sentences on the screen and count the others; all of them are in the ledger."""
    for sentence in sentences[:SAID]:
        night.reporter.note(sentence, is_warning=is_warning)
    if len(sentences) > SAID:
        more = len(sentences) - SAID
        night.reporter.note(f"and {more} more like these: crm status", is_warning=is_warning)


def _missing(night: Night, feed: Feed) -> list[Sentence]:
    found = night.receipt.missing if night.receipt else []
    return [each.sentence for each in found if each.feed == feed.feed]


def _held(night: Night, feed: Feed) -> list[Sentence]:
    """Deliveries that have been held since the last generation, and those missed if they are."""
    since = night.base.run_id if night.base else 0
    told = {each.held_id for each in night.receipt.missing} if night.receipt else set()
    return [
        held_sentence(row)
        for row in night.ledger.deliveries(feed=feed.feed, state="held")
        if (row.ended_run_id or 0) > since and row.delivery_id not in told
    ]


def _refused(night: Night, feed: Feed) -> list[Sentence]:
    """Files refused since the last generation that nothing has put right, the last of a slot.

    What somebody refused by his own decision is settled; if it is missed, that is told. A refused
    correction of single rows is no reason to stop a night: see `_not_corrected`.
    """
    since = night.base.run_id if night.base else 0
    settled = night.ledger.turned_away()
    rows = open_refusals(night.ledger.deliveries(feed=feed.feed))
    last = {
        row.place: row
        for row in rows
        if (row.ended_run_id or 0) > since and row.delivery_id not in settled and not row.is_beside
    }
    return [_told_refused(row) for row in last.values()]


def _told_refused(row: DeliveryRow) -> Sentence:
    zh, en = row.refusal or ("", "")
    name = shown(row.file_name)
    return Sentence(f"{name} 被拒收：{zh}", f"{name} was refused: {en}")


def _not_corrected(night: Night) -> list[str]:
    """Returned sheets of this night that were refused; their rows stay as open as they were."""
    return [
        f"{shown(report.source_file)} was refused: {report.refusal}"
        for report in night.reports
        if report.corrects_rows and report.refusal is not None
    ]
