"""A stored model is the one that was signed, or it is refused (F70, F71)."""

import json
import os
import pickle
import stat
from io import BytesIO

import polars as pl
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier

from ml.errors import ModelRefused, NoModel
from ml.frames.features import FEATURES
from ml.models.pipelines import inputs
from ml.registry import store
from ml.registry.signing import ensure_key, read_key, sha256, sign
from ml.registry.store import SIGNED_FILES, load, load_newest, versions, withdraw

FILES = [*SIGNED_FILES, "manifest.json", "manifest.sig"]


def _folder(bank, name="churn"):
    return bank.models / name / bank.trained[name].version


def _resign(bank, folder):
    """What an insider with the key could do: change a file and sign it properly."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"] = {name: sha256((folder / name).read_bytes()) for name in SIGNED_FILES}
    content = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "manifest.sig").write_text(sign(content, read_key(bank.key)))


def _edit_manifest(bank, folder, change):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    content = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "manifest.sig").write_text(sign(content, read_key(bank.key)))


def test_what_is_loaded_scores_as_what_was_trained(bank):
    model = bank.loaded("churn")
    assert model.version == "2025-12-31.001"
    assert model.manifest["training"] == bank.trained["churn"].report["training"]
    assert model.manifest["code_version"] == "test"
    assert model.manifest["metrics"] == bank.trained["churn"].report["metrics"]
    rows = inputs(bank.today, FEATURES)
    assert (model.scorer.predict(rows) == bank.loaded("churn").scorer.predict(rows)).all()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("place", [0.02, 0.5, 0.98])
def test_one_flipped_byte_anywhere_is_refused(copy_of, file, place):
    bank = copy_of()
    path = _folder(bank) / file
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 0x01
    path.write_bytes(data)
    with pytest.raises(ModelRefused, match=r"not (as it was|the file that was) signed"):
        load(bank.models, "churn", bank.trained["churn"].version, key_path=bank.key)


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_refused(copy_of, file):
    bank = copy_of()
    (_folder(bank) / file).unlink()
    with pytest.raises(ModelRefused, match=f"lacks {file}"):
        load(bank.models, "churn", bank.trained["churn"].version, key_path=bank.key)


def test_a_model_signed_with_another_key_is_refused(copy_of, tmp_path):
    bank = copy_of()
    ensure_key(tmp_path / "other")
    with pytest.raises(NoModel, match="the manifest is not as it was signed"):
        load_newest(bank.models, "churn", key_path=tmp_path / "other")


def test_an_old_signed_model_under_a_new_name_is_refused(copy_of):
    """F70, replay: the signature is right, the name inside is not."""
    bank = copy_of()
    _folder(bank).rename(bank.models / "churn" / "2026-12-31.001")
    with pytest.raises(NoModel, match=r"says of itself that it is churn 2025-12-31\.001"):
        load_newest(bank.models, "churn", key_path=bank.key)
    _folder(bank, "value").rename(bank.models / "churn" / "2025-12-31.001")
    with pytest.raises(ModelRefused, match="says of itself that it is value"):
        load(bank.models, "churn", "2025-12-31.001", key_path=bank.key)


def test_the_newest_valid_version_scores_and_the_refused_one_is_told(copy_of, frame):
    bank = copy_of()
    second = store.save(
        bank.models,
        bank.loaded("value").scorer,
        inputs(bank.today, FEATURES).head(20),
        {},
        pl.Series([frame["observation_date"].max()])[0],
        key_path=bank.key,
        code_version="later",
    )
    assert second == "2025-12-31.002"
    assert load_newest(bank.models, "value", key_path=bank.key).model.version == second
    (bank.models / "value" / second / "report.json").write_text("{}x")
    found = load_newest(bank.models, "value", key_path=bank.key)
    assert found.model.version == "2025-12-31.001"
    assert "2025-12-31.002: report.json is not the file that was signed" in found.refusals[0]


def test_a_withdrawn_version_stays_withdrawn(copy_of):
    bank = copy_of()
    version = bank.trained["churn"].version
    assert withdraw(bank.models, "churn", version, key_path=bank.key) == [version]
    with pytest.raises(NoModel, match=f"{version} was withdrawn"):
        load_newest(bank.models, "churn", key_path=bank.key)
    listed = bank.models / "churn" / "withdrawn.json"
    listed.write_bytes(listed.read_bytes().replace(version.encode(), b"2020-01-01.001"))
    with pytest.raises(NoModel, match="list of withdrawn versions of model churn is not as signed"):
        load_newest(bank.models, "churn", key_path=bank.key)
    with pytest.raises(NoModel, match="no version 1999"):
        withdraw(bank.models, "churn", "1999-01-01.001", key_path=bank.key)


def test_a_pickle_in_disguise_is_never_opened(copy_of, tmp_path):
    """F71: even signed, a pickle renamed to .skops is not executed."""
    bank = copy_of()
    trace = tmp_path / "trace"

    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(trace),))

    (_folder(bank) / "model.skops").write_bytes(pickle.dumps(Bomb()))
    _resign(bank, _folder(bank))
    with pytest.raises(ModelRefused, match=r"model\.skops cannot be read"):
        load(bank.models, "churn", bank.trained["churn"].version, key_path=bank.key)
    assert not trace.exists()


def test_a_type_beyond_the_list_is_refused(copy_of):
    bank = copy_of()
    forest = RandomForestClassifier(n_estimators=2).fit([[0.0], [1.0]] * 5, [0, 1] * 5)
    (_folder(bank) / "model.skops").write_bytes(skops.io.dumps({"model": forest}))
    _resign(bank, _folder(bank))
    with pytest.raises(ModelRefused, match=r"types that are not allowed: \['sklearn\.tree"):
        load(bank.models, "churn", bank.trained["churn"].version, key_path=bank.key)


def test_something_that_is_no_pipeline_is_refused(copy_of):
    bank = copy_of()
    for content, sentence in (
        (["x"], "holds no pipelines"),
        ({"model": 1.0}, "no fitted pipeline"),
    ):
        (_folder(bank) / "model.skops").write_bytes(skops.io.dumps(content))
        _resign(bank, _folder(bank))
        with pytest.raises(ModelRefused, match=sentence):
            load(bank.models, "churn", bank.trained["churn"].version, key_path=bank.key)


@pytest.mark.parametrize(
    ("package", "version"), [("scikit-learn", "1.8.2"), ("skops", "0.15.0"), ("numpy", "1.26.4")]
)
def test_other_software_is_refused(copy_of, package, version):
    bank = copy_of()
    _edit_manifest(bank, _folder(bank), lambda m: m["software"].update({package: version}))
    with pytest.raises(ModelRefused, match=f"made with {package} {version}"):
        load(bank.models, "churn", bank.trained["churn"].version, key_path=bank.key)


def test_another_feature_contract_is_refused(bank):
    with pytest.raises(ModelRefused, match="another feature contract; train it anew"):
        load(
            bank.models,
            "churn",
            bank.trained["churn"].version,
            key_path=bank.key,
            features=FEATURES[1:],
        )


def test_other_scores_for_the_stored_rows_are_refused(copy_of):
    bank = copy_of()
    path = _folder(bank) / "golden.parquet"
    moved = pl.read_parquet(path).with_columns(pl.col("golden_score") + 1e-9)
    buffer = BytesIO()
    moved.write_parquet(buffer)
    path.write_bytes(buffer.getvalue())
    _resign(bank, _folder(bank))
    with pytest.raises(ModelRefused, match=r"differently than when it was trained \(by 1\.0e-09\)"):
        load(bank.models, "churn", bank.trained["churn"].version, key_path=bank.key)


def test_golden_rows_are_twenty_and_nobodys(bank):
    golden = pl.read_parquet(_folder(bank) / "golden.parquet")
    assert golden.height == 20
    assert "customer_key" not in golden.columns
    assert golden["golden_score"].n_unique() > 10


def test_a_killed_save_leaves_nothing_that_counts(copy_of, monkeypatch):
    bank = copy_of()

    def killed(folder):
        raise OSError("No space left on device")

    monkeypatch.setattr(store, "sync_folder", killed)
    scorer = bank.loaded("churn").scorer
    golden = inputs(bank.today, FEATURES).head(20)
    day = bank.today["observation_date"][0]
    arguments = {"key_path": bank.key, "code_version": "x"}
    with pytest.raises(OSError, match="No space left"):
        store.save(bank.models, scorer, golden, {}, day, **arguments)
    assert versions(bank.models, "churn") == ["2025-12-31.001"]
    monkeypatch.undo()
    assert store.save(bank.models, scorer, golden, {}, day, **arguments) == "2025-12-31.002"
    assert not list((bank.models / "churn").glob(".draft-*"))


def test_no_model_is_said_so(bank, tmp_path):
    with pytest.raises(NoModel, match="No churn model has been trained yet"):
        load_newest(tmp_path, "churn", key_path=bank.key)


def test_the_key_is_private_made_once_and_never_short(tmp_path):
    path = tmp_path / "vault" / "key"
    key = ensure_key(path)
    assert ensure_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(ModelRefused, match="readable by others"):
        read_key(path)
    path.unlink()
    with pytest.raises(ModelRefused, match="is missing"):
        read_key(path)
    path.write_text("short")
    path.chmod(0o600)
    with pytest.raises(ModelRefused, match="shorter than 32 bytes"):
        read_key(path)
