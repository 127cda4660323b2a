"""Why a delivery that can be read is held all the same: its size, or what it would replace.

Judged where the history is known: by the run, after the reader's report has come back and before
anything reaches the lake. A delivery is compared with what was received before it, so a run that
was killed and taken up again judges as the first would have done.
"""

from __future__ import annotations

import re
import statistics

from ingestion.batch import BatchReport, Doubt
from ingestion.contracts import Feed
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.sentence import Sentence, shown


def doubts_about(
    delivery: DeliveryRow, report: BatchReport, feed: Feed, ledger: Ledger
) -> list[Doubt]:
    """Everything about a delivery that somebody should look at before it is loaded.

    One that was loaded before, and is read again because the lake lost it or because what took
    its place was refused, was judged then.
    """
    if report.state == "refused":
        return []
    before = ledger.root_of(delivery) if delivery.is_beside else ledger.replaced_by(delivery)
    if delivery.is_beside and before is not None and not before.rows_quarantined:
        return [_nothing_refused(delivery, report, before)]
    if delivery.was_loaded:
        return []
    found = [
        _empty(delivery, report, feed, ledger),
        _volume(delivery, report, feed, ledger),
        _sent_before(delivery, report, feed, ledger),
    ]
    if delivery.is_beside:
        # Its few rows are compared with no file's, and where it loads none it changes nothing.
        found = []
        before = before if report.rows_loaded else None
    if before is not None:
        found.append(_restatement(delivery, report, feed, before))
        found.append(_closed_month(delivery, report, feed, before, ledger))
    return [doubt for doubt in found if doubt is not None]


def usual_rows(delivery: DeliveryRow, ledger: Ledger, after: int) -> int | None:
    """The usual number of data rows: the median of the last `after` deliveries before this one.

    Of a part its own history counts and no other's: a small branch is no short delivery of a large
    one. A month's file is never compared with a day's. What is usually empty has no usual size.

    Returns:
        The number of rows; None where there is nothing to compare with.
    """
    own = re.sub(r"([\\%_])", r"\\\1", delivery.slot)
    history = ledger.rows_before(delivery, own, after)
    return statistics.median_low(history) or None if len(history) == after else None


def _volume(delivery: DeliveryRow, report: BatchReport, feed: Feed, ledger: Ledger) -> Doubt | None:
    rule = feed.delivery.volume
    if not rule:
        return None
    usual = usual_rows(delivery, ledger, rule.after)
    rows = report.data_rows
    if usual is None or max(rows, usual) < rule.at_least:
        return None
    if rows * rule.factor > usual and rows < usual * rule.factor:
        return None
    more = rows > usual
    return Doubt(
        "volume",
        Sentence(
            f"文件 {shown(delivery.file_name)} 有 {rows:,} 行数据，而平常为 {usual:,} 行（最近"
            f" {rule.after} 期的中位数），相差 {rule.factor:g} 倍及以上即暂不入库；"
            f"请向{feed.owner}核实是否{'多报' if more else '缺少数据'}。",
            f"{shown(delivery.file_name)} has {rows:,} data rows; usual are {usual:,} (the median"
            f" of the last {rule.after}), and a delivery {rule.factor:g} times"
            f" {'larger' if more else 'smaller'} is held. Ask {feed.owner} whether"
            f" {'it holds too much' if more else 'rows are missing'}.",
        ),
    )


def _empty(delivery: DeliveryRow, report: BatchReport, feed: Feed, ledger: Ledger) -> Doubt | None:
    """A whole list without a row would end everybody on it, however short it was."""
    is_told = any(doubt.code == "empty" for doubt in report.doubts)
    if feed.kind != "snapshot" or report.data_rows or is_told:
        return None
    if not (feed.delivery.required or any(ledger.rows_before(delivery, "%", 1))):
        return None
    return Doubt(
        "empty",
        Sentence(
            f"文件 {shown(delivery.file_name)} 是全量清单，但没有一行数据；"
            f"入库后清单上的所有记录都将视为终止，暂不入库，请向{feed.owner}核实。",
            f"{shown(delivery.file_name)} is a whole list, but holds no data row; once loaded,"
            f" everything on the list would count as gone. Ask {feed.owner}.",
        ),
    )


def _sent_before(
    delivery: DeliveryRow, report: BatchReport, feed: Feed, ledger: Ledger
) -> Doubt | None:
    """What happened on one day does not happen again on the next, to the byte."""
    if feed.kind != "event" or not report.data_rows:
        return None
    before = ledger.delivered_as(delivery)
    if before is None:
        return None
    name, of = shown(delivery.file_name), shown(before.file_name)
    return Doubt(
        "sent_before",
        Sentence(
            f"文件 {name} 与第 {before.delivery_id} 号文件 {of}（{before.business_date}）内容"
            f"完全相同，很可能是旧文件换名重报，{delivery.business_date} 的数据并未报送；"
            f"暂不入库，请向{feed.owner}核实。",
            f"{name} has the very content of {of} (delivery {before.delivery_id}, of"
            f" {before.business_date}): an old file under a new name, most likely, and the data of"
            f" {delivery.business_date} have not come. Ask {feed.owner}.",
        ),
    )


def _nothing_refused(delivery: DeliveryRow, report: BatchReport, root: DeliveryRow) -> Doubt:
    """What it answers to was read again under another rule, and the rows stand uncorrected."""
    name, of = shown(delivery.file_name), shown(root.file_name)
    return Doubt(
        "nothing_refused",
        Sentence(
            f"{name} 更正的文件 {of}（批次 {root.batch_id}）按现行接口定义已没有被拒收的行，"
            f"其 {report.data_rows:,} 行未入库，已入库的是更正前的内容；"
            "请核对，如更正仍然有效，请在原文件中改正后重新报送整份文件。",
            f"{name} corrects {of} (batch {root.batch_id}), of which no row is refused any more"
            f" under the feed as it is now: its {report.data_rows:,} rows are not loaded, the rows"
            " stand as they were first delivered. If the corrections still hold, mend the file"
            " itself and deliver the whole of it again.",
        ),
    )


def _restatement(
    delivery: DeliveryRow, report: BatchReport, feed: Feed, before: DeliveryRow
) -> Doubt | None:
    if feed.delivery.restatement == "load":
        return None
    return Doubt(
        "restatement",
        Sentence(
            f"{delivery.business_date} 的“{feed.title.zh}”已由第 {before.delivery_id} 号文件"
            f" {shown(before.file_name)} 入库（{before.data_rows:,} 行）；本文件内容不同"
            f"（{report.data_rows:,} 行），该接口规定更正须经批准，暂不入库。",
            f"{feed.title.en} of {delivery.business_date} is loaded already (delivery"
            f" {before.delivery_id}, {shown(before.file_name)}, {before.data_rows:,} rows)."
            f" {shown(delivery.file_name)} has other content ({report.data_rows:,} rows), and a"
            " correction of this feed needs approval.",
        ),
    )


def _closed_month(
    delivery: DeliveryRow,
    report: BatchReport,
    feed: Feed,
    before: DeliveryRow,
    ledger: Ledger,
) -> Doubt | None:
    # A list whose name tells no date is kept up for ever under the one date its feed gives it.
    if delivery.slot.startswith("fixed|"):
        return None
    # What was published when it came, so that a later reading judges alike.
    known = [g.business_date for g in ledger.generations() if g.run_id < delivery.run_id]
    if not known:
        return None
    date, now = delivery.business_date, known[-1]
    months = (now.year - date.year) * 12 + now.month - date.month
    if months <= feed.delivery.closed_months:
        return None
    return Doubt(
        "closed_month",
        Sentence(
            f"文件 {shown(delivery.file_name)} 更正 {date:%Y-%m}，该月早于已发布的 {now:%Y-%m}"
            f" {months} 个月，而该接口只允许自动更正最近 {feed.delivery.closed_months} 个月；"
            f"原第 {before.delivery_id} 号文件 {before.data_rows:,} 行，"
            f"本次 {report.data_rows:,} 行，须经批准，暂不入库。",
            f"{shown(delivery.file_name)} corrects {date:%Y-%m}, {months} months before the"
            f" published {now:%Y-%m}; a correction of this feed may reach back"
            f" {feed.delivery.closed_months} by itself. Delivery {before.delivery_id}, which it"
            f" would replace, has {before.data_rows:,} rows; it has {report.data_rows:,}.",
        ),
    )
