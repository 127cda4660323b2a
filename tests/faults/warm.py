"""A process that has imported everything, and forks a night off itself for each line it reads.

Importing takes longer than a small night; without this the harness would take twice as long.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import runpy
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from dagster_project.errors import NightError
from dagster_project.versions import Versions
from tests.faults import night

INJECT = Path(__file__).parent / "inject" / "sitecustomize.py"


def main() -> None:
    """Answer each question with the exit code of its night; minus the signal that ended it."""
    Versions.now(None)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(asked)
        deadline = time.monotonic() + night.PATIENCE_SECONDS
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.005)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(ended[1])}\n")
        sys.stdout.flush()


def _run(asked: dict[str, Any]) -> None:
    os.setsid()
    os.environ.update(asked["variables"])
    said = os.open(asked["said"], os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(said, 2)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    code = 1
    try:
        if asked["variables"]:
            runpy.run_path(str(INJECT), run_name="sitecustomize")
        night.run(Path(asked["home"]), dt.date.fromisoformat(asked["date"]))
        code = 0
    except NightError as error:
        sys.stderr.write(f"{error}\n")
        code = error.exit_code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
