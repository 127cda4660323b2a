"""Who scores: which version of a model is champion, which is challenger, and who decided so.

``models/<name>/roles.json`` holds, in one signed file that is replaced in one step:

    champion     the version whose scores the bank reads
    challenger   a later version that scores beside it and is read by nobody but the comparison
    withdrawn    versions that must not score any more
    history      every change of these, oldest first: what, when, by whom, why, on what figures

The number of the last change lies beside the key as well, outside the folder: an older file, signed
in its day and put back, would let a withdrawn version score again, and is refused by its number.
For the same reason versions with neither file nor number are refused.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ml.errors import ModelRefused
from ml.registry.folders import versions
from ml.registry.signing import (
    ensure_key,
    is_signed,
    read_key,
    read_whole,
    replace_synced,
    sign,
)

FORMAT = 1
#: Who promotes by the rule alone.
BY_RULE = "rule"


@dataclass(frozen=True)
class Step:
    """One change of roles.

    Attributes:
        act: ``trained``, ``promoted``, ``rolled back`` or ``withdrawn``.
        version: The version it happened to.
        champion_before: Who was champion until then.
        by: Who decided; ``rule`` where nobody had to.
        because: The reason, as it was given.
        at: Moment, ISO 8601 in UTC.
        figures: What it was decided on.
    """

    act: str
    version: str
    champion_before: str | None
    by: str
    because: str
    at: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Roles:
    """The roles of one model's versions, and how they came about."""

    name: str
    serial: int = 0
    champion: str | None = None
    challenger: str | None = None
    withdrawn: tuple[str, ...] = ()
    history: tuple[Step, ...] = ()

    def after(self, step: Step, **changes: Any) -> Roles:
        """The roles once a step was taken."""
        return replace(self, serial=self.serial + 1, history=(*self.history, step), **changes)

    def champions_before(self) -> list[str]:
        """Versions that were champion before the one that is, the last one first, none twice."""
        seen: list[str] = []
        for step in reversed(self.history):
            before = step.champion_before
            if before and before != self.champion and before not in (*seen, *self.withdrawn):
                seen.append(before)
        return seen

    def role_of(self, version: str) -> str | None:
        """champion, challenger, withdrawn, or none of them."""
        if version in self.withdrawn:
            return "withdrawn"
        roles = {self.champion: "champion", self.challenger: "challenger"}
        return roles.get(version)


def read(models_dir: Path, name: str, *, key_path: Path) -> Roles:
    """The roles as they stand; nobody has one where nothing was trained yet.

    Raises:
        ModelRefused: The file is not as signed, is another model's, is older than the last one that
            was signed, or is not there though versions are; then no version of the model is
            trusted.
    """
    standing = _stored(models_dir, name, key_path=key_path)
    if standing is not None:
        return standing
    if there := versions(models_dir, name):
        # File and number deleted, a withdrawn version would look like one that nothing is known of.
        raise ModelRefused(
            f"模型 {name} 有 {len(there)} 个版本，却没有版本角色文件，也没有变更序号："
            "两者可能被删除，或首次训练中断；"
            f"请重新训练，这些版本将被撤回：crm ml train {name}。",
            f"Model {name} has {len(there)} versions but neither a file of roles nor a number of "
            "its last change: both were deleted, or the first training was cut short; train it "
            f"anew, which withdraws them: crm ml train {name}.",
        )
    return Roles(name)


def _stored(models_dir: Path, name: str, *, key_path: Path) -> Roles | None:
    """The roles as they were signed, or nothing where there is no file and never was one."""
    path = models_dir / name / "roles.json"
    least = _last_serial(key_path, name)
    if not path.exists():
        if least:
            raise ModelRefused(
                f"模型 {name} 的版本角色文件不存在。",
                f"The file of roles of model {name} is missing.",
            )
        return None
    signature, _, content = read_whole(path).partition(b"\n")
    if not is_signed(content, signature, read_key(key_path)):
        raise ModelRefused(
            f"模型 {name} 的版本角色文件与签名不符，可能被改动过。",
            f"The file of roles of model {name} is not as signed, it may have been changed.",
        )
    stored = json.loads(content)
    if (stored["format"], stored["name"]) != (FORMAT, name):
        raise ModelRefused(
            f"模型 {name} 的版本角色文件属于另一个模型。",
            f"The file of roles of model {name} is another model's.",
        )
    if stored["serial"] < least:
        raise ModelRefused(
            f"模型 {name} 的版本角色文件比最近签名的一份旧（第 {stored['serial']} 次变更，"
            f"应为第 {least} 次）。",
            f"The file of roles of model {name} is older than the last one that was signed "
            f"(change {stored['serial']} of {least}).",
        )
    return Roles(
        name=name,
        serial=stored["serial"],
        champion=stored["champion"],
        challenger=stored["challenger"],
        withdrawn=tuple(stored["withdrawn"]),
        history=tuple(Step(**step) for step in stored["history"]),
    )


def write(models_dir: Path, roles: Roles, *, key_path: Path) -> None:
    """Sign and replace the file of roles, then note its number beside the key."""
    key = ensure_key(key_path)
    stored = {
        "format": FORMAT,
        "name": roles.name,
        "serial": roles.serial,
        "champion": roles.champion,
        "challenger": roles.challenger,
        "withdrawn": sorted(roles.withdrawn),
        "history": [vars(step) for step in roles.history],
    }
    content = json.dumps(
        stored, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False
    ).encode()
    # Content and signature travel in one file, so that they are replaced in one step.
    replace_synced(
        models_dir / roles.name / "roles.json", sign(content, key).encode() + b"\n" + content
    )
    # Last: after a cut between the two, the file is newer than its number says, which is no harm.
    number = f"{roles.name} {roles.serial}".encode()
    replace_synced(_serial_path(key_path, roles.name), sign(number, key).encode() + b"\n" + number)


def anew(models_dir: Path, name: str, existing: list[str], *, key_path: Path) -> Roles:
    """The roles to go on from: those that stand, or fresh ones where they cannot be trusted.

    A file that was tampered with, or is gone, may hide that a version was withdrawn; so fresh roles
    begin with every version that is there withdrawn.

    Args:
        models_dir: Folder of all models.
        name: The model.
        existing: Its versions but the one that was just trained.
        key_path: File of the signing key.
    """
    serial = 0
    try:
        if standing := _stored(models_dir, name, key_path=key_path):
            return standing
    except ModelRefused:
        with suppress(ModelRefused):
            serial = _last_serial(key_path, name)
    return Roles(name, serial, withdrawn=tuple(existing))


def _serial_path(key_path: Path, name: str) -> Path:
    return key_path.with_name(f"{key_path.name}.{name}.serial")


def _last_serial(key_path: Path, name: str) -> int:
    """Number of the last change that was signed; nil before the first."""
    path = _serial_path(key_path, name)
    if not path.exists():
        return 0
    signature, _, content = read_whole(path).partition(b"\n")
    whose, _, number = content.decode(errors="replace").partition(" ")
    if not is_signed(content, signature, read_key(key_path)) or whose != name:
        raise ModelRefused(
            f"最近一次角色变更的序号文件 {path.name} 与签名不符，可能被改动过。",
            f"The number of the last change of roles ({path.name}) is not as signed, it may have"
            " been changed.",
        )
    return int(number)
