"""Deliveries of a small bank by seed: extracts and a workbook, with the slips that people make."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import random
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl

TRANSACTION = (
    "流水号|账号|记账日期|交易时间|借贷标志|交易金额|交易后余额|币种|交易类型|渠道|发起方|手续费"
    "|对方户名|对方账号|对方行名|摘要"
)
BALANCE = "账号|余额日期|余额"
_LONG_AGO_NS = 1_700_000_000_000_000_000
NAMES = ("张三", "李四", "王𠮷", "欧阳·买买提", "Ａ公司", "赵，六", "何 七")
SLIPS = ("amount", "date", "code", "required", "blank", "short", "double", "conflict")


@dataclass(frozen=True)
class Slip:
    """Which rows of a file go wrong: each with this probability, for one of these reasons."""

    share: float = 0.06
    kinds: tuple[str, ...] = SLIPS


def transactions(
    rng: random.Random, date: dt.date, rows: int, slip: Slip = Slip(), first: int = 0
) -> bytes:
    """An extract of postings of one day, GB18030."""
    lines = [TRANSACTION]
    for number in range(first, first + rows):
        cells = [
            f"J{date:%Y%m%d}{number:08d}",
            f"62170001{rng.randrange(50):08d}",
            date.isoformat(),
            "",
            rng.choice("贷借"),
            amount(rng),
            "",
            "CNY",
            "其他",
            "系统",
            "系统",
            "",
            rng.choice(NAMES),
            "",
            "",
            "货款",
        ]
        kind = rng.choice(slip.kinds) if slip.kinds and rng.random() < slip.share else ""
        lines += _slipped(rng, cells, kind)
    return "".join(f"{line}\n" for line in lines).encode("gb18030")


def amount(rng: random.Random) -> str:
    """An amount with fen, as extracts print it."""
    return f"{Decimal(rng.randrange(1, 10**9)) / 100:.2f}"


def _slipped(rng: random.Random, cells: list[str], kind: str) -> list[str]:
    """The line or lines that stand in the file for one row."""
    if kind == "amount":
        cells[5] = rng.choice(("12.345", "abc", "1e3", "NaN", "--1", "12,34.5"))
    if kind == "date":
        cells[2] = rng.choice(("2026-02-30", "0000-00-00", "昨天"))
    if kind == "code":
        cells[4] = "?"
    if kind == "required":
        cells[1] = ""
    line = "|".join(cells)
    if kind == "blank":
        return [line, ""]
    if kind == "short":
        return ["|".join(cells[: rng.randrange(2, 9)])]
    if kind == "double":
        return [line, line]
    if kind == "conflict":
        other = [*cells]
        other[5] = amount(rng)
        return [line, "|".join(other)]
    return [line]


def balances(rng: random.Random, date: dt.date, rows: int, *, bad: int = 0) -> bytes:
    """Balances as a clerk's workbook: a title, the headings, the rows and a blank one below."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "余额"
    sheet.append([f"{date:%Y年%m月%d日}余额表"])
    sheet.append(BALANCE.split("|"))
    for number in range(rows):
        text = amount(rng) if number >= bad else "看不清"
        sheet.append([f"62170001{number:08d}", date.isoformat(), text])
    sheet.append([None, None, None])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def balance_lines(rng: random.Random, date: dt.date, rows: int) -> bytes:
    """Balances as an extract, GB18030."""
    lines = [BALANCE]
    lines += [f"62170001{n:08d}|{date.isoformat()}|{amount(rng)}" for n in range(rows)]
    return "".join(f"{line}\n" for line in lines).encode("gb18030")


def control(content: bytes, total: Decimal | None = None, rows: int | None = None) -> bytes:
    """What the control file of an extract of balances says: rows, total, hash."""
    lines = content.decode("gb18030").splitlines()[1:]
    found = sum((Decimal(line.split("|")[2]) for line in lines), Decimal(0))
    told = {
        "ROWS": len(lines) if rows is None else rows,
        "SHA256": hashlib.sha256(content).hexdigest(),
        "BALANCE_TOTAL": found if total is None else total,
    }
    return "".join(f"{name}={value}\n" for name, value in told.items()).encode()


def transaction_name(date: dt.date) -> str:
    """What the extract of a day is called."""
    return f"corebank_transaction_{date:%Y%m%d}.csv"


def balance_name(date: dt.date, kind: str = "xlsx") -> str:
    """What the balances of a day are called."""
    return f"corebank_balance_{date:%Y%m%d}.{kind}"


def land(landing: Path, name: str, content: bytes, second: int = 0) -> Path:
    """Lay a file at rest into the landing folder, so many seconds younger than the eldest."""
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    stamp = _LONG_AGO_NS + second * 1_000_000_000
    os.utime(path, ns=(stamp, stamp))
    return path
