"""How every subcommand speaks: one console, one way to fail, one way to print JSON."""

from __future__ import annotations

import datetime as dt
import errno
import functools
import json
import os
import re
import shlex
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from dagster_project.errors import NightError, WrongUsageError, named_cause
from dagster_project.home import DEFAULT_HOME, Home
from ml.system_errors import why_zh

# A pipe has no width; a table squeezed into eighty columns could not be searched.
PIPE_WIDTH = 200


def _console(stream: TextIO, *, is_error: bool) -> Console:
    width = None if stream.isatty() else PIPE_WIDTH
    # A delivered text like a:b:c is no picture.
    return Console(stderr=is_error, highlight=False, width=width, emoji=False)


console = _console(sys.stdout, is_error=False)
errors = _console(sys.stderr, is_error=True)

EXIT_CODES = (
    "Exit codes: 0 done, or nothing to do. 1 unexpected error. 2 wrong usage. "
    "3 missing, held or refused deliveries stopped the night. 4 the audit failed, nothing was "
    "published. 5 another run holds the lease. 6 the night is published already (--force builds "
    "it again). 7 the machine or the home does not admit a night (crm doctor)."
)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Another state folder than CRM_HOME.", show_default="data/"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
FeedsOption = Annotated[
    Path | None,
    typer.Option(
        "--feeds",
        envvar="CRM_FEEDS",
        help="Folder of a bank's own feed files.",
        show_default="those of the last night, else the standard feeds",
    ),
]

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")

_FREE, _GIVE = (
    ("请腾出空间", "Free space"),
    ("请将其所有者改为运行 crm 的用户", "Give it to whoever runs crm"),
)
#: What an operator can do about a file that cannot be written, by the error of the system.
_WAYS_TO_MEND = {
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.EROFS: ("请以可写方式挂载", "Mount it for writing"),
    errno.EACCES: _GIVE,
    errno.EPERM: _GIVE,
}
Command = TypeVar("Command", bound=Callable[..., Any])


def guarded(command: Command) -> Command:
    """Turn every error into one sentence and the documented exit code."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except BrokenPipeError:
            # The reader of a pipe (head, less) has what it wanted.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except KeyboardInterrupt:
            fail(
                NightError(
                    "已手动中止；下一次 crm run 将重新开始该夜间任务。",
                    "stopped by hand; the next crm run starts the night anew",
                )
            )
        except Exception as error:
            cause = known(error)
            if cause is None:
                cause = _unforeseen(error, options.get("home"))
            fail(cause)

    return run  # type: ignore[return-value]


def _unforeseen(error: Exception, home: Path | None) -> NightError:
    """Write the traceback of an error that nobody foresaw into the home, and say where it is.

    The sentence names the kind of error only: its own words may quote a customer's data.
    """
    told = "".join(traceback.format_exception(error))
    kind = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        kind += f": {error.strerror}"
    path = Home.resolve(home).logs / "errors.log"
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{dt.datetime.now(dt.UTC).isoformat(timespec='seconds')}\n{told}\n")
    except OSError as unwritten:
        sys.stderr.write(told)
        where = f"above; {path} cannot be written ({unwritten.strerror})"
        where_zh = f"见上；{path} 无法写入（{why_zh(unwritten)}）"
    else:
        where, where_zh = f"in {path}", f"见 {path}"
    return NightError(
        f"发生未预料的错误（{kind}），错误详情{where_zh}。请重新执行；若仍失败，请附该详情报告。",
        f"an error that nobody foresaw ({kind}); the traceback is {where}. Run the command again;"
        " if it fails again, report it with that traceback",
    )


def known(error: BaseException) -> NightError | None:
    """The error of the house inside `error`, or None when it is one nobody foresaw."""
    from ingestion.contracts.errors import FeedError
    from ingestion.ledger import DecisionError, LedgerError
    from ml.errors import InputRefused, MlError
    from serving.errors import (
        NoGenerationError,
        ServingError,
        UnknownCustomerError,
        UnknownMonthError,
    )

    if isinstance(error, FeedError):
        told = " ".join(str(error).split("\n"))
        return WrongUsageError(f"接口定义文件有误，请改正后重试：{told}", told)
    usage = (
        DecisionError,
        NoGenerationError,
        InputRefused,
        UnknownCustomerError,
        UnknownMonthError,
    )
    if isinstance(error, usage):
        return WrongUsageError(*error.sentence)
    if isinstance(error, LedgerError | ServingError | MlError):
        return NightError(*error.sentence)
    if isinstance(error, OSError) and error.errno in _WAYS_TO_MEND:
        zh, en = _WAYS_TO_MEND[error.errno]
        where = error.filename or "?"
        return NightError(
            f"{where} 无法写入（{why_zh(error)}），已有数据未改动；{zh}，再重新运行同一命令",
            f"{where} cannot be written ({error.strerror}); nothing that stood was changed. {en},"
            " then run the same command again",
        )
    return named_cause(error)


def fail(error: NightError) -> NoReturn:
    """Say what is wrong, and end with the exit code of its kind."""
    say_error(*error.sentence)
    raise typer.Exit(error.exit_code)


def say_error(zh: str, en: str) -> None:
    """What is wrong, on standard error: a line in Chinese, and below it one in English."""
    errors.print(f"[bold red]crm:[/] {escape(zh)}", soft_wrap=True)
    errors.print(f"     {escape(en)}", soft_wrap=True)


def home_of(given: Path | None) -> Home:
    """The home a command works on.

    Raises:
        PreflightError: It was written by a newer version; not even reading it is safe.
    """
    from dagster_project import preflight

    home = Home.resolve(given)
    preflight.refuse_newer(home)
    return home


def home_option(home: str) -> str:
    """What has to be added to a command for it to find this home, whatever shell it is typed in."""
    return "" if Path(home) == DEFAULT_HOME else f" --home {shlex.quote(home)}"


def parse_date(option: str, text: str) -> dt.date:
    """The date given to an option."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise WrongUsageError(
            f"{option} 为 {text!r}；请写成 YYYY-MM-DD。",
            f"{option} is {text!r}; write it as YYYY-MM-DD",
        ) from None


def parse_month(text: str) -> dt.date:
    """The first day of a month given as YYYY-MM.

    Raises:
        WrongUsageError: It is no month.
    """
    if not _MONTH.fullmatch(text):
        raise WrongUsageError(
            f"月份为 {text!r}；请写成 YYYY-MM。", f"the month is {text!r}; write it as YYYY-MM"
        )
    return dt.date.fromisoformat(f"{text}-01")


def print_json(value: Any) -> None:
    """Write JSON to standard output, dates as ISO texts."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
