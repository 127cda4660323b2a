"""What docs/feeds.md says beside its tables: how files are read, and what a bank can set."""

from __future__ import annotations

from typing import Final

FEEDS_INTRO: Final = """\
# Feeds: what the bank delivers 数据接口清单

A feed is one kind of delivery, told by one file in `ingestion/feeds/`. Put the files into the
landing folder under the names below, in any subfolder. `crm template FEED` writes a blank Excel
sheet of a feed with its headings, units, lists and a help page.

How files are read:

- `{date}` in a file name is the business date: `YYYYMMDD`, or `YYYYMM` for the last day of that
  month. `{part}` is whatever tells several files of one date apart: a team, a branch. `{version}`
  is the mark of a correction, or nothing: `_v2`, `_R1`, `更正2`. The higher version replaces the
  lower, whichever came first; of equal versions, the file that comes later.
- Columns are found by their heading, never by their place. A heading is compared without blanks,
  without regard to full or half width, to case and to marks of what must be filled in (`*`,
  `（必填）`); the aliases in the data dictionary and the column's own name are accepted too. Beside
  the very heading a marked one (`金额`, `金额(可选)`) is one that nobody knows.
- A file with a missing required column, or with two columns that claim to be the same one, is
  refused as a whole with one sentence. A heading that nobody knows is reported and not loaded.
- A file with authentication data (passwords, card track, CVN, biometrics: class C3 of
  JR/T 0171-2020) is refused.
- Amounts, rates and dates are read as systems print and clerks write them: `1,234.50 元`,
  `￥12`, `1.5 万`, `(12.50)`, `5-`, `叁万零伍拾元整`; `3.45%`, `3.45‰`, `5.5bp`; `2024年2月29`,
  `2024.2.29`, `20240229`. What could mean two things (`三万五元`, `12.345`, a two-digit year) is
  refused; nothing is rounded, and `-` or `无` is no value only where the feed lists it.
- Numbers that carry a check digit are checked. One that is only written otherwise (full width,
  blanks, `+86`, 15 digits) or that can be only one number (O for 0) is mended, and every mended
  cell is recorded beside the quarantine with what was delivered. Where the dictionary says
  "kept", a number that fails is loaded as delivered and recorded; else its row is refused.
- Identifiers (text columns named `_id` or `_code`, and what gets a pseudonym) are the same from an
  extract and from a workbook: written half-width, without signs that nobody sees (a zero-width
  space), an apostrophe or `="` before them, `;` `,` `。` `、` `"` behind them, and blanks between
  groups of four digits; other blanks inside are made single. That is recorded, too. 同上, 〃 and
  scientific notation (`1.23E+15`) are refused, whatever stands around them.
- Currencies are kept as the letters of ISO 4217: `人民币`, `RMB`, `cny`, `156` are written `CNY`;
  other letters than a code of that list (`nan`, `ABC`) are refused.
- Clock times are kept as `HH:MM` or `HH:MM:SS`, or to the minute where the feed says
  `precision: minute`, which a time in a key must. `14：30`, `2:30`, `14时30分`, `下午2:30`, `1430`,
  `143000`, `14.30.00` and a time behind its day are written so and recorded as mended; parts of a
  second are left out. What could be two times (`930`, `14.30`, `上午12:30`, `24:00`) is refused, as
  is the time of a day that does not exist.
- A row that cannot be read goes to quarantine and comes back to its sender with the reason.
- A file that can be read but is odd is held until somebody decides (`crm release`, `crm refuse`).
  What is odd is the feed's word, under `delivery`: `volume: {factor: 10, after: 5, at_least: 50}`
  (ten times more or fewer rows than the median of the last five; `false` for any size),
  `closed_months: 3` (how far back a correction may reach by itself), `restatement: hold` (every
  correction needs approval; the standard is `load`). A feed that says nothing has these figures.

"""

WORKBOOKS: Final = """
## Workbooks 电子表格

Every cell is read as text and becomes what the feed says of its column, never what it looks like.

- **Headings** may stand below titles, and over two or three rows: a merged 存款 over 余额 and
  笔数 is `存款余额` where the feed knows that, else `余额`. Rows of units (元 | 笔) and of column
  numbers (1 | 2 | 3) below them are no data.
- **Units.** A heading may state its unit: `余额（元）`. Where a heading, the group above it, a row
  of units, a note (`单位：万元`) above or below the table, a title (`统计表（万元）`), an unread
  column 单位 or the sheet's name states another unit than the feed, the file is refused: a factor
  of ten thousand is never guessed. A heading's own unit goes before a note about the whole sheet
  that is right for another column; where the headings of all amounts say 万元 and the note 元, one
  of them is wrong, and the file is refused. The name of a currency (币种：人民币) states no size.
  Units of time count as well (`时长(小时)` for minutes); where the feed's heading states a unit and
  no alias goes without, a heading that lacks it, or has something else there, refuses the file.
- **Several sheets** with the headings are all read, one per district, say. Two tables on one
  sheet, side by side or with other columns below, refuse the file. A sheet without headings whose
  rows read like the table's (续表) holds it.
- **Rows that are no data**: what stands above the headings, repeated headings and titles, sums
  (合计, 小计, Total where the key stands, also where they fill in every column), remarks and
  signatures that say no key, date or figure; below the last whole row what a form says of itself
  (signatures of any office, page numbers, dates, 以下空白); lines across the table; a last row in
  which nothing stands but the sums of at least two rows above it, to the fen. They are counted, not
  loaded. A row that says its key and fills in what it must is data, whatever its name reads like.
- **Prepared lists.** `crm deliver` writes some lists for staff to fill in, such as the leaders'
  call list. Where a feed names its `answers`, a row that says its key and nothing in any of these
  was not worked on: it is counted and told, not refused.
- **Merged cells.** A text or a date merged downwards counts for each row it covers, and each
  repeated cell is recorded (`merged`). A figure merged downwards may be one for all of its rows,
  so they are refused; so are a row whose own value lies under the merged area, and a value merged
  over several columns of the feed.
- **Hidden** rows and columns are read, hidden sheets are not: somebody filtered the rows he
  sends, and hid last month's sheet. A file pattern with `hidden: load` reads hidden sheets, too;
  with `hidden: skip` nothing hidden is read, and its rows are counted as no data. It is told in
  any case.
- **Dates**: cells with a date format, and the written forms. A number without a date format is a
  day only within ten years of the business date, and recorded (`serial`); else it is refused.
- **Numbers** are what their cells show where that matters: a percentage, a time of day (`14:30`)
  and codes (`000123`, `KH-012`, recorded as `padded`) under a text, a unit of the cell's own format
  (`3.50万元`, recorded as `shown`) under an amount. An amount that its format only shows smaller is
  refused, and so is a day under an identifier (Excel made it of 1-2). Numbers of more than 15
  digits are refused: Excel has changed their last digits.
- **Formulas** count as their saved results, and how many there are is told. Without a result,
  with an error, or with another result at each opening (TODAY, RAND, INDIRECT) the cell is
  refused.
- **Refused as files**, each with its own sentence: .xls, .xlsb, .ods, web pages, XML, PDF and
  pictures under the name of a workbook, passwords, macros, embedded objects, links to other books
  or programs, archives in archives, parts with names like paths, entities, sheets that reach far
  beyond their data, rows doubled or out of order, zip bombs, damage. Pictures, charts, comments,
  validation and print settings do no harm.

"""

OVERLAY: Final = """\
## A bank whose files differ

A bank does not change these files. It keeps a folder of short files of its own and names it:
`crm run --feeds FOLDER`. Each says only what differs from the standard feed of the same name.
With such a folder only the feeds that have a file there are delivered; the other tables stay
empty.

```yaml
feed: corebank__transaction
business_date: 1994-03-31            # only where the file name tells no date
delivery:                            # left out: the standard file names are kept
  frequency: once
  required: true
  files: [{pattern: trans.asc, format: csv, encoding: ascii, delimiter: ";"}]
columns:                             # only the columns that differ
  booked_date: {heading: date, format: "%y%m%d", century: 1900}
  direction_code: {heading: type, values: {credit: [PRIJEM], debit: [VYDAJ, VYBER]}}
  currency_code: {constant: CZK}
  transaction_type_code:             # several headings read as one text; the first hit wins
    join: [operation, k_symbol]
    separator: "|"
    values: {interest_credit: ["*|UROK"], other: ["*"]}
  booked_time: {absent: true}        # the bank has it not; never for a required column
ignored: [frequency]                 # headings that are deliberately not loaded
```

| Setting | Meaning |
| --- | --- |
| `heading`, `aliases` | the heading in this bank's file; it replaces the standard's headings |
| `format`, `century` | date format as in `strptime`; a two-digit year `%y` needs a century |
| `values` | delivered texts of each code; `*` stands for anything |
| `missing` | texts that mean "no value", such as `?` |
| `rewrite` | `[[pattern, replacement], ...]` mend the text before it is read; `\\1` is a group |
| `unit` | `yuan` or `wan_yuan` (万元) for money, `percent` for rates |
| `check` | what a text must be: `resident_id`, `credit_code`, `bank_card`, `mobile`, ... |
| `on_invalid` | what fails its check: `refuse` the row, or `keep` it and record it |
| `constant` | one value for all rows, where no heading carries it |
| `join`, `separator` | read several headings as one text |
| `absent` | the bank does not have this column |
| `event_window` | of a feed: `{past_days: 400, future_days: 0}`, see below |

Type, key, meaning and protection of a column stay those of the standard feed. `event_window`
bounds the dates of an event feed around the business date of the file; a row outside is refused. A
file of a fixed date is taken for a history, and bounded only where a window is written.
"""


EXTRACT_SETTINGS: Final = (
    (
        "`pattern`",
        "the file's name; `.gz` or `.zst` at its end means compressed; `{parts}` is how"
        " many numbered parts there are",
    ),
    ("`format`", "`csv` (delimited), `fixed` (fixed width) or `xlsx`"),
    (
        "`encoding`",
        "nothing else is ever tried; one that writes digits and line ends as ASCII does",
    ),
    ("`delimiter`, `quote`", 'one character each; `quote: ""` for none'),
    (
        "`header`",
        "whether the first line holds headings; with `fixed` it is passed over, and "
        "`false` unless said",
    ),
    (
        "`fields`",
        "of `fixed`: `{heading, start, length}`, first byte from 1, counted in bytes of"
        " the encoding",
    ),
    ("`ends_last_line`", "`false` where the sender never ends its last line"),
    (
        "`trailer`",
        "the last line: `marker` it begins with, `rows` and `totals` by column; places "
        "are numbers of fields, in `fixed` `{start, length}`",
    ),
    (
        "`control`",
        "a companion file: `pattern` with `{file}` or `{stem}` (the name without its "
        "ending), `rows`, `totals`, `sha256`, `size`, `parts`, each by key (`ROWS=12`) "
        "or by number of the field in its first line; `delimiter`, `encoding`",
    ),
    ("`parts`", "how many files of one date belong together"),
)

EXTRACTS: Final = """\
`delivery.may_be_empty: true` says that a file without rows is ordinary; else it is accepted only
where trailer or control file says 0, and held if not.

What follows from them:

- A total is read by the rules of its column (unit, `rewrite`) and compared, to the fen, with all
  that was delivered: loaded and refused. A count or total that is missed **holds** the
  delivery.
- A trailer that is missing means that the file was cut: it is refused. A control file that is
  missing, half written, or speaks of another hash or size makes the extract **wait**.
- A line of UTF-8 in a file of another encoding is quarantined by itself. Lines that may be one
  record with line ends in its cells, or several with stray quotes, are quarantined together. The
  heading among the records is no data.
- A compressed stream that is damaged, cut off or unpacks to more than 200 times its size refuses
  the file. zstd tells a flipped bit only where the sender writes checksums; SHA-256 in a
  control file does.
- A line of fixed width that is too short, or whose fields cut a character in two, is refused by
  itself.
- Without trailer, control file or a torn last line nobody can tell a file cut behind a line end
  from a whole one. A handful of accented Latin letters in UTF-8 cannot be told from GB18030
  either.
"""
