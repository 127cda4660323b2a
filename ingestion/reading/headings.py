"""The headings of a file against the feed: by name, never by position."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.contracts import Column, Feed, normalise_heading
from ingestion.contracts.heading_match import remark_of, told_unit
from ingestion.returning.slip import ROW_HEADING, SUMMARY_SHEET
from ingestion.sentence import RefusedFileError, Sentence, shown

_SHOWN_HEADINGS = 8


def match_headings(
    feed: Feed, headings: Sequence[str | None], where: str
) -> tuple[dict[str, tuple[int, ...]], list[Sentence]]:
    """Where each column is read from, and remarks on headings nobody asked for.

    Args:
        feed: The contract.
        headings: The file's headings, left to right.
        where: File, or file and sheet, for the sentences.

    Raises:
        RefusedFileError: If a required column is missing, a column is there twice, a heading
            names authentication data or another unit than the feed's or lacks it, or the headings
            are those of a list of refused rows.
    """
    found = feed.match_headings(headings)
    where = shown(where, 120)
    if found.authentication:
        names, english = _listed(found.authentication), _listed(found.authentication, ", ")
        raise RefusedFileError(
            f"{where} 含有鉴别信息列“{names}”（C3 类），系统一律不接收；请删除该列后重新报送。",
            f"{where} holds authentication data ({english}), class C3, which is never taken in;"
            " remove the column and deliver it again.",
        )
    if found.doubled:
        raise _there_twice(feed, headings, found.doubled, where)
    if found.contradicting:
        raise _other_unit(feed, found.contradicting, where)
    if found.unstated:
        raise _no_unit(feed, found.unstated, where)
    if found.missing and not _speaks_of(feed, headings):
        # Without a heading line, what stands there is somebody's data: not a word of it is told.
        wanted = [_expected(column) for column in found.missing][:_SHOWN_HEADINGS]
        raise RefusedFileError(
            f"{where} 中没有任何约定的标题，可能缺少标题行；标题应包括：{'、'.join(wanted)}。"
            "请补上标题行后重新报送。",
            f"{where} has none of the agreed headings; is the heading line missing? They include"
            f" {', '.join(wanted)}. Add the line and deliver it again.",
        )
    if found.missing:
        seen = [shown(heading or "", 30) for heading in headings if heading][:_SHOWN_HEADINGS]
        raise RefusedFileError(
            f"{where} 缺少必需的列：{'、'.join(_expected(c) for c in found.missing)}；"
            f"现有标题为：{'、'.join(seen)}。请补齐后重新报送。",
            f"{where} lacks the required column"
            f"{'s' if len(found.missing) > 1 else ''} {', '.join(map(_expected, found.missing))};"
            f" its headings are {', '.join(seen)}. Add what is missing and deliver it again.",
        )
    _refuse_list(headings, found.positions, where)
    notes = []
    if found.unknown:
        notes.append(
            Sentence(
                f"{where} 有约定之外的列，未入库：{_listed(found.unknown)}。",
                f"{where} has columns the feed does not know; they were not loaded:"
                f" {_listed(found.unknown, ', ')}.",
            )
        )
    return found.positions, notes


def _there_twice(
    feed: Feed, headings: Sequence[str | None], doubled: dict[str, tuple[int, ...]], where: str
) -> RefusedFileError:
    name, places = next(iter(doubled.items()))
    told = [f"{shown(headings[place] or '')}（第 {place + 1} 列）" for place in places]
    english = ", ".join(f"{shown(headings[p] or '')} (column {p + 1})" for p in places)
    column = feed.column(name)
    return RefusedFileError(
        f"{where} 中“{column.heading}”出现多次：{'、'.join(told)}；请只保留一列。",
        f"{where} has {column.heading} more than once: {english}; keep one of them.",
    )


def _refuse_list(
    headings: Sequence[str | None], positions: dict[str, tuple[int, ...]], where: str
) -> None:
    """Refuse a returned list that lost its summary: it holds none of the rows that were loaded.

    A marked copy of the sender's own book holds all its rows, and our columns behind his.
    """
    first = min(place for places in positions.values() for place in places)
    if ROW_HEADING in [(heading or "").strip() for heading in headings[:first]]:
        raise RefusedFileError(
            f"{where} 是只列出拒收行的退回表，却没有“{SUMMARY_SHEET}”页，入库会顶替整份原文件，"
            "未读取；请在退回的工作簿中改正，保留其全部工作表，存为 .xlsx 后重新报送。",
            f"{where} is a returned list of refused rows without its sheet {SUMMARY_SHEET}; it"
            " would take the place of the whole file, so it was not read. Correct the workbook that"
            " went back, keep all of its sheets and deliver it as .xlsx.",
        )


def _other_unit(feed: Feed, contradicting: dict[str, str], where: str) -> RefusedFileError:
    name, heading = next(iter(contradicting.items()))
    column = feed.column(name)
    zh, en = told_unit(column)
    return RefusedFileError(
        f"{where} 的标题“{shown(heading, 30)}”所写单位与约定不符：“{column.heading}”约定以{zh}"
        "为单位；请换算后改正标题，再重新报送。",
        f"{where}: the heading {shown(heading, 30)} states another unit than the feed, which"
        f" takes {column.heading} in {en}; convert the figures, correct the heading and"
        " deliver it again.",
    )


def _no_unit(feed: Feed, unstated: dict[str, str], where: str) -> RefusedFileError:
    name, heading = next(iter(unstated.items()))
    column = feed.column(name)
    zh, en = told_unit(column)
    remark = remark_of(heading)
    instead_zh = f"（括号中写的是“{shown(remark)}”）" if remark else ""
    instead = f" ({shown(remark)} stands in its brackets)" if remark else ""
    return RefusedFileError(
        f"{where} 的标题“{shown(heading, 30)}”没有注明约定的单位{instead_zh}，不能确定其数值："
        f"“{column.heading}”约定以{zh}为单位；请换算后按此填写标题，再重新报送。",
        f"{where}: the heading {shown(heading, 30)} does not state the agreed unit{instead}, so its"
        f" figures are not certain: {column.heading} is taken in {en}; convert them if need be,"
        " write the heading so and deliver it again.",
    )


def _speaks_of(feed: Feed, headings: Sequence[str | None]) -> bool:
    """Whether a word of the feed's headings stands anywhere in the line."""
    line = "|".join(normalise_heading(heading or "") for heading in headings)
    return any(word in line for column in feed.columns for word in column.headings)


def _expected(column: Column) -> str:
    return "+".join(column.join) if column.join else column.heading


def _listed(headings: Sequence[str], separator: str = "、") -> str:
    names = [shown(heading, 30) for heading in headings[:_SHOWN_HEADINGS]]
    return separator.join(names) + ("…" if len(headings) > _SHOWN_HEADINGS else "")
