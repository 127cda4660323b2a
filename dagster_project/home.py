"""CRM_HOME: where all state lies, one path per kind of state."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from serving.files import write_whole

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT = PROJECT_ROOT / "dbt"
DEFAULT_HOME = PROJECT_ROOT / "data"
HOME_VARIABLE = "CRM_HOME"
LANDING_VARIABLE = "CRM_LANDING"
# Raised when a version lays out a home in a way that the versions before it would not understand.
FORMAT: Final = 1


def program_version() -> str:
    """Version of this program, as a home is stamped with it."""
    return metadata.version("bank-crm")


@dataclass(frozen=True)
class Home:
    """The folders of one home; `architecture.md` says what each holds and what its loss costs."""

    root: Path

    @classmethod
    def resolve(cls, given: Path | None = None) -> Home:
        """The home given on the command line, else CRM_HOME, else `data/` beside the code."""
        root = given or Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME)
        return cls(root.expanduser().absolute())

    @property
    def stamp(self) -> Path:
        """Which version wrote this home last, and in which layout."""
        return self.root / "home.json"

    @property
    def alerts(self) -> Path:
        """Whom to tell of a night, and by which ways; the bank's own file."""
        return self.root / "alerts.yml"

    @property
    def landing(self) -> Path:
        """Delivered files, untouched: beside the rest, or wherever CRM_LANDING says."""
        named = os.environ.get(LANDING_VARIABLE)
        return Path(named).expanduser().absolute() if named else self.root / "landing"

    @property
    def archive(self) -> Path:
        """Every delivered file ever taken in, by its content."""
        return self.root / "archive"

    @property
    def lake(self) -> Path:
        """Accepted rows as Parquet."""
        return self.root / "lake"

    @property
    def quarantine(self) -> Path:
        """Refused rows with their reasons."""
        return self.root / "quarantine"

    @property
    def returned(self) -> Path:
        """Annotated copies that go back to their senders."""
        return self.quarantine / "returned"

    @property
    def ledger(self) -> Path:
        """One row per delivery, run and generation."""
        return self.root / "ledger.sqlite"

    @property
    def models(self) -> Path:
        """Signed model versions."""
        return self.root / "models"

    @property
    def mlflow(self) -> Path:
        """The record of trainings that people look at; drawn anew from the signed versions."""
        return self.root / "mlflow.sqlite"

    @property
    def pseudonym_key(self) -> Path:
        """The key of the pseudonyms; readable by its owner only."""
        return self.root / "vault" / "pseudonym.key"

    @property
    def model_key(self) -> Path:
        """The key that signs models; readable by its owner only."""
        return self.root / "vault" / "model.key"

    @property
    def warehouse(self) -> Path:
        """Builds, generations and the name `current`."""
        return self.root / "warehouse"

    @property
    def builds(self) -> Path:
        """Private builds of nights, one folder per run."""
        return self.warehouse / "build"

    @property
    def current(self) -> Path:
        """The name that points at the published generation."""
        return self.warehouse / "current"

    @property
    def exports(self) -> Path:
        """Sheets, lists and pages."""
        return self.root / "exports"

    def sheets(self, business_date: dt.date) -> Path:
        """The sheets for people that fell due on one business date."""
        return self.exports / "sheets" / business_date.isoformat()

    @property
    def data_docs(self) -> Path:
        """Pages of what the quality gate answered, night by night."""
        return self.exports / "data-docs"

    @property
    def dagster(self) -> Path:
        """Dagster's own storage: scheduling and display only, no truth of ours."""
        return self.root / "dagster"

    @property
    def logs(self) -> Path:
        """What was written down while nights ran."""
        return self.root / "logs"

    @property
    def demo(self) -> Path:
        """The demo bank's truth and the deliveries it has yet to send."""
        return self.root / "demo"

    def as_known(self, date: dt.date) -> Home:
        """The home inside this one in which an earlier night is rebuilt as known on its day."""
        return Home(self.root / "as-known" / date.isoformat())

    @property
    def replays(self) -> Path:
        """What is published, built anew under other rules; one folder per replay."""
        return self.root / "replays"

    @property
    def lease(self) -> Path:
        """The file whose lock admits one night at a time."""
        return self.root / ".lease"

    def create(self) -> Home:
        """Make the folders that are missing; what holds identities is closed to others."""
        self.root.mkdir(parents=True, exist_ok=True)
        for folder in (self.exports, self.warehouse):
            folder.mkdir(exist_ok=True)
        # A landing folder elsewhere is never made: an unmounted share must not look empty.
        if self.landing.parent == self.root:
            self.landing.mkdir(exist_ok=True)
        # Logs and runs too: sentences about files name what stood in them.
        closed = (self.archive, self.lake, self.quarantine, self.models, self.builds)
        for folder in (*closed, self.logs, self.dagster):
            folder.mkdir(exist_ok=True, mode=0o750)
        self.pseudonym_key.parent.mkdir(exist_ok=True, mode=0o700)
        self._sign()
        return self

    def _sign(self) -> None:
        """Write down who wrote here, unless it was a version that knows more than this one."""
        now = {"format": FORMAT, "version": program_version()}
        try:
            written = json.loads(self.stamp.read_text(encoding="utf-8"))
            is_ours = int(written["format"]) <= FORMAT and written != now
        except FileNotFoundError:
            is_ours = True
        except (OSError, ValueError, KeyError, TypeError):
            return  # the preflight says so; what cannot be read is not written over
        if is_ours:
            write_whole(self.stamp, json.dumps(now) + "\n")
