"""Alerts: strict settings, messages without personal data, ways that fail and stop nothing."""

from __future__ import annotations

import email
import email.policy
import json
import sys
from pathlib import Path

import pytest

from dagster_project import environment as environments
from dagster_project import night as nights
from dagster_project import preflight
from dagster_project.alerts import message as messages
from dagster_project.alerts import send as sending
from dagster_project.alerts import settings as alert_settings
from dagster_project.alerts.message import Event, Message
from dagster_project.alerts.settings import TEMPLATE, USUAL, Settings, load
from dagster_project.errors import AuditError, DeliveriesError, PreflightError, WrongUsageError
from dagster_project.home import Home
from dagster_project.night import Night, Request
from dagster_project.reporter import LogReporter
from dagster_project.stages import deliveries
from ingestion.ledger import Ledger
from ingestion.sentence import Sentence
from tests.unit.dagster_project.listeners import mail_server, web_server
from tests.unit.dagster_project.test_plan import day

MESSAGE = Message(
    "2026-01-05",
    7,
    (
        Event("night_failed", "值班人员", "", Sentence("失败。", "It failed.")),
        Event(
            "delivery_refused",
            "科技部",
            "corebank__account",
            Sentence(
                "文件 a\u202egnp.csv\r\nBcc: x@y 被拒收\x1b[31m。", "a\u202egnp.csv\n was refused."
            ),
        ),
    ),
)


def settings_of(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "alerts.yml"
    path.write_text(text, encoding="utf-8")
    found = load(path)
    assert found is not None
    return found


WRONG = {
    "unknown key": ("sms: {number: 1}", "sms: Extra inputs"),
    "unknown event": ("events: [rain]", "events.0: Input should be"),
    "no address": ("webhook: {}", "give one of url, url_env and url_file"),
    "two addresses": ("webhook: {url: 'http://a', url_env: A}", "give one of url"),
    "a file": ("webhook: {url: 'file:///etc/passwd'}", "must begin with http"),
    "header in an address": ("webhook: {url: \"http://a\\r\\nX: y\"}", "printable"),
    "unknown format": ("webhook: {url: 'http://a', format: xml}", "webhook.format"),
    "never ending": ("webhook: {url: 'http://a', timeout_seconds: 0}", "greater than 0"),
    "password in the file": ("mail: {host: h, sender: s, to: [t], password: x}", "mail.password"),
    "user without password": ("mail: {host: h, sender: s, to: [t], user: u}", "needs one of"),
    "password in clear": (
        "mail: {host: h, sender: s, to: [t], user: u, password_env: P, security: none}",
        "starttls or tls",
    ),
    "nobody": ("mail: {host: h, sender: s, to: []}", "mail.to"),
    "header in a sender": ("mail: {host: h, sender: \"s\\nBcc: x\", to: [t]}", "printable"),
    "a shell line": ("command: {argv: 'rm -rf'}", "command.argv"),
    "twice": ("events: []\nevents: []", "a second time"),
    "no mapping": ("- a", "must hold a mapping"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_settings_that_make_no_sense_are_refused_by_name(tmp_path: Path, name: str) -> None:
    text, told = WRONG[name]
    with pytest.raises(WrongUsageError, match=told) as refused:
        settings_of(tmp_path, text)
    assert str(refused.value).startswith("alerts.yml")
    assert "pydantic" not in str(refused.value)


def test_without_a_file_nobody_is_told(tmp_path: Path) -> None:
    assert load(tmp_path / "alerts.yml") is None


def test_the_template_is_valid_as_it_stands_and_with_every_way(tmp_path: Path) -> None:
    assert settings_of(tmp_path, TEMPLATE).events == USUAL
    whole = "\n".join(
        line[2:] if line.startswith(("# webhook:", "# mail:", "# command:", "#   ")) else line
        for line in TEMPLATE.splitlines()
    )
    assert len(settings_of(tmp_path, whole).ways) == 3


def test_secrets_come_from_the_environment_or_from_a_closed_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    key.write_text("s3cret\n")
    key.chmod(0o644)
    with pytest.raises(WrongUsageError, match="chmod 600"):
        alert_settings.secret_of("x", None, key)
    key.chmod(0o600)
    assert alert_settings.secret_of("x", None, key) == "s3cret"
    monkeypatch.setenv("HOOK", "")
    with pytest.raises(WrongUsageError, match="HOOK is not set"):
        alert_settings.secret_of("x", "HOOK", None)
    monkeypatch.setenv("HOOK", "ftp://x")
    hook = settings_of(tmp_path, "webhook: {url_env: HOOK}").webhook
    assert hook
    with pytest.raises(WrongUsageError, match="must begin with http"):
        hook.address()


def test_a_webhook_gets_the_message_as_json(tmp_path: Path) -> None:
    with web_server() as server:
        settings = settings_of(tmp_path, f"webhook: {{url: '{server.url}'}}")
        (sent,) = sending.send(settings, MESSAGE)
    assert (sent.is_sent, sent.tries) == (True, 1)
    assert server.requests == ["/hook?key=SECRETKEY application/json; charset=utf-8"]
    (body,) = server.bodies
    assert body["subject"] == "[crm] 2026-01-05 夜间任务失败 the night failed (+1)"
    assert [each["event"] for each in body["events"]] == ["night_failed", "delivery_refused"]
    assert body["events"][1]["zh"] == "文件 a\\u202egnp.csv\\r\\nBcc: x@y 被拒收\\x1b[31m。"
    assert "\u202e" not in json.dumps(body, ensure_ascii=False), "F69"


@pytest.mark.parametrize(
    ("form", "path"), [("wecom", ("text", "content")), ("feishu", ("content", "text"))]
)
def test_chat_robots_get_a_text(tmp_path: Path, form: str, path: tuple[str, str]) -> None:
    with web_server() as server:
        settings = settings_of(tmp_path, f"webhook: {{url: '{server.url}', format: {form}}}")
        assert sending.send(settings, MESSAGE)[0].is_sent
    assert server.bodies[0][path[0]][path[1]] == MESSAGE.text


@pytest.mark.parametrize(
    ("form", "answer", "is_sent"),
    [
        ("wecom", b'{"errcode": 0, "errmsg": "ok"}', True),
        ("wecom", b'{"errcode": 93000, "errmsg": "invalid webhook url"}', False),
        ("wecom", b'{"errcode": 310000, "errmsg": "keywords not in content"}', False),
        ("feishu", b'{"code": 19001, "msg": "param invalid"}', False),
        ("feishu", b'{"StatusCode": 0}', True),
        ("feishu", b"[]", True),
    ],
)
def test_what_a_robot_refuses_in_its_answer_is_not_sent(
    tmp_path: Path, form: str, answer: bytes, is_sent: bool
) -> None:
    """They answer HTTP 200 to a wrong key, too."""
    with web_server(text=answer) as server:
        settings = settings_of(tmp_path, f"webhook: {{url: '{server.url}', format: {form}}}")
        (sent,) = sending.send(settings, MESSAGE, lambda _: None)
    assert (sent.is_sent, sent.tries) == (is_sent, 1)
    assert "invalid" not in sent.trouble


def test_a_webhook_that_stumbles_is_tried_again_and_ever_later(tmp_path: Path) -> None:
    pauses: list[float] = []
    with web_server(503, 429, 200) as server:
        settings = settings_of(tmp_path, f"webhook: {{url: '{server.url}'}}")
        (sent,) = sending.send(settings, MESSAGE, pauses.append)
    assert (sent.is_sent, sent.tries, pauses) == (True, 3, [1.0, 2.0])


@pytest.mark.parametrize(("answer", "tries"), [(500, 3), (404, 1), (302, 1)])
def test_a_webhook_that_does_not_take_it_is_given_up(
    tmp_path: Path, answer: int, tries: int
) -> None:
    """A refusal stays one; a redirection is not followed: the message goes nowhere else."""
    with web_server(answer) as server:
        settings = settings_of(tmp_path, f"webhook: {{url: '{server.url}'}}")
        (sent,) = sending.send(settings, MESSAGE, lambda _: None)
    assert (sent.is_sent, sent.tries, sent.trouble) == (False, tries, f"HTTP {answer}")
    assert len(server.requests) == tries


def test_where_nobody_listens_it_is_told_without_the_address(tmp_path: Path) -> None:
    with web_server() as server:
        url = server.url
    settings = settings_of(tmp_path, f"webhook: {{url: '{url}', timeout_seconds: 1, tries: 2}}")
    (sent,) = sending.send(settings, MESSAGE, lambda _: None)
    assert (sent.is_sent, sent.tries) == (False, 2)
    assert "Connection refused" in sent.trouble
    sending.record(tmp_path, MESSAGE, [sent])
    kept = (tmp_path / "alerts.jsonl").read_text(encoding="utf-8")
    assert "SECRETKEY" not in kept
    (line,) = map(json.loads, kept.splitlines())
    assert line["text"] == MESSAGE.text, "what nobody took is not lost"


def test_a_mail_is_sent_in_both_languages(tmp_path: Path) -> None:
    with mail_server() as server:
        settings = settings_of(
            tmp_path,
            f"mail: {{host: 127.0.0.1, port: {server.port}, security: none,"
            " sender: crm@bank, to: [a@bank, b@bank]}",
        )
        (sent,) = sending.send(settings, MESSAGE)
    assert sent.is_sent, sent.trouble
    (raw,) = server.mails
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail["Subject"] == MESSAGE.subject
    assert mail["To"] == "a@bank, b@bank"
    assert mail["Bcc"] is None, "a file name adds no recipient"
    body = mail.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").rstrip("\n") == MESSAGE.text
    assert sum(command.upper().startswith("RCPT") for command in server.commands) == 2


def test_a_mail_that_is_refused_is_told_without_the_servers_words(tmp_path: Path) -> None:
    with mail_server(recipient_code=550) as server:
        settings = settings_of(
            tmp_path,
            f"mail: {{host: 127.0.0.1, port: {server.port}, security: none,"
            " sender: crm@bank, to: [a@bank], tries: 1}",
        )
        (sent,) = sending.send(settings, MESSAGE)
    assert (sent.is_sent, sent.trouble) == (False, "SMTPRecipientsRefused")


def test_a_server_without_tls_gets_nothing_where_tls_is_wanted(tmp_path: Path) -> None:
    with mail_server() as server:
        settings = settings_of(
            tmp_path,
            f"mail: {{host: 127.0.0.1, port: {server.port}, sender: s@b, to: [a@b], tries: 1}}",
        )
        (sent,) = sending.send(settings, MESSAGE)
    assert not sent.is_sent
    assert server.mails == []


def test_a_command_reads_the_json(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    script = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
    settings = Settings.model_validate(
        {"command": {"argv": [sys.executable, "-c", script, str(out)]}}
    )
    assert sending.send(settings, MESSAGE)[0].is_sent
    assert json.loads(out.read_text(encoding="utf-8")) == MESSAGE.as_json()


@pytest.mark.parametrize(
    ("argv", "trouble"),
    [
        ([sys.executable, "-c", "raise SystemExit(3)"], "exit code 3"),
        ([sys.executable, "-c", "import time; time.sleep(20)"], "timed out"),
        (["/nowhere/at/all"], "FileNotFoundError No such file or directory"),
    ],
)
def test_a_command_that_fails_is_told(argv: list[str], trouble: str) -> None:
    settings = Settings.model_validate({"command": {"argv": argv, "timeout_seconds": 1}})
    (sent,) = sending.send(settings, MESSAGE)
    assert (sent.is_sent, sent.trouble) == (False, trouble)


class Listening(LogReporter):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def note(self, text: str, *, is_warning: bool = False) -> None:
        self.said.append(text)
        super().note(text, is_warning=is_warning)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("CRM_LANDING", raising=False)
    return Home(tmp_path / "home").create()


def run_night(home: Home, failure: BaseException | None, reporter: Listening) -> Night:
    """A night that receives, and then fails or ends without publishing."""
    request = Request(day("2026-01-05"), home.landing)
    kept: list[Night] = []
    (home.landing / "corebank_transaction_20260105.csv").write_text("x", encoding="utf-8")
    try:
        environment = environments.named("test")
        with nights.open_night(home, environment, request, reporter) as night:
            kept.append(night)
            with night.stage("receive"):
                deliveries.receive(night)
            with night.stage("gate"):
                deliveries.pass_gate(night)
                if failure is not None:
                    raise failure
    except BaseException as error:
        assert error is failure  # noqa: PT017 - and nothing else came in its place
    return kept[0]


FAILURES = {
    "deliveries": (DeliveriesError("赵铁柱", "赵铁柱"), "night_failed", "exit code 3"),
    "audit": (AuditError("赵铁柱", "赵铁柱"), "audit_failed", "exit code 4"),
    "foreseen by nobody": (ValueError("赵铁柱"), "night_failed", "exit code 1"),
    "by hand": (KeyboardInterrupt("赵铁柱"), "night_failed", "exit code 1"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_night_that_fails_tells_so_and_never_what_was_in_the_error(home: Home, name: str) -> None:
    failure, event, told = FAILURES[name]
    with web_server() as server:
        home.alerts.write_text(f"webhook: {{url: '{server.url}'}}", encoding="utf-8")
        run_night(home, failure, Listening())
    (body,) = server.bodies
    assert body["events"][0]["event"] == event
    assert told in body["events"][0]["en"]
    assert "stage gate" in body["events"][0]["en"]
    assert "赵铁柱" not in json.dumps(body, ensure_ascii=False)
    late = [each for each in body["events"] if each["event"] == "feed_late"]
    assert {"corebank__account", "corebank__customer"} <= {each["feed"] for each in late}
    assert all(each["owner"] and each["zh"] and each["en"] for each in late)
    kept = (home.logs / "alerts.jsonl").read_text(encoding="utf-8")
    assert json.loads(kept)["ways"][0]["is_sent"] is True


def test_a_killed_run_is_told_by_the_next(home: Home) -> None:
    Ledger(home.ledger).start_run(day("2026-01-04"), "code")
    with web_server() as server:
        home.alerts.write_text(f"webhook: {{url: '{server.url}'}}", encoding="utf-8")
        run_night(home, DeliveriesError("x", "x"), Listening())
        run_night(home, DeliveriesError("x", "x"), Listening())
    told = [[each["en"] for each in body["events"]] for body in server.bodies]
    killed = "Run 1 for 2026-01-04 was killed before this one, which took up its work."
    assert killed in told[0]
    assert killed not in told[1]


def test_only_the_events_that_are_wanted_are_told(home: Home) -> None:
    with web_server() as server:
        home.alerts.write_text(
            f"events: [published]\nwebhook: {{url: '{server.url}'}}", encoding="utf-8"
        )
        run_night(home, DeliveriesError("x", "x"), Listening())
    assert server.bodies == []
    assert not (home.logs / "alerts.jsonl").exists()


@pytest.mark.parametrize("text", ["webhook: {url: 'http://127.0.0.1:1/', tries: 1}", "colour: red"])
def test_an_alert_that_fails_is_told_and_changes_nothing(home: Home, text: str) -> None:
    home.alerts.write_text(text, encoding="utf-8")
    reporter = Listening()
    failure = DeliveriesError("missing", "missing")
    night = run_night(home, failure, reporter)
    assert night.failure is failure
    assert any("alert" in said.lower() for said in reporter.said)
    assert night.ledger.runs()[-1].state == "failed"


def test_a_night_that_was_not_admitted_tells_the_numbers(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "SPACE_AT_LEAST", 10**18)
    with web_server() as server:
        home.alerts.write_text(f"webhook: {{url: '{server.url}'}}", encoding="utf-8")
        with pytest.raises(PreflightError):
            nights.admit(home, home.landing, day("2026-01-05"), Listening())
    (body,) = server.bodies
    assert "磁盘空间不足" in body["events"][0]["zh"]
    assert "GB free" in body["events"][0]["en"]


def test_every_event_has_a_title_in_both_languages() -> None:
    names = {*alert_settings.EventName.__args__, "test"}  # type: ignore[attr-defined]
    assert set(messages.TITLES) == names
