"""Who scores: entered after training, promoted by the rule or by a person, rolled back (F70)."""

import json
import shutil
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from ml.errors import FrameRefused, ModelRefused, NoModel, PeriodRefused, RoleRefused
from ml.frames.features import CHURN_LABEL, FEATURES, known_date
from ml.registry import roles
from ml.registry.changes import enter, promote, roll_back, withdraw
from ml.registry.contest import contest
from ml.registry.folders import versions
from ml.registry.signing import read_key, sign
from ml.registry.store import load, load_challenger, load_champion
from ml.score import score
from ml.train import train
from tests.unit.ml.conftest import AS_OF, AT, REACH, scoring_rows
from tests.unit.ml.registry.conftest import SAME, STRONG, WEAK

COMPLAINTS = next(each for each in FEATURES if each.name == "complaint_90d_count_before_obs")
SAID = {"because": "branches know better", "by": "Li", "at": AT}
BACK = {**SAID, "label_months": REACH}


def test_the_first_version_is_champion(trained):
    first = trained.entries[0]
    assert (first.roles.champion, first.roles.challenger, first.contest) == (WEAK, None, None)
    assert [step.act for step in first.roles.history] == ["trained", "promoted"]
    assert first.roles.history[-1].because == "首个版本 the first version"


def test_a_better_one_is_promoted_on_the_same_frozen_rows(trained):
    entry = trained.entries[1]
    assert entry.roles.champion == STRONG
    assert entry.roles.challenger is None
    judged = entry.contest
    assert (judged.first, judged.second, judged.period) == (WEAK, STRONG, date(2025, 9, 30))
    assert judged.rows == 900
    assert judged.z > 2
    assert judged.loss_saved_low > 0
    step = entry.roles.history[-1]
    assert (step.act, step.by, step.champion_before) == ("promoted", "rule", WEAK)
    assert step.figures["checksum"] == judged.checksum
    auc = next(each for each in judged.differences if each.measure == "auc")
    assert auc.second > auc.first
    assert auc.low < auc.second - auc.first < auc.high


def test_a_champion_whose_scores_are_held_gives_way_to_what_was_trained_since(house):
    """It gives no scores, and a version that is as good never won against it."""
    given = {"at": AT, "key_path": house.key}
    stays = enter(house.models, "churn", SAME, house.frame, **given, held=WEAK)
    assert stays.roles.champion == STRONG
    entry = enter(house.models, "churn", SAME, house.frame, **given, held=STRONG)
    assert (entry.roles.champion, entry.contest) == (SAME, None)
    assert entry.told[1] == f"{SAME} is champion, as the scores of {STRONG} are held"
    assert entry.roles.history[-1].champion_before == STRONG


@pytest.mark.usefixtures("few_resamples")
def test_nobody_is_judged_by_a_level_that_he_took_from_the_same_month(house):
    """The month that judged a version moved its level: there it is compared as it was before."""
    first, second = (
        load(house.models, "churn", each, key_path=house.key) for each in (WEAK, STRONG)
    )
    plain = contest(first, second, house.frame)
    lowered = replace(second, scorer=replace(second.scorer, shift=-0.5))
    assert contest(first, lowered, house.frame).figures() == plain.figures()
    # A level of an earlier month is a forecast like all else.
    earlier = {**second.manifest["training"], "test_date": "2025-08-31"}
    known = replace(lowered, manifest={**second.manifest, "training": earlier})
    assert contest(first, known, house.frame).loss_saved < plain.loss_saved


def test_an_equal_one_only_challenges(trained, house):
    """Trained on the same data twice (F73): identical, so no better, so no champion."""
    entry = trained.entries[2]
    assert (entry.roles.champion, entry.roles.challenger) == (STRONG, SAME)
    assert entry.contest.loss_saved == 0
    assert entry.contest.objections[0][1].startswith("it saves +0.0 standard errors")
    assert "损失降低量为 +0.0 个标准误，须超过 2" in entry.contest.objections[0][0]
    assert "goes on scoring and 2025-12-31.003 challenges it" in entry.told[1]
    assert "继续评分，2025-12-31.003 为挑战版本：与 " in entry.told[0]
    assert load_champion(house.models, "churn", key_path=house.key).model.version == STRONG
    assert load_challenger(house.models, "churn", key_path=house.key).version == SAME


def test_one_taught_on_the_label_of_now_needs_not_beat_one_of_another_label(house):
    """The rule is a month shorter now: nothing before it scores, so the new one is champion."""
    dated = known_date(CHURN_LABEL)
    later = house.frame.with_columns(pl.col(dated).dt.offset_by("-1mo"))
    later = later.with_columns(
        pl.when(pl.col(dated) <= AS_OF).then(pl.col(CHURN_LABEL)).alias(CHURN_LABEL)
    )
    version = train("churn", later, house.models, AS_OF, key_path=house.key).version
    entry = enter(house.models, "churn", version, later, at=AT, key_path=house.key)
    assert entry.roles.champion == version
    assert "train it anew" in entry.roles.history[-1].because


def test_a_challenger_scores_without_reasons(house):
    today = scoring_rows(house.frame)
    challenger = load_challenger(house.models, "churn", key_path=house.key)
    result = score(challenger, today, role="challenger")
    assert result.scores["role"].unique().to_list() == ["challenger"]
    assert result.reasons.is_empty()


def test_who_learnt_from_the_period_cannot_be_judged_on_it(house):
    pair = [load(house.models, "churn", each, key_path=house.key) for each in (WEAK, STRONG)]
    # The last of the dates that taught, and a date of the gap: labels of three months that taught
    # in June look at August, so who is judged on August has learnt some of the answers.
    assert pair[0].manifest["training"]["gap_dates"] == ["2025-08-31"]
    for day in (date(2025, 6, 30), date(2025, 8, 31)):
        told = f"churn {WEAK} may have learnt what came after {day}, .* from 2025-09-30 on"
        with pytest.raises(PeriodRefused, match=told) as caught:
            contest(*pair, house.frame, period=day)
        # A training and a promotion say it too, and they know no --period.
        assert caught.value.sentence[0].endswith("可用 2025-09-30 及以后的月末。")
    # Where the two were judged on different month ends, the later one is the first for both.
    later = {**pair[1].manifest["training"], "test_date": "2025-10-31"}
    younger = replace(pair[1], manifest={**pair[1].manifest, "training": later})
    for both in ((pair[0], younger), (younger, pair[0])):
        with pytest.raises(PeriodRefused, match=f"churn {STRONG} may .* from 2025-10-31 on"):
            contest(*both, house.frame, period=date(2025, 9, 30))
    with pytest.raises(PeriodRefused, match="No row of 2025-11-30 has a known label"):
        contest(*pair, house.frame, period=date(2025, 11, 30))
    unknown = house.frame.with_columns(pl.lit(None, dtype=pl.Boolean).alias(CHURN_LABEL))
    with pytest.raises(FrameRefused, match="No row has a known label") as none:
        contest(*pair, unknown)
    assert not isinstance(none.value, PeriodRefused), "no other month end would help"
    pair[1].manifest["training"]["label_months"] += 1
    with pytest.raises(ModelRefused, match=f"Model churn {STRONG} was taught on a label known"):
        contest(*pair, house.frame)


@pytest.mark.usefixtures("few_resamples")
def test_overconfident_or_blinder_versions_are_not_promoted(house, monkeypatch):
    weak, strong = (
        load(house.models, "churn", each, key_path=house.key) for each in (WEAK, STRONG)
    )
    assert contest(weak, strong, house.frame).is_won
    with monkeypatch.context() as bounds:
        bounds.setattr("ml.registry.contest.CALIBRATION_BOUNDS", (3.0, 4.0))
        (told,) = contest(weak, strong, house.frame).objections
    assert told[0].startswith("校准斜率为")
    assert told[1].startswith("its calibration slope is")
    strong.manifest["training"]["unused_features"] = ["complaint_90d_count_before_obs"]
    (told,) = contest(weak, strong, house.frame).objections
    assert told[1] == "it no longer reads complaint_90d_count_before_obs, which the champion does"
    assert told[0].endswith(f"的特征 {COMPLAINTS.name_zh}（complaint_90d_count_before_obs）")


@pytest.mark.usefixtures("few_resamples")
def test_a_person_promotes_with_reason_and_name(house):
    changed = promote(house.models, "churn", SAME, key_path=house.key, frame=house.frame, **SAID)
    assert (changed.champion, changed.challenger) == (SAME, None)
    step = house.roles().history[-1]
    assert (step.by, step.because, step.champion_before) == ("Li", "branches know better", STRONG)
    assert step.figures["loss_saved"] == 0


@pytest.mark.parametrize("refusal", [FrameRefused, ModelRefused])
def test_a_person_promotes_also_where_the_two_cannot_be_compared(house, monkeypatch, refusal):
    """A champion of another label must not stop the promotion that is to replace it."""

    def refuse(*_):
        raise refusal("无从比较。", "Nothing can be compared.")

    monkeypatch.setattr("ml.registry.changes.contest", refuse)
    changed = promote(house.models, "churn", SAME, key_path=house.key, frame=house.frame, **SAID)
    assert changed.champion == SAME
    assert house.roles().history[-1].figures == {
        "not_compared_zh": "无从比较。",
        "not_compared": "Nothing can be compared.",
    }


@pytest.mark.parametrize(
    ("version", "said", "sentence"),
    [
        (STRONG, SAID, "is the champion already"),
        ("2025-12-31.009", SAID, "has no version 2025-12-31.009; there are"),
        (SAME, {**SAID, "because": " "}, "--because must not be empty"),
        (SAME, {**SAID, "because": "\u3000"}, "--because must not be empty"),
        (SAME, {**SAID, "by": ""}, "--by must not be empty"),
    ],
)
def test_a_promotion_that_makes_no_sense_is_refused_in_both_languages(
    house, version, said, sentence
):
    before = house.file.read_bytes()
    with pytest.raises(RoleRefused, match=sentence) as caught:
        promote(house.models, "churn", version, key_path=house.key, frame=house.frame, **said)
    assert len(caught.value.sentence) == 2
    assert house.file.read_bytes() == before


def test_a_damaged_version_is_not_promoted(house):
    (house.models / "churn" / SAME / "report.json").write_text("{}")
    with pytest.raises(RoleRefused, match="is not the file that was signed"):
        promote(house.models, "churn", SAME, key_path=house.key, frame=house.frame, **SAID)


def test_rollback_returns_to_the_champion_before_and_withdraws(house):
    changed = roll_back(house.models, "churn", key_path=house.key, **BACK)
    assert (changed.champion, changed.withdrawn) == (WEAK, (STRONG,))
    assert load_champion(house.models, "churn", key_path=house.key).model.version == WEAK
    with pytest.raises(ModelRefused, match=f"{STRONG} was withdrawn"):
        load(house.models, "churn", STRONG, key_path=house.key)
    with pytest.raises(RoleRefused, match="was withdrawn and cannot score again"):
        promote(house.models, "churn", STRONG, key_path=house.key, frame=house.frame, **SAID)
    with pytest.raises(RoleRefused, match=f"no champion before {WEAK} to return to"):
        roll_back(house.models, "churn", key_path=house.key, **BACK)


def test_rollback_returns_to_nobody_whom_the_night_would_refuse(house):
    """The review's fault: A of three months was crowned, B of six withdrawn, and nobody scored."""
    before = house.file.read_bytes()
    with pytest.raises(RoleRefused, match=f"known after {REACH} months, by .* after 6") as caught:
        roll_back(house.models, "churn", key_path=house.key, **BACK | {"label_months": 6})
    # Here the one that scores is of the other label too, and that is said.
    assert "nor can it score; train it anew with crm ml train churn" in str(caught.value)
    assert house.file.read_bytes() == before, "nobody is withdrawn for it"
    # What is taught on the label of now goes on scoring.
    strong = house.models / "churn" / STRONG
    manifest = json.loads((strong / "manifest.json").read_bytes())
    manifest["training"]["label_months"] = 6
    content = json.dumps(manifest).encode()
    (strong / "manifest.json").write_bytes(content)
    (strong / "manifest.sig").write_text(sign(content, read_key(house.key)))
    with pytest.raises(RoleRefused, match=f"so {STRONG} goes on scoring: Model churn {WEAK} was"):
        roll_back(house.models, "churn", key_path=house.key, **BACK | {"label_months": 6})
    assert house.roles().champion == STRONG
    assert house.roles().withdrawn == ()


def test_a_challenger_is_withdrawn_and_a_champion_is_not(house):
    with pytest.raises(RoleRefused, match="use crm ml rollback churn"):
        withdraw(house.models, "churn", STRONG, key_path=house.key, **SAID)
    changed = withdraw(house.models, "churn", SAME, key_path=house.key, **SAID)
    assert changed.challenger is None
    assert load_challenger(house.models, "churn", key_path=house.key) is None


def test_where_the_champion_is_damaged_the_one_before_scores_and_that_is_told(house):
    (house.models / "churn" / STRONG / "model.skops").write_bytes(b"x")
    found = load_champion(house.models, "churn", key_path=house.key)
    assert found.model.version == WEAK
    assert "model.skops is not the file that was signed" in found.refusals[0][1]
    assert "的文件 model.skops 与签名时不同" in found.refusals[0][0]


@pytest.mark.parametrize("place", [0.01, 0.3, 0.99])
def test_one_flipped_byte_in_the_roles_is_refused(house, place):
    data = bytearray(house.file.read_bytes())
    data[int(len(data) * place)] ^= 0x01
    house.file.write_bytes(data)
    with pytest.raises(NoModel, match="file of roles of model churn is not as signed"):
        load_champion(house.models, "churn", key_path=house.key)


def test_an_old_signed_file_of_roles_is_refused(house):
    """F70, replay: put back, it would let a withdrawn version score again."""
    old = house.file.read_bytes()
    roll_back(house.models, "churn", key_path=house.key, **BACK)
    house.file.write_bytes(old)
    with pytest.raises(NoModel, match=r"older than the last one that was signed \(change \d of \d"):
        load_champion(house.models, "churn", key_path=house.key)
    house.file.unlink()
    with pytest.raises(NoModel, match="file of roles of model churn is missing"):
        load_champion(house.models, "churn", key_path=house.key)


def test_what_cannot_be_read_is_refused_and_a_new_version_changes_nobody(house):
    """A folder, or a file of somebody else's (`sudo crm ml ...`), in the place of the roles."""
    house.file.unlink()
    house.file.mkdir()
    with pytest.raises(NoModel, match=r"roles\.json cannot be read \(Is a directory\)") as caught:
        load_champion(house.models, "churn", key_path=house.key)
    assert "roles.json 无法读取（它是文件夹）" in caught.value.sentence[0]
    house.key.unlink()
    house.key.mkdir(mode=0o700)
    with pytest.raises(ModelRefused, match=r"key cannot be read"):
        read_key(house.key)


def test_a_path_is_no_version(house):
    withdraw(house.models, "churn", SAME, key_path=house.key, **SAID)
    for odd in (f"./{SAME}", f"../churn/{SAME}", f"{SAME}\n"):
        with pytest.raises(ModelRefused, match="is no name of a version"):
            load(house.models, "churn", odd, key_path=house.key)
    with pytest.raises(RoleRefused, match="was withdrawn before"):
        withdraw(house.models, "churn", SAME, key_path=house.key, **SAID)


@pytest.mark.parametrize("because", ["a\nb", "\x1b[31mred", "x" * 501])
def test_a_reason_is_one_line_that_a_screen_can_show(house, because):
    with pytest.raises(RoleRefused, match="one line of text, of 500 characters at most"):
        withdraw(house.models, "churn", SAME, **SAID | {"because": because}, key_path=house.key)


def test_a_blank_of_a_chinese_keyboard_is_a_blank(house):
    """The review's fault: 名单更准 and a full-width blank was refused as no line of text."""
    said = SAID | {"because": "两个月\u3000名单更准\u3000", "by": "李\u00a0经理"}
    withdraw(house.models, "churn", SAME, **said, key_path=house.key)
    step = house.roles().history[-1]
    assert (step.because, step.by) == ("两个月 名单更准", "李 经理")


def test_without_its_key_nothing_is_signed_beside_what_another_signed(house):
    house.key.rename(house.key.with_name("elsewhere"))
    with pytest.raises(ModelRefused, match="bring it back"):
        train("churn", house.frame, house.models, AS_OF, key_path=house.key, max_train_rows=700)
    assert not house.key.exists()


def test_roles_of_another_model_are_refused(house):
    (house.models / "value").mkdir()
    shutil.copy(house.file, house.models / "value" / "roles.json")
    with pytest.raises(ModelRefused, match="another model's"):
        roles.read(house.models, "value", key_path=house.key)
    shutil.copy(house.key.with_name("key.churn.serial"), house.key.with_name("key.value.serial"))
    with pytest.raises(ModelRefused, match="number of the last change"):
        roles.read(house.models, "value", key_path=house.key)


def test_without_file_and_number_no_version_comes_back(house):
    """The review's fault: both deleted, a withdrawn version could be promoted again."""
    roll_back(house.models, "churn", key_path=house.key, **BACK)
    house.file.unlink()
    house.key.with_name("key.churn.serial").unlink()
    told = "has 3 versions but neither a file of roles .* which withdraws them: crm ml train churn"
    with pytest.raises(ModelRefused, match=told):
        house.roles()
    with pytest.raises(ModelRefused, match="has 3 versions but"):
        load(house.models, "churn", STRONG, key_path=house.key)
    with pytest.raises(RoleRefused, match="roles of model churn cannot be trusted"):
        promote(house.models, "churn", STRONG, key_path=house.key, frame=house.frame, **SAID)
    version = train("churn", house.frame, house.models, AS_OF, key_path=house.key).version
    entry = enter(house.models, "churn", version, house.frame, at=AT, key_path=house.key)
    assert (entry.roles.champion, set(entry.roles.withdrawn)) == (version, {WEAK, STRONG, SAME})
    assert entry.roles.history[-1].because.startswith("此前没有可评分的版本")


def test_in_a_fresh_folder_nobody_is_withdrawn(tmp_path):
    assert roles.anew(tmp_path, "churn", [], key_path=tmp_path / "key") == roles.Roles("churn")
    assert roles.read(tmp_path, "churn", key_path=tmp_path / "key") == roles.Roles("churn")


def test_after_a_tampered_file_a_training_begins_anew_and_trusts_no_version_before(house):
    house.file.write_bytes(b"0\n{}")
    version = train("churn", house.frame, house.models, AS_OF, key_path=house.key).version
    entry = enter(house.models, "churn", version, house.frame, at=AT, key_path=house.key)
    assert entry.roles.champion == version
    assert set(entry.roles.withdrawn) == {WEAK, STRONG, SAME}
    assert versions(house.models, "churn")[-1] == version
    assert json.loads(house.file.read_bytes().partition(b"\n")[2])["serial"] > 4
    assert read_key(house.key)
