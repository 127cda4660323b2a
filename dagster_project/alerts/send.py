"""Sending a message by the ways that are set; a way that fails is told, and stops nothing."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import smtplib
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any, Final

from dagster_project.alerts.message import Message
from dagster_project.alerts.settings import Command, Mail, Settings, Webhook
from dagster_project.errors import NightError
from ingestion.sentence import shown

RECORD: Final = "alerts.jsonl"
# Doubled after each try.
_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_ANSWER: Final = 1 << 12


@dataclass(frozen=True)
class Sent:
    """What became of a message on one way.

    Attributes:
        way: webhook, mail or command.
        is_sent: Whether it was taken.
        tries: How often it was tried.
        trouble: What went wrong the last time; holds neither address nor secret.
    """

    way: str
    is_sent: bool
    tries: int
    trouble: str = ""


class _NotTakenError(Exception):
    """The other side answered, and did not take it."""

    def __init__(self, told: str, *, is_final: bool) -> None:
        super().__init__(told)
        self.is_final = is_final


def send(
    settings: Settings, message: Message, pause: Callable[[float], None] = time.sleep
) -> list[Sent]:
    """Send a message by every way that is set; never raises.

    Args:
        settings: The ways.
        message: What is told.
        pause: Waits between tries.
    """
    sent = []
    if settings.webhook is not None:
        post = partial(_post, settings.webhook, message)
        sent.append(_try("webhook", settings.webhook.tries, pause, post))
    if settings.mail is not None:
        sent.append(
            _try("mail", settings.mail.tries, pause, partial(_mail, settings.mail, message))
        )
    if settings.command is not None:
        sent.append(_try("command", 1, pause, partial(_run, settings.command, message)))
    return sent


def record(folder: Path, message: Message, sent: list[Sent]) -> None:
    """Append to the record what was sent; what nobody took stands there in full."""
    line: dict[str, Any] = {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "run_id": message.run_id,
        "business_date": message.business_date,
        "events": [each.name for each in message.events],
        "ways": [vars(each) for each in sent],
    }
    if not all(each.is_sent for each in sent):
        line["text"] = message.text
    with (folder / RECORD).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _try(way: str, tries: int, pause: Callable[[float], None], attempt: Callable[[], None]) -> Sent:
    trouble = ""
    for number in range(1, tries + 1):
        try:
            attempt()
        except _NotTakenError as error:
            trouble = str(error)
            if error.is_final:
                return Sent(way, False, number, trouble)
        except NightError as error:
            return Sent(way, False, number, str(error))
        except (OSError, http.client.HTTPException, smtplib.SMTPException) as error:
            trouble = _named(error)
        except Exception as error:  # whatever it is, a night must not fail of its own alarm
            return Sent(way, False, number, type(error).__name__)
        else:
            return Sent(way, True, number)
        if number < tries:
            pause(_FIRST_PAUSE_SECONDS * 2 ** (number - 1))
    return Sent(way, False, tries, trouble)


def _named(error: Exception) -> str:
    """An error in a few words, without what it quotes: an answer may hold anything."""
    inner = getattr(error, "reason", None)
    found = inner if isinstance(inner, OSError) else error
    said = found.strerror if isinstance(found, OSError) and found.strerror else ""
    code = getattr(error, "smtp_code", None)
    return shown(" ".join(str(each) for each in (type(found).__name__, code, said) if each))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A message goes where the settings say, and nowhere else."""
        return


def _post(way: Webhook, message: Message) -> None:
    body: dict[str, Any] = {
        "json": message.as_json(),
        "wecom": {"msgtype": "text", "text": {"content": message.text}},
        "feishu": {"msg_type": "text", "content": {"text": message.text}},
    }[way.format]
    request = urllib.request.Request(  # noqa: S310 - the settings admit http and https alone
        way.address(),
        data=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
        method="POST",
    )
    # No proxy from the environment either.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(request, timeout=way.timeout_seconds) as answer:
            said = answer.read(_LONGEST_ANSWER)
    except urllib.error.HTTPError as error:
        is_final = error.code < 500 and error.code not in (408, 429)
        error.close()
        raise _NotTakenError(f"HTTP {error.code}", is_final=is_final) from None
    if way.format != "json":
        _check_robot(said)


def _check_robot(said: bytes) -> None:
    """Robots of chat groups answer 200 to everything, and say in the text what they refused."""
    try:
        answer = json.loads(said)
    except ValueError:
        return
    found = answer if isinstance(answer, dict) else {}
    code = next((found[name] for name in ("errcode", "code", "StatusCode") if name in found), 0)
    if code != 0:
        raise _NotTakenError(f"the robot answered {shown(str(code), 20)}", is_final=True)


def _mail(way: Mail, message: Message) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = message.subject, way.sender, ", ".join(way.to)
    mail.set_content(message.text)
    secure = ssl.create_default_context() if way.security != "none" else None
    password = way.password() if way.user is not None else ""
    if way.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            way.host, way.port, timeout=way.timeout_seconds, context=secure
        )
    else:
        server = smtplib.SMTP(way.host, way.port, timeout=way.timeout_seconds)
    with server:
        if way.security == "starttls":
            server.starttls(context=secure)
        if way.user is not None:
            server.login(way.user, password)
        refused = server.send_message(mail)
    if refused:
        raise _NotTakenError(f"refused for {len(refused)} addresses", is_final=True)


def _run(way: Command, message: Message) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the bank's own program, without a shell
            list(way.argv),
            input=json.dumps(message.as_json(), ensure_ascii=False).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=way.timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _NotTakenError("timed out", is_final=True) from None
    if done.returncode:
        raise _NotTakenError(f"exit code {done.returncode}", is_final=True)
