"""The sheet that went back for a reading, opened."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from tests.unit.ingestion.made_up import Reading


def returned(reading: Reading) -> Path:
    path = reading.report.returned
    assert path is not None
    return path


def sheet_of(reading: Reading, name: str) -> Worksheet:
    found = openpyxl.load_workbook(returned(reading))[name]
    assert isinstance(found, Worksheet)
    return found


def cells(sheet: Worksheet) -> list[list[object]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def formulas(path: Path) -> list[str]:
    """Parts of the package that hold a formula or a link, whatever a library makes of them."""
    with zipfile.ZipFile(path) as package:
        return [
            name
            for name in package.namelist()
            if "externalLink" in name or re.search(rb"<(?:f|hyperlink)[\s>/]", package.read(name))
        ]
