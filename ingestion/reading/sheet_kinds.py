"""Which rows of a sheet are no data: repeated headings, sums, signatures, remarks, page titles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ingestion.contracts import Feed, normalise_heading
from ingestion.contracts.heading_match import told_unit
from ingestion.contracts.heading_unit import meaning_of, split_unit, states_money, unit_of_note
from ingestion.parsing.date import WRITTEN_PATTERN
from ingestion.parsing.signs import plain_signs
from ingestion.reading.sheet import Sheet, cleaned
from ingestion.reading.sheet_headings import is_known
from ingestion.sentence import RefusedFileError, shown

Texts = list[str | None]

# What a row of sums, a signature or a remark begins with. Such a row is no data, provided that
# it does not fill in what every data row must.
_NOT_DATA: Final = re.compile(
    "^(?:本页|本月|本年|全行|总|合|小|累)?(?:合计|小计|总计|累计|共计)|"
    "^(?:制表|填表|填报|报送|编制|审核|复核|经办|主管|负责|单位负责|记账|会计|出纳|录入|打印)"
    "(?:人|员|单位|部门|日期|时间)?[:：]?|"
    "^(?:签字|签章|签名|盖章|公章|备注|说明|附注|联系人|联系电话|日期)[:：(（]|"
    "^注[:：]|^第[0-9]+页|^共[0-9]+页|^(?i:(?:sub-?|grand)?total)(?:[^A-Za-z]|$)"
)
# A cell that says nothing else makes a row of sums of one that fills in everything, too.
_SUM: Final = re.compile(
    r"[(\[【]?(?:(?:本页|本月|本季|本年|本期|上期|全行|全部|以上|总|合|小|累)?"
    r"(?:合计|小计|总计|累计|共计)|.{1,20}(?:合计|小计))(?:数|金额|余额|户数|笔数)?"
    r"(?:[(\[【](?:元|万元|户|笔)[)\]】])?[)\]】]?[:：]?|(?i:(?:sub-?|grand)?totals?:?)"
)
# What forms say about themselves below their last row: who signed, when, which page, no more.
# Only a row of which every cell is such a one is no data.
_ROLE: Final = (
    "制表|制单|填表|填报|填写|报送|编制|编报|统计|审核|审批|复核|经办|主管|负责|记账|会计|出纳|录入|打印"
    "|监督|校对|核对|批准|签发|行长|主任|经理|科长|部长|领导|联系"
)
_SIGNED: Final = "签字|签章|签名|盖章|公章"
_FORM: Final = re.compile(
    rf"^(?:[\u4e00-\u9fff]{{0,6}}(?:{_ROLE})[\u4e00-\u9fff]{{0,6}}|(?:单位|部门|机构|网点)(?:{_SIGNED})?"
    rf"|(?:报表|截止)?(?:日期|时间)|{_SIGNED}|数据来源|电话)(?:\((?:{_SIGNED})\))?:"
    r"|^[-=*—–_(\[【<《]*(?:以下(?:均?为?空白|无正文|无内容|无数据)|[此本]页无正文|正文完)[-=*—–_)\]】>》。]*$"
    r"|^(?:page[0-9]+(?:(?:of|/)[0-9]+)?|第[0-9]+/[0-9]+页|页码:?[0-9]+(?:/[0-9]+)?|-[0-9]+-"
    r"|共[0-9]+(?:条|户|笔|人|行|页|家)(?:记录|数据)?)$"
)
_DAY: Final = re.compile(WRITTEN_PATTERN)
_BRACKETS: Final = "()[]【】（）<> "
_TEXTS: Final = frozenset({"text", "code"})
_FEWEST_NUMBERED: Final = 3


def narrow(text: str) -> str:
    """A text in half width and without blanks, as words are compared here."""
    return normalise_heading(text)


class RowKinds:
    """Tells rows of one sheet that are no data.

    Args:
        feed: The contract.
        sheet: A sheet whose layout is set.
    """

    def __init__(self, feed: Feed, sheet: Sheet) -> None:
        self._feed, self._sheet = feed, sheet
        self._first_row = sheet.header_row or 0
        self._places = sorted(sheet.cells_by_place)
        self._words = sum_places(feed, sheet)
        self._headings = self._at_places(sheet.headings)
        above = sheet.rows(list(range(1, self._first_row + 1)))
        self._above = {tuple(map(cleaned, texts)) for texts in above}
        places = set(self._places)
        self._wide = {
            top
            for top, left, _, right in sheet.facts.merges
            if len(places & set(range(left - sheet.facts.first_column,
                                      right - sheet.facts.first_column + 1))) > 1
        }  # fmt: skip

    def _at_places(self, texts: Iterable[str | None]) -> list[str]:
        listed = list(texts)
        return [narrow(listed[place] or "") for place in self._places]

    def kind_of(self, number: int, raw: Texts, *, is_whole: bool) -> str | None:
        """What a row below the headings is if it is no data, else None.

        Args:
            number: Its number.
            raw: Its texts.
            is_whole: Whether it fills in what every data row must.

        Raises:
            RefusedFileError: If it is the heading row of another table.
        """
        texts = [cleaned(text) for text in raw]
        told = [text for text in texts if text]
        if not told:
            return None if number in self._sheet.odd_rows else "blank"
        if self._at_places(texts) == self._headings:
            return "head"
        self._refuse_other_table(number, texts)
        first = next((place for place, text in enumerate(texts) if text), 0)
        words = [texts[place] for place in sorted({*self._words, first}) if texts[place]]
        if any(_SUM.fullmatch(narrow(word or "")) for word in words):
            return "foot"
        if number == self._first_row + 1 and self._is_numbering(texts):
            return "head"
        if is_whole:
            return None
        if tuple(texts) in self._above:
            return "head"
        if _NOT_DATA.search(narrow(told[0])) or self._is_units(told) or self._is_form(texts):
            return "foot"
        # A line across the table: the title of a section, or of the printed page.
        return "foot" if len(told) == 1 and number in self._wide else None

    def _is_numbering(self, texts: Texts) -> bool:
        """Whether the columns are counted below their headings: 1, 2, 3 or (A), (B), (C)."""
        signs = [(text or "").strip(_BRACKETS).upper() for text in texts if text]
        if len(signs) < _FEWEST_NUMBERED or len(signs) < len(self._places):
            return False
        return any(
            signs == list(series[: len(signs)]) or signs[1:] == list(series[: len(signs) - 1])
            for series in ([str(n) for n in range(1, 100)], "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        )

    def _is_form(self, texts: Texts) -> bool:
        """Whether a form speaks of itself in each cell of a row: signatures, pages, dates, no more.

        A date may stand by itself, but where the feed has a date or a key it is one of a data row.
        """
        is_label = False
        for place, text in enumerate(texts):
            if not text:
                continue
            word = narrow(text)
            cell = self._sheet.cells_by_place.get(place)
            is_datum = cell is not None and (
                cell.column.type == "date" or cell.column.name in self._feed.key
            )
            is_day = not is_datum and _DAY.fullmatch(plain_signs(text))
            if not (is_label or is_day or _FORM.search(word)):
                return False
            is_label = word.endswith(":")
        return True

    @staticmethod
    def _is_units(told: list[str]) -> bool:
        return all(meaning_of(text.strip(_BRACKETS)) for text in told)

    def _refuse_other_table(self, number: int, texts: Texts) -> None:
        """Refuse a sheet with a second table that stands otherwise than the first."""
        names = [place for place, text in enumerate(texts) if text and is_known(self._feed, text)]
        if len(names) < 2 or len(names) * 2 < len(self._places):
            return
        if all(narrow(texts[p] or "") == narrow(self._sheet.headings[p] or "") for p in names):
            return
        name = shown(self._sheet.entry.name)
        raise RefusedFileError(
            f"工作表“{name}”第 {number} 行又是一行标题，其列的次序与第 {self._first_row} 行不同，"
            "同一工作表中有两张表；请每张工作表只放一张表后重新报送。",
            f"Row {number} of sheet {name!r} is another heading row, with its columns in other"
            f" places than in row {self._first_row}: there are two tables on one sheet; put each on"
            " a sheet of its own and deliver the file again.",
        )


def sum_places(feed: Feed, sheet: Sheet) -> list[int]:
    """Places in which the word for a sum makes the row one: keys and required texts."""
    return [
        place
        for place, cell in sheet.cells_by_place.items()
        if (cell.column.required or cell.column.name in feed.key) and cell.column.type in _TEXTS
    ]


def refuse_other_unit(sheet: Sheet, where: str) -> None:
    """Refuse a sheet whose notes state another unit of money than the feed.

    A heading that states its own unit is believed; it was compared with the feed before.

    Raises:
        RefusedFileError: If they do.
    """
    silent = [
        cell.column
        for place, cell in sheet.cells_by_place.items()
        if cell.column.type == "money" and not _states_unit(sheet.headings[place])
    ]
    if not silent:
        return
    numbers = sorted(row for row, kind in sheet.set_aside.items() if kind in ("head", "foot"))
    notes: list[tuple[int | None, str]] = [(None, sheet.entry.name)]
    notes += [
        (number, text)
        for number, texts in zip(numbers, sheet.rows(numbers), strict=True)
        for text in texts
        if text
    ]
    for number, text in notes:
        found = unit_of_note(text)
        column = next((c for c in silent if found and c.unit != found[1]), None)
        if found is None or column is None:
            continue
        zh, en = told_unit(column)
        place_zh = f"第 {number} 行" if number else "名称"
        place = f"row {number}" if number else "its name"
        raise RefusedFileError(
            f"{where} 的{place_zh}注明金额单位为“{found[0]}”，"
            f"而“{column.heading}”约定以{zh}为单位；请换算后改正单位说明，再重新报送。",
            f"{where}: {place} says that amounts are in {found[0]}, but the feed takes"
            f" {column.heading} in {en}; convert the figures, correct the note and deliver it"
            " again.",
        )


def _states_unit(heading: str | None) -> bool:
    unit = split_unit(narrow(heading or ""))[1]
    return unit is not None and states_money(unit)
