"""What the bank believed on an earlier day can be built again, beside what it believes now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from serving import generation as generations
from tests.integration.own_bank import crm, land, write_page

pytestmark = pytest.mark.nights


def test_an_earlier_night_is_rebuilt_as_it_was_known(tmp_path: Path) -> None:
    """After a restatement of its files and more late ones: the same checksums, table by table."""
    home = tmp_path / "home"
    write_page(tmp_path, is_next_day=False)
    crm(tmp_path, "run", "--feeds", "feeds", "--landing", "landing")
    first = generations.current(home / "warehouse")
    assert first is not None
    date = first.business_date.isoformat()

    # The first night's postings are restated (its batch leaves the lake), and a late list comes.
    restated = next((tmp_path / "landing").glob("postings_*.csv"))
    lines = restated.read_text(encoding="gb18030").splitlines()
    restated.write_text("\n".join(lines[:-1]) + "\n", encoding="gb18030")
    land(
        tmp_path,
        "2026-01-02",
        customers="K003,老何,个人,01,E7,2025.12.20,",
        accounts="6217000003,K003,D1,01,0.35%,2025.12.20",
        postings="8,6217000001,2025-11-15,付,100.00,取款",
    )
    crm(tmp_path, "run", "--landing", "landing")
    second = generations.current(home / "warehouse")
    assert second is not None
    assert second.checksum != first.checksum

    told = json.loads(crm(tmp_path, "run", "--as-known-on", date, "--json"))
    nested = home / "as-known" / date
    again = generations.current(nested / "warehouse")
    assert again is not None
    differing = {
        name: (first.tables[name], again.tables[name])
        for name in first.tables
        if first.tables[name] != again.tables[name]
    }
    assert differing == {}
    assert told["nights"][0]["checksum"] == again.checksum == first.checksum

    now = generations.current(home / "warehouse")
    assert now is not None
    assert now.number == second.number, "what readers get is not touched"
    count = "select count(*) as n from dimensional.fct_transaction"
    known = json.loads(crm(tmp_path, "sql", "--as-known-on", date, "--json", count))
    assert known == [{"n": first.tables["crm.dimensional.fct_transaction"][0]}]
