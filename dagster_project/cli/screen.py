"""The screen of `crm run`: one line per stage, and what is happening now below them."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.text import Text

TITLES = {
    "receive": "Receive files",
    "extract": "Read them into the lake",
    "gate": "Quality gate",
    "pseudonyms": "Give pseudonyms",
    "build": "Build and test the warehouse",
    "train": "Train models",
    "score": "Score customers",
    "identity": "Find customers with several numbers",
    "findings": "Tell lifetimes, segments, effects and wallets",
    "finish": "Build what reads scores",
    "audit": "Audit",
    "publish": "Publish",
    "deliver": "Write the sheets that are due",
    "replay": "Build again under the given rules",
}


class Screen:
    """A reporter that draws; on a terminal it moves, in a log it prints one line per stage."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seconds: dict[str, float] = {}
        self._stage = ""
        self._started = 0.0
        self._text = ""
        self._done = self._total = 0
        self._lock = threading.RLock()
        self._live = Live(self, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Screen:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._finish("[red]✗[/]" if error else "[green]✓[/]")
        if self.console.is_terminal:
            self._live.stop()

    def __rich__(self) -> Text:
        if not self._stage:
            return Text()
        spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[int(time.monotonic() * 8) % 10]
        line = f"{spinner} {TITLES.get(self._stage, self._stage)}"
        if self._total:
            line += f"  {self._done}/{self._total}"
        text = f"{line}  {self._text}  {time.monotonic() - self._started:.0f} s"
        return Text(text, overflow="ellipsis", no_wrap=True)

    def stage(self, name: str) -> None:
        """A stage begins; the one before it has ended well."""
        with self._lock:
            if name == self._stage:
                return
            self._finish("[green]✓[/]")
            self._stage, self._started = name, time.monotonic()
            self._text, self._done, self._total = "", 0, 0

    def progress(self, text: str, done: int, total: int) -> None:
        """Show what is being done now."""
        with self._lock:
            self._text, self._done, self._total = text, done, total

    def note(self, text: str, *, is_warning: bool = False) -> None:
        """Print a sentence that stays."""
        colour = "yellow" if is_warning else "dim"
        self.console.print(f"  [{colour}]{escape(text)}[/]", soft_wrap=True)

    def _finish(self, mark: str) -> None:
        if not self._stage:
            return
        seconds = time.monotonic() - self._started
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + seconds
        count = f"  [dim]{self._done}/{self._total}[/]" if self._total else ""
        title = TITLES.get(self._stage, self._stage)
        self.console.print(f"{mark} {title}{count}  [dim]{seconds:.1f} s[/]")
        self._stage = ""
