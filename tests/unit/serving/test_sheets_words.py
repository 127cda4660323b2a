"""What a model calls a thing by code, the sheets call by a word."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from serving.sheets.definition import load_catalogue

DBT = Path(__file__).resolve().parents[3] / "dbt"
_PROOF = re.compile(r"(?:^|then|else)\s*'(\w+)'")


def _words(sheet: str) -> set[str]:
    query = load_catalogue()[sheet].query
    return set(re.findall(r"\('(\w+)', '[^']+'\)", query))


def test_every_proof_of_a_fine_has_a_word_on_the_sheet_of_fines() -> None:
    models = DBT / "models/intermediate/incentive"
    lines = [
        line.strip()
        for model in sorted(models.glob("*.sql"))
        for line in model.read_text(encoding="utf-8").splitlines()
        if "as proof_code" in line
    ]
    codes = {code for line in lines for code in _PROOF.findall(line)}
    assert {"late", "missing", "empty", "denied", "found_false"} <= codes
    assert codes == _words("R06")


def test_every_condition_of_a_reward_has_a_word_on_the_sheet_of_rewards() -> None:
    rules = DBT / "seeds/rules/reward_gate_rule.csv"
    with rules.open(encoding="utf-8", newline="") as file:
        conditions = {row["condition_code"] for row in csv.DictReader(file)}
    assert conditions == _words("R07")
