"""A stored model is the one that was signed, or it is refused (F70, F71)."""

import json
import os
import pickle
import shutil
import stat
import zipfile
from io import BytesIO

import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier

from ml.errors import ModelRefused, NeverTrained, NoModel
from ml.frames.columns import Columns
from ml.frames.features import FEATURES
from ml.models.factories import blended_classifier, blended_regressor
from ml.models.pipelines import inputs
from ml.registry import roles, store
from ml.registry.checks import SIGNED_FILES, read_pipelines
from ml.registry.folders import versions
from ml.registry.golden import GOLDEN_TOLERANCE
from ml.registry.roles import Roles, Step
from ml.registry.signing import ensure_key, read_key, sha256, sign
from ml.registry.store import load, load_champion

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


def test_a_label_that_means_something_else_by_now_is_refused(bank):
    """Probabilities of three months would be read as those of six, and held against them."""
    version = bank.trained["churn"].version
    taught = bank.trained["churn"].report["training"]["label_months"]
    model = load(bank.models, "churn", version, key_path=bank.key, label_months=taught)
    assert model.version == version
    told = f"known after {taught} months, by the rules of now it is known after {taught + 3}"
    with pytest.raises(ModelRefused, match=told):
        load(bank.models, "churn", version, key_path=bank.key, label_months=taught + 3)
    with pytest.raises(NoModel, match="train it anew"):
        load_champion(bank.models, "churn", key_path=bank.key, label_months=taught + 3)


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_refused(copy_of, file):
    bank = copy_of()
    (_folder(bank) / file).unlink()
    with pytest.raises(ModelRefused, match=f"lacks {file}"):
        load(bank.models, "churn", bank.trained["churn"].version, key_path=bank.key)


def test_a_model_signed_with_another_key_is_refused(copy_of, tmp_path):
    bank = copy_of()
    version = bank.trained["churn"].version
    shutil.copytree(bank.models / "churn" / version, tmp_path / "foreign" / "churn" / version)
    roles.write(tmp_path / "foreign", Roles("churn", serial=1), key_path=tmp_path / "other")
    with pytest.raises(ModelRefused, match="the manifest is not as it was signed"):
        load(tmp_path / "foreign", "churn", version, key_path=tmp_path / "other")


def test_an_old_signed_model_under_a_new_name_is_refused(copy_of):
    """F70, replay: the signature is right, the name inside is not."""
    bank = copy_of()
    _folder(bank).rename(bank.models / "churn" / "2026-12-31.001")
    with pytest.raises(ModelRefused, match=r"says of itself that it is churn 2025-12-31\.001"):
        load(bank.models, "churn", "2026-12-31.001", key_path=bank.key)
    _folder(bank, "value").rename(bank.models / "churn" / "2025-12-31.001")
    with pytest.raises(ModelRefused, match="says of itself that it is value"):
        load(bank.models, "churn", "2025-12-31.001", key_path=bank.key)


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


@pytest.mark.parametrize("named", ["builtins.eval", "os.system", "pathlib.Path"])
def test_a_name_that_could_run_something_is_refused_unread(copy_of, named):
    """F71: the file says which types it wants; what it names is looked at, never loaded."""
    bank = copy_of()
    module, _, called = named.rpartition(".")
    path = _folder(bank) / "model.skops"
    content = BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member == "schema.json":
                schema = json.loads(data)
                schema.update(
                    {
                        "__class__": called,
                        "__module__": module,
                        "__loader__": "TypeNode" if called != "system" else "FunctionNode",
                        "content": {"module_path": module, "function": called},
                    }
                )
                data = json.dumps(schema).encode()
            new.writestr(member, data)
    path.write_bytes(content.getvalue())
    _resign(bank, _folder(bank))
    with pytest.raises(ModelRefused, match=r"not allowed|cannot be read|holds no pipelines"):
        load(bank.models, "churn", bank.trained["churn"].version, key_path=bank.key)


@pytest.mark.parametrize("factory", [blended_classifier, blended_regressor])
def test_a_blend_comes_back_with_the_same_scores(factory):
    """Every type of the factories' blends is on the list; nothing else has to be."""
    rng = np.random.default_rng(5)
    rows = pl.DataFrame(
        {
            "amount": rng.lognormal(3, 1, 400),
            "gaps": pl.Series(np.where(rng.random(400) < 0.2, np.nan, rng.random(400))).fill_nan(
                None
            ),
            "few": rng.choice(["a", "b", "c"], 400),
            "many": rng.choice([f"k{number}" for number in range(50)], 400),
        }
    )
    target = (rng.random(400) < 0.3 + 0.4 * (rows["few"] == "a").to_numpy()).astype(float)
    fitted = factory(Columns.of(rows, rows.columns), folds=2).fit(rows, target)
    content = skops.io.dumps({"model": fitted})
    restored = read_pipelines(content, ("混合模型", "a blend"))["model"]
    whole, again = (each[-1].raw(rows) for each in (fitted, restored))
    assert np.abs(whole - again).max() <= GOLDEN_TOLERANCE


def test_a_type_beyond_the_list_is_refused(copy_of):
    bank = copy_of()
    forest = RandomForestClassifier(n_estimators=2).fit([[0.0], [1.0]] * 5, [0, 1] * 5)
    (_folder(bank) / "model.skops").write_bytes(skops.io.dumps({"model": forest}))
    _resign(bank, _folder(bank))
    with pytest.raises(ModelRefused, match=r"types that are not allowed: sklearn\.tree"):
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


@pytest.mark.parametrize("column", ["golden_score", "golden_low", "golden_high"])
def test_other_scores_and_bands_for_the_stored_rows_are_refused(copy_of, column):
    bank = copy_of()
    path = _folder(bank) / "golden.parquet"
    moved = pl.read_parquet(path).with_columns(pl.col(column) + 1e-9)
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


def test_no_model_is_said_so(tmp_path):
    with pytest.raises(NeverTrained, match="No churn model has been trained yet"):
        load_champion(tmp_path, "churn", key_path=tmp_path / "key")


def test_versions_of_which_none_has_a_role_are_no_model_that_never_was(tmp_path):
    (tmp_path / "churn" / "2025-12-31.001").mkdir(parents=True)
    told = "No usable churn model. Model churn has 1 versions but neither a file of roles"
    with pytest.raises(NoModel, match=told) as caught:
        load_champion(tmp_path, "churn", key_path=tmp_path / "key")
    assert not isinstance(caught.value, NeverTrained)
    # Signed roles without a champion are no such thing either.
    step = Step("trained", "2025-12-31.001", None, "rule", "a new training", "2026-01-01")
    roles.write(tmp_path, Roles("churn").after(step), key_path=tmp_path / "key")
    with pytest.raises(NoModel, match="1 versions lie in the folder and 0 were") as caught:
        load_champion(tmp_path, "churn", key_path=tmp_path / "key")
    assert not isinstance(caught.value, NeverTrained)


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
