"""Telling of a night that ended, or was not admitted: settings, message, sending, record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dagster_project.alerts import message as messages
from dagster_project.alerts import send as sending
from dagster_project.alerts.settings import load
from dagster_project.errors import NightError

if TYPE_CHECKING:
    from dagster_project.alerts.message import Message
    from dagster_project.home import Home
    from dagster_project.night import Night
    from dagster_project.reporter import Reporter


def of_night(night: Night) -> None:
    """Tell of a night that has ended, however it did; never raises."""
    try:
        _tell(night.home, messages.of_night(night), night.reporter)
    except Exception as error:  # the night's own end must not be hidden by its alarm
        _fail(night.reporter, type(error).__name__)


def of_refusal(home: Home, business_date: str, error: NightError, reporter: Reporter) -> None:
    """Tell of a night that the machine or the home did not admit; never raises."""
    try:
        _tell(home, messages.of_refusal(business_date, error), reporter)
    except Exception as trouble:  # as above
        _fail(reporter, type(trouble).__name__)


def _tell(home: Home, message: Message, reporter: Reporter) -> None:
    try:
        settings = load(home.alerts)
    except NightError as error:
        reporter.note(f"No alert is sent: {error}.", is_warning=True)
        return
    if settings is None or not settings.ways:
        return
    wanted = tuple(each for each in message.events if each.name in settings.events)
    if not wanted:
        return
    message = replace(message, events=wanted)
    sent = sending.send(settings, message)
    for each in sent:
        if not each.is_sent:
            times = "once" if each.tries == 1 else f"{each.tries} times"
            reporter.note(
                f"The alert could not be sent by {each.way} (tried {times}: {each.trouble}); it"
                f" stands in logs/{sending.RECORD}.",
                is_warning=True,
            )
    if home.logs.is_dir():
        sending.record(home.logs, message, sent)


def _fail(reporter: Reporter, what: str) -> None:
    reporter.note(f"No alert could be sent ({what}).", is_warning=True)
