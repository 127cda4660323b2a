"""Which rows of a sheet are no data: repeated headings, sums, signatures, remarks, page titles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ingestion.contracts import Feed, normalise_heading
from ingestion.contracts.heading_unit import meaning_of
from ingestion.parsing.date import WRITTEN_PATTERN
from ingestion.parsing.signs import plain_signs
from ingestion.reading.sheet import Sheet, cleaned
from ingestion.reading.sheet_headings import is_known
from ingestion.sentence import RefusedFileError, shown

Texts = list[str | None]

_TOTAL: Final = (
    "(?:本页|本月|本季|本年|本期|上期|全行|全部|以上|总|合|小|累)?(?:合计|小计|总计|累计|共计)"
)
_OF_WHAT: Final = r"(?:数|金额|余额|户数|笔数)?(?:[(\[【](?:元|万元|户|笔)[)\]】])?[)\]】]?[:：]?"
_TOTAL_EN: Final = "(?i:(?:sub-?|grand)?total)"
# A cell that says nothing else makes a row of sums of one that says no key.
_SUM: Final = re.compile(rf"[(\[【]?{_TOTAL}{_OF_WHAT}|{_TOTAL_EN}(?i:s?):?")
# What stands where keys do may name what is added up. In other cells 王小计 is a customer.
_SUM_OF: Final = re.compile(rf"{_SUM.pattern}|[(\[【]?.{{1,20}}(?:合计|小计){_OF_WHAT}")
_SUM_BEGINS: Final = re.compile(f"{_TOTAL}|{_TOTAL_EN}(?:[^A-Za-z]|$)")
# What a signature or a remark begins with, at the left end of the table. Such a row is no data,
# provided that it says no key, no date and no figure.
_NOT_DATA: Final = re.compile(
    "(?:制表|填表|填报|报送|编制|审核|复核|经办|主管|负责|单位负责|记账|会计|出纳|录入|打印)"
    "(?:(?:人|员|单位|部门|日期|时间)|[:：]|$)|"
    "(?:签字|签章|签名|盖章|公章|联系人|联系电话|日期|备注|说明|附注)[:：(（]|注[:：]"
)
_PAGE: Final = re.compile("第[0-9]+页|共[0-9]+页")
# What forms say about themselves below their last row: who signed, when, which page, no more.
# Only a row of which every cell is such a one is no data, and only where no whole row follows.
_ROLE: Final = (
    "制表|制单|填表|填报|填写|报送|编制|编报|统计|审核|审批|复核|经办|主管|负责|记账|会计|出纳|录入|打印"
    "|监督|校对|核对|批准|签发|行长|主任|经理|科长|部长|领导|联系"
)
_SIGNED: Final = "签字|签章|签名|盖章|公章"
_OFFICE: Final = (
    "总行|分行|支行|部门|单位|机构|网点|客户|财务|信贷|风险|业务|营业|分管|会计|副|主管"
)
_LABEL: Final = (
    rf"(?:(?:{_OFFICE}){{0,3}}(?:{_ROLE}){{1,2}}(?:人|员|单位|部门|日期|时间|电话)?(?:{_SIGNED})?"
    rf"|(?:单位|部门|机构|网点)(?:{_SIGNED})?|(?:报表|截止)?(?:日期|时间)|{_SIGNED}|数据来源|电话)"
    rf"(?:\((?:{_SIGNED})\))?:"
)
# A name, a day or a telephone; a sentence behind a colon is a remark on a customer.
_ENTERED: Final = (
    rf"(?:[\u4e00-\u9fff·]{{1,6}}|[\u4e00-\u9fff]{{2,12}}[行部社司]|[a-z.·]{{1,20}}|[0-9-]{{7,13}}"
    rf"|{WRITTEN_PATTERN})"
)
_ENTRY: Final = re.compile(_ENTERED)
_FORM: Final = re.compile(
    rf"(?:{_LABEL}{_ENTERED}?)+"
    r"|[-=*—–_(\[【<《]*(?:以下(?:均?为?空白|无正文|无内容|无数据)|[此本]页无正文|正文完)[-=*—–_)\]】>》。]*"
    r"|page[0-9]+(?:(?:of|/)[0-9]+)?|第[0-9]+/[0-9]+页|第[0-9]+页共[0-9]+页|页码:?[0-9]+(?:/[0-9]+)?"
    r"|-[0-9]+-|共[0-9]+(?:条|户|笔|人|行|页|家)(?:记录|数据)?"
)
_DAY: Final = re.compile(WRITTEN_PATTERN)
_BRACKETS: Final = "()[]【】（）<> "
_TEXTS: Final = frozenset({"text", "code"})
_FIGURES: Final = frozenset({"money", "rate", "integer", "decimal"})
_ZERO: Final = re.compile(r"-?0(?:\.0+)?")
_FEWEST_NUMBERED: Final = 3
UNANSWERED: Final = "unanswered"
_COUNTS: Final = frozenset({"栏次", "栏号", "列次", "列号", "行次", "序号", "编号", "甲"})


def narrow(text: str) -> str:
    """A text in half width and without blanks, as words are compared here."""
    return normalise_heading(text)


class RowKinds:
    """Tells rows of one sheet that are no data.

    Args:
        feed: The contract.
        sheet: A sheet whose layout is set.
        last_whole: Number of the last row that fills in what every data row must.
    """

    def __init__(self, feed: Feed, sheet: Sheet, last_whole: int) -> None:
        self._feed, self._sheet, self._last_whole = feed, sheet, last_whole
        self._first_row = sheet.header_row or 0
        self._places = sorted(sheet.cells_by_place)
        self._words = sum_places(feed, sheet)
        self._types = {place: cell.column.type for place, cell in sheet.cells_by_place.items()}
        self._keys = [
            place for place, cell in sheet.cells_by_place.items() if cell.column.name in feed.key
        ]
        self._answers = [
            place
            for place, cell in sheet.cells_by_place.items()
            if cell.column.name in feed.answers
        ]
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
        is_late = number > self._last_whole
        is_said = any(self._is_said(place, texts[place], is_late=is_late) for place in self._places)
        if not told:
            return None if number in self._sheet.odd_rows else "blank"
        self._refuse_other_table(number, texts)
        if self._at_places(texts) == self._headings:
            return "head"
        is_remark = not is_whole and (self._is_labelled(texts) or self._is_units(told))
        if not (is_whole or is_said or is_remark):
            return None if number in self._sheet.odd_rows else "blank"
        if self._is_sum(texts, is_whole=is_whole):
            return "foot"
        if number == self._first_row + 1 and self._is_numbering(texts):
            return "head"
        if is_whole:
            return None
        if self._is_unanswered(texts):
            return UNANSWERED
        if tuple(texts) in self._above:
            return "head"
        if is_remark:
            return "foot"
        if number > self._last_whole and self._is_form(texts):
            return "foot"
        # A line across the table: the title of a section, or of the printed page.
        return "foot" if len(told) == 1 and number in self._wide else None

    def _is_unanswered(self, texts: Texts) -> bool:
        """Whether a row of a prepared list names its case, and nothing was filled in."""
        is_named = any(texts[place] for place in self._keys)
        return bool(self._answers) and is_named and not any(texts[p] for p in self._answers)

    def _is_sum(self, texts: Texts, *, is_whole: bool) -> bool:
        """Whether a word says that a row is a sum, where a key would stand.

        Beside a key that word is a customer's name, or whatever else a cell may hold.
        """
        keys = [texts[place] for place in self._keys if texts[place]]
        if any(_SUM_OF.fullmatch(narrow(key or "")) for key in keys):
            return True
        if keys and (is_whole or len(keys) == len(self._keys)):
            return False
        first = _first(texts)
        if first not in self._types and _SUM_OF.fullmatch(narrow(texts[first] or "")):
            return True
        words = [texts[place] for place in sorted({*self._words, first}) if texts[place]]
        return any(_SUM.fullmatch(narrow(word or "")) for word in words)

    def _is_labelled(self, texts: Texts) -> bool:
        """Whether the first cell says that a row is no data, and no other cell says it is."""
        first = _first(texts)
        label = narrow(texts[first] or "")
        is_sum = bool(_SUM_BEGINS.match(label))
        is_note = first <= self._places[0] and bool(_NOT_DATA.match(label))
        if not (is_sum or is_note or _PAGE.match(label)):
            return False
        for place, text in enumerate(texts):
            kind = self._types.get(place)
            is_datum = place in self._keys or kind == "date" or (kind in _FIGURES and not is_sum)
            if place != first and text and is_datum and not self._is_label(text):
                return False
        return True

    @staticmethod
    def _is_label(text: str) -> bool:
        word = narrow(text)
        return any(known.match(word) for known in (_NOT_DATA, _PAGE, _SUM_BEGINS))

    def _is_numbering(self, texts: Texts) -> bool:
        """Whether the columns are counted below their headings: 1, 2, 3 or (A), (B), (C)."""
        signs = [(text or "").strip(_BRACKETS).upper() for text in texts if text]
        if len(signs) < _FEWEST_NUMBERED or len(signs) < len(self._places):
            return False
        # 栏次, 1, 2, 3: the first cell says what the others are.
        counted = signs[1:] if signs[0] in _COUNTS else signs
        return any(
            counted == list(series[: len(counted)])
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
            is_datum = place in self._keys or self._types.get(place) == "date"
            is_day = not is_datum and _DAY.fullmatch(plain_signs(text))
            is_entered = is_label and _ENTRY.fullmatch(word)
            if not (is_entered or is_day or _FORM.fullmatch(word)):
                return False
            is_label = word.endswith(":")
        return True

    @staticmethod
    def _is_units(told: list[str]) -> bool:
        return all(meaning_of(text) for text in told)

    def _is_said(self, place: int, text: str | None, *, is_late: bool) -> bool:
        """Whether a cell of the feed is filled in.

        The 0 that a formula makes of empty cells is in each row of a form that nobody filled in,
        below those that somebody did.
        """
        is_nothing = is_late and self._types[place] in _FIGURES and _ZERO.fullmatch(text or "")
        return bool(text) and not is_nothing

    def _is_own_heading(self, place: int, text: str | None) -> bool:
        return bool(text) and narrow(text or "") == narrow(self._sheet.headings[place] or "")

    def _refuse_other_table(self, number: int, texts: Texts) -> None:
        """Refuse a sheet with a second table that stands otherwise than the first."""
        if tuple(texts) in self._above:
            return
        names = [place for place, text in enumerate(texts) if text and is_known(self._feed, text)]
        is_repeated = self._at_places(texts) == self._headings
        # Where the key stands its heading is nobody's: 流水号 over other columns than before.
        is_key = any(self._is_own_heading(place, texts[place]) for place in self._keys)
        if is_key and not is_repeated and sum(bool(text) for text in texts) > 1:
            names = sorted({*names, *(place for place in self._places if texts[place])})
        elif not is_repeated and (len(names) < 2 or len(names) * 2 < len(self._places)):
            return
        if all(self._is_own_heading(place, texts[place]) for place in names):
            return
        name = shown(self._sheet.entry.name)
        raise RefusedFileError(
            f"工作表“{name}”第 {number} 行又是一行标题，其列或次序与第 {self._first_row} 行不同，"
            "同一工作表中有两张表；请每张工作表只放一张表后重新报送。",
            f"Row {number} of sheet {name!r} is another heading row, with other columns than row"
            f" {self._first_row} or in other places: there are two tables on one sheet; put each on"
            " a sheet of its own and deliver the file again.",
        )


def _first(texts: Texts) -> int:
    return next((place for place, text in enumerate(texts) if text), 0)


def sum_places(feed: Feed, sheet: Sheet) -> list[int]:
    """Places in which the word for a sum makes the row one: keys and required texts."""
    return [
        place
        for place, cell in sheet.cells_by_place.items()
        if (cell.column.required or cell.column.name in feed.key) and cell.column.type in _TEXTS
    ]
