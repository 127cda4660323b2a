"""Environments are listed, never assumed; a home is where it was said to be."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from dagster_project import conductor, environment
from dagster_project.home import DEFAULT_HOME, Home


@pytest.mark.parametrize("name", ["", "production", "BANK"])
def test_an_environment_that_is_not_listed_is_refused(name, monkeypatch):
    monkeypatch.setenv("CRM_ENVIRONMENT", name)
    with pytest.raises(environment.UnknownEnvironmentError, match="local, test, bank"):
        environment.current()


def test_a_missing_environment_is_not_a_laptop(monkeypatch):
    monkeypatch.delenv("CRM_ENVIRONMENT", raising=False)
    with pytest.raises(environment.UnknownEnvironmentError):
        environment.current()


def test_nights_start_by_themselves_only_in_a_bank():
    on = {name for name, each in environment.ENVIRONMENTS.items() if each.is_scheduled}
    assert on == {"bank"}


def test_the_option_beats_the_variable_beats_the_default(monkeypatch, tmp_path):
    monkeypatch.delenv("CRM_HOME", raising=False)
    assert Home.resolve().root == DEFAULT_HOME
    monkeypatch.setenv("CRM_HOME", str(tmp_path / "a"))
    assert Home.resolve().root == tmp_path / "a"
    assert Home.resolve(tmp_path / "b").root == tmp_path / "b"


def test_a_relative_home_stays_where_the_command_was_given(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Home.resolve(Path("bank")).root == tmp_path / "bank"


def test_what_holds_identities_is_closed_to_others(tmp_path):
    home = Home(tmp_path / "bank").create()
    assert home.pseudonym_key.parent.stat().st_mode & 0o077 == 0
    assert home.lake.stat().st_mode & 0o007 == 0
    assert home.landing.is_dir()
    home.create()


def test_a_message_is_one_line_of_the_log(tmp_path):
    """F69: a file name with a line break and colours forges nothing; a traceback stays readable."""
    home = Home(tmp_path).create()
    logger = logging.getLogger("tests.forged")
    with conductor._log_to_file(home):
        logger.warning("%s came", "a\n2026-01-05 INFO crm \x1b[31mpublished\u202e.csv")
        try:
            raise ValueError("x")
        except ValueError:
            logger.exception("failed")
    lines = (home.logs / "crm.log").read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith(
        "WARNING tests.forged a\\n2026-01-05 INFO crm \\x1b[31mpublished\\u202e.csv came"
    )
    assert lines[1].endswith("ERROR tests.forged failed")
    assert lines[2].startswith("Traceback")
