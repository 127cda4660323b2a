"""The slip is found in a returned sheet, and in no other file, whatever is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.returning.slip import slip_of
from tests.unit.ingestion.books import typed


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"PK\x05\x06" + b"\xff" * 18, typed(["x"]), typed(["CRM-RETURN b x rows"])],
)
def test_other_files_carry_no_slip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    assert slip_of(path) is None
    (tmp_path / "link.xlsx").symlink_to(path)
    assert slip_of(tmp_path / "link.xlsx") is None
    assert slip_of(tmp_path / "missing.xlsx") is None
