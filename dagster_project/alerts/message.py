"""What a night has to tell, as events: counts and file names, never a delivered value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dagster_project.alerts.settings import EventName
from dagster_project.duties import OPERATOR, duties
from dagster_project.errors import AuditError, NightError
from ingestion.sentence import Sentence, shown

if TYPE_CHECKING:
    from dagster_project.night import Night

_LONGEST: Final = 600
TITLES: Final[dict[str, Sentence]] = {
    "night_failed": Sentence("夜间任务失败", "the night failed"),
    "audit_failed": Sentence("审核未通过，未发布", "the audit failed, nothing was published"),
    "gate_failed": Sentence("质量关卡拒收文件", "the quality gate refused files"),
    "feed_late": Sentence("必报数据迟报", "a required feed is late"),
    "delivery_refused": Sentence("文件被拒收", "files were refused"),
    "delivery_held": Sentence("文件待放行", "files wait for a decision"),
    "published": Sentence("已发布", "published"),
    "test": Sentence("测试消息", "a test"),
}
# An error's own words may quote a value that somebody delivered; its kind cannot.
_KINDS: Final = {
    1: Sentence("未预期的错误", "an unexpected error"),
    2: Sentence("用法有误", "wrong usage"),
    3: Sentence("必报文件缺失或被拒收", "required deliveries are missing or were refused"),
    4: Sentence("审核未通过", "the audit found something"),
    5: Sentence("另一任务占用", "another run holds the lease"),
    7: Sentence("机器或数据目录不满足运行条件", "the machine or the home does not admit a night"),
}
_DUTY_EVENTS: Final[dict[str, EventName]] = {
    "late": "feed_late",
    "refused": "delivery_refused",
    "held": "delivery_held",
}


@dataclass(frozen=True)
class Event:
    """One thing that somebody should hear of.

    Attributes:
        name: Which kind.
        owner: Who must act.
        feed: The feed it is about; empty where it is about the night.
        sentence: What happened and what to do.
    """

    name: str
    owner: str
    feed: str
    sentence: Sentence


@dataclass(frozen=True)
class Message:
    """What is sent: all events of one night at once."""

    business_date: str
    run_id: int | None
    events: tuple[Event, ...]

    @property
    def subject(self) -> str:
        """One line in both languages, made of our own words alone."""
        title = TITLES[self.events[0].name]
        more = f" (+{len(self.events) - 1})" if len(self.events) > 1 else ""
        return f"[crm] {self.business_date} {title.zh} {title.en}{more}"

    @property
    def text(self) -> str:
        """All events, a line for each language."""
        lines = [self.subject]
        for each in self.events:
            zh, en = _safe(each.sentence)
            lines += [f"- {shown(each.owner)}：{zh}", f"  {en}"]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The message for a program."""
        return {
            "program": "bank-crm",
            "business_date": self.business_date,
            "run_id": self.run_id,
            "subject": self.subject,
            "text": self.text,
            "events": [
                {
                    "event": each.name,
                    "owner": shown(each.owner),
                    "feed": each.feed,
                    **dict(zip(("zh", "en"), _safe(each.sentence), strict=True)),
                }
                for each in self.events
            ],
        }


def _safe(sentence: Sentence) -> Sentence:
    """One line each, bounded, with control and direction characters written out."""
    return Sentence(shown(sentence.zh, _LONGEST), shown(sentence.en, _LONGEST))


def of_night(night: Night) -> Message:
    """Everything a night that has ended has to tell, what is worst first."""
    events = [*_ending(night), *_killed(night), *_gate(night), *_duties(night)]
    return Message(night.request.business_date.isoformat(), night.run_id, tuple(events))


def of_refusal(business_date: str, error: NightError) -> Message:
    """A night that was not admitted."""
    sentence = getattr(error, "sentence", None) or _failed(business_date, "", error)
    return Message(business_date, None, (Event("night_failed", OPERATOR, "", sentence),))


def test_message() -> Message:
    """What `crm alerts --test` sends."""
    sentence = Sentence(
        "这是一条测试消息，无需处理。", "This is a test; nobody needs to do anything."
    )
    return Message("-", None, (Event("test", OPERATOR, "", sentence),))


def _ending(night: Night) -> Iterable[Event]:
    date = night.request.business_date.isoformat()
    if night.published is not None:
        number = night.published.number
        yield Event(
            "published",
            OPERATOR,
            "",
            Sentence(
                f"业务日期 {date} 已发布为第 {number} 代。",
                f"Business date {date} is published as generation {number}.",
            ),
        )
        return
    failed = [each.stage for each in night.ledger.stages(night.run_id) if each.state == "failed"]
    stage = failed[-1] if failed else ""
    error = night.failure
    name = "audit_failed" if isinstance(error, AuditError) else "night_failed"
    yield Event(name, OPERATOR, "", _failed(date, stage, error))


def _killed(night: Night) -> Iterable[Event]:
    """Runs before this one that could not tell of their own end."""
    for run_id, date in night.killed_runs:
        sentence = Sentence(
            f"此前第 {run_id} 次运行（业务日期 {date}）被中断，本次已接续。",
            f"Run {run_id} for {date} was killed before this one, which took up its work.",
        )
        yield Event("night_failed", OPERATOR, "", sentence)


def _failed(date: str, stage: str, error: BaseException | None) -> Sentence:
    code = error.exit_code if isinstance(error, NightError) else 1
    kind = _KINDS.get(code, _KINDS[1])
    at_zh, at = (f"在 {stage} 阶段", f" in stage {stage}") if stage else ("", "")
    return Sentence(
        f"业务日期 {date} 的夜间任务{at_zh}失败（退出码 {code}：{kind.zh}），未发布；"
        "详见 crm status。",
        f"The night of {date} failed{at} (exit code {code}: {kind.en}); nothing was published."
        " See crm status.",
    )


def _gate(night: Night) -> Iterable[Event]:
    for name, problems in night.gate_problems.items():
        if problems:
            more = f" (+{len(problems) - 1})" if len(problems) > 1 else ""
            zh, en = problems[0]
            sentence = Sentence(f"{zh}{more}", f"{en}{more}")
            yield Event("gate_failed", night.feeds[name].owner, name, sentence)


def _duties(night: Night) -> Iterable[Event]:
    """What waits for somebody since this night: lateness as long as it lasts, files once."""
    rows = night.ledger.deliveries()
    tonight = {row.delivery_id for row in rows if row.ended_run_id == night.run_id}
    settled = night.ledger.turned_away()
    for duty in duties(night.feeds, night.standings, rows, settled, tonight):
        yield Event(_DUTY_EVENTS[duty.kind], duty.owner, duty.feed, duty.sentence)
