"""The model book: what was expected against what was learnt, and a page that nothing reads."""

import json
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from ml.book import write
from ml.book.directions import directions, luck
from ml.book.hypotheses import Hypothesis, hypotheses
from ml.book.page import contradictions, page
from ml.errors import ModelRefused
from ml.frames.features import FEATURES
from ml.frames.themes import THEMES, theme_of
from ml.models.pipelines import Attribution
from ml.registry import roles
from ml.registry.roles import Step
from ml.registry.store import load, read_report
from tests.unit.ml.conftest import AT, CHANGE, VISITS

ROWS = 400


def _draw(bank, name="churn"):
    return write.draw(bank.models, name, bank.trained[name].version, key_path=bank.key)


def test_every_cause_of_churn_has_an_expectation():
    themes = {theme_of(each.feature_name).code for each in hypotheses("churn")}
    assert themes >= {theme.code for theme in THEMES if theme.is_cause}
    assert {each.sign for each in hypotheses("value")} == {1, -1}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("churn,weather,up,a,b", "line 2: weather is no number or flag of the feature contract"),
        ("churn,level_code,up,a,b", "line 2: level_code is no number or flag"),
        ("churn,has_loan_before_obs,left,a,b", "line 2: direction is 'left'; say up or down"),
        (
            "churn,has_loan_before_obs,up,a,b\nchurn,has_loan_before_obs,down,a,b",
            "line 3: has_loan_before_obs stands twice for churn",
        ),
    ],
)
def test_a_table_of_expectations_that_makes_no_sense_is_told_with_its_line(tmp_path, row, sentence):
    table = tmp_path / "hypotheses.csv"
    table.write_text(f"model_name,feature_name,direction,because_zh,because_en\n{row}\n")
    with pytest.raises(ValueError, match=sentence):
        hypotheses("churn", FEATURES, table)


@pytest.fixture
def learnt():
    """Up and down move the score as named, faint hardly at all, flat never differs."""
    rng = np.random.default_rng(5)
    values = {name: rng.normal(size=ROWS) for name in ("up", "down", "faint", "noise")}
    values["flat"] = np.ones(ROWS)
    explained = pl.DataFrame(values).with_columns(
        pl.when(pl.int_range(ROWS) % 7 == 0).then(None).otherwise(pl.col("up")).alias("up")
    )
    moved = np.array(
        [
            2.0 * values["up"],
            -values["down"],
            0.0001 * values["faint"],
            rng.permutation(values["noise"]),
            np.full(ROWS, 0.5),
        ]
    )
    why = Attribution(["up", "down", "faint", "noise", "flat"], moved, 0.0)
    taught = explained.with_columns(
        pl.Series("left", (values["up"] > 0).astype(float)),
        pl.Series("customer_key", np.arange(ROWS) // 4),
    )
    return why, explained, taught


def _verdicts(learnt, sign):
    expected = [
        Hypothesis("churn", name, sign, "因", "why")
        for name in ("up", "down", "faint", "noise", "flat", "absent")
    ]
    return {each["feature"]: each for each in directions(*learnt, "left", expected)}


def test_what_was_learnt_is_held_against_what_was_expected(learnt):
    found = _verdicts(learnt, 1)
    assert {name: each["verdict"] for name, each in found.items()} == {
        "up": "agrees",
        "down": "contradicts",
        "faint": "of no weight",
        "noise": "unclear",
        "flat": "unclear",
        "absent": "not read",
    }
    assert found["up"]["rank"] == pytest.approx(1.0), "rows without a value say nothing"
    assert found["down"]["rank"] == pytest.approx(-1.0)
    assert found["up"]["per_deviation"] == pytest.approx(2.0, abs=0.3)
    assert found["up"]["data_rank"] > 0.7
    assert found["absent"]["data_rank"] is None
    assert _verdicts(learnt, -1)["up"]["verdict"] == "contradicts"


def test_luck_counts_customers_and_not_their_months(learnt):
    assert luck(learnt[2]) == pytest.approx(2 / 100**0.5)


def test_the_planted_causes_were_learnt_as_expected(bank):
    told = {each["feature"]: each for each in bank.trained["churn"].report["book"]["directions"]}
    for name in (CHANGE, VISITS):
        assert told[name]["verdict"] == "agrees"
        assert told[name]["rank"] < -0.8
        assert told[name]["data_rank"] < -bank.trained["churn"].report["book"]["luck"]


def test_the_facts_of_a_run_are_those_of_its_rows(bank):
    facts = bank.trained["churn"].report["book"]
    label = {"code": "any_3m", "known_date": "2025-12-31", "reach_months": 3}
    assert facts["label"] == label
    assert [each["name"] for each in facts["columns"]] == [feature.name for feature in FEATURES]
    assert all(each["missing_share"] == 0 for each in facts["columns"])
    members = facts["recipe"]["model"]["members"]
    assert sum(each["weight"] for each in members) > 0
    assert {each["name"] for each in facts["recipe"]["baseline"]["members"]} == {"curves"}
    assert facts["rival_tables"]["lift"] != bank.trained["churn"].report["tables"]["lift"]


class _Tags(HTMLParser):
    """Opened tags, and whether each was closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):  # noqa: ARG002
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):  # noqa: ARG002
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["churn", "value"])
def test_the_page_is_whole_and_needs_nothing_from_elsewhere(bank, name):
    told = _draw(bank, name)
    tags = _Tags()
    tags.feed(told)
    assert not tags.open
    assert "svg" in tags.seen
    assert not tags.seen & {"script", "link", "img", "iframe", "object"}
    assert "http" not in told
    assert "nan" not in told
    for step in ("1 理解", "2 采集", "3 准备", "4 整合", "5 建模", "6 评判"):
        assert step in told
    assert told.count("<tr><td>") >= len(FEATURES)
    measure = "auc" if name == "churn" else "mae"
    form = "{:.3f}" if name == "churn" else "{:,.0f}"
    for role in ("model", "baseline"):
        assert form.format(bank.trained[name].report["metrics"][role][measure]) in told


def test_the_page_tells_the_nearest_to_a_leak_the_level_and_what_bands_hold(bank):
    version = bank.trained["churn"].version
    manifest, report = read_report(bank.models, "churn", version, key_path=bank.key)
    leak = report["book"]["leak"]
    report["level"] |= {"foretold_rate": 0.134, "seen_rate": 0.109, "shift": -0.27}
    report["band"]["covered_share"] = 0.9
    told = page(manifest, report)
    assert f"单列最高 AUC greatest AUC {leak['figure']:.3f}" in told
    assert f"{leak['feature']}；界限 bound 0.970" in told
    assert "预测 foretold 13.40%，实际 seen 10.90%；评分已平移 scores moved since by -0.27" in told
    assert "do not rely on the bands" not in told
    report["band"]["covered_share"] = 0.4
    assert "do not rely on the bands；40%（应为 meant 90%）" in page(manifest, report)


def _contradicted(report, *names):
    for each in report["book"]["directions"]:
        each["verdict"] = "contradicts" if each["feature"] in names else "agrees"
    return report


@pytest.mark.parametrize("name", ["churn", "value"])
def test_a_page_says_in_chinese_what_its_english_says(bank, name):
    html = _draw(bank, name)
    assert "教学" not in html
    assert "可作为" not in html
    assert ("覆盖全部发生者的" in html) == (name == "churn")
    assert ("预测发生率" in html) == (name == "churn")
    assert ("存款近空" in html or "其余" in html) == (name == "value")
    assert "预测流失率" not in html
    assert "实际落入" in html


def test_contradictions_stand_first_heaviest_first(bank):
    version = bank.trained["churn"].version
    manifest, report = read_report(bank.models, "churn", version, key_path=bank.key)
    told = page(manifest, _contradicted(report, CHANGE, VISITS))
    heavy, light = (each["feature"] for each in contradictions(report["book"]))
    places = [told.index(words) for words in ("与假设相反", heavy, light, "区分能力", "不得用于")]
    assert places == sorted(places)
    none = page(manifest, _contradicted(report))
    assert "无一条与假设相反" in none
    assert none.index("无一条与假设相反") < none.index("区分能力")


def test_a_page_that_was_tampered_with_matters_to_nobody(copy_of):
    bank = copy_of()
    version = bank.trained["churn"].version
    path = bank.models / "churn" / version / write.FILE
    before = path.read_text()
    path.write_text("AUC 0.999")
    assert load(bank.models, "churn", version, key_path=bank.key).version == version
    again = write.write(bank.models, "churn", version, key_path=bank.key).read_text()
    assert again.replace(" · 现役 champion", "") == before
    path.unlink()
    assert load(bank.models, "churn", version, key_path=bank.key).version == version


def test_a_report_that_was_tampered_with_gives_no_page(copy_of):
    bank = copy_of()
    path = bank.models / "churn" / bank.trained["churn"].version / "report.json"
    report = json.loads(path.read_bytes())
    report["metrics"]["model"]["auc"] = 0.999
    path.write_text(json.dumps(report))
    with pytest.raises(ModelRefused, match=r"report\.json is not the file that was signed"):
        _draw(bank)


def test_a_withdrawn_version_keeps_its_book_and_says_so(copy_of):
    bank = copy_of()
    version = bank.trained["churn"].version
    standing = roles.read(bank.models, "churn", key_path=bank.key)
    step = Step("withdrawn", version, version, "Li", "wrong", AT)
    gone = standing.after(step, champion=None, withdrawn=(version,))
    roles.write(bank.models, gone, key_path=bank.key)
    with pytest.raises(ModelRefused, match="was withdrawn"):
        load(bank.models, "churn", version, key_path=bank.key)
    assert "已撤回 withdrawn" in _draw(bank)
