"""Readers in processes of their own: whatever a file does to one, the others go on."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.batch import BatchReport
from ingestion.contracts import FilePattern
from ingestion.quarantine import quarantine_path
from ingestion.sentence import Sentence
from ingestion.workers.pool import ReaderError, ReaderPool
from ingestion.workers.process import Limits
from ingestion.workers.task import Task
from tests.unit.ingestion.books import raw, row
from tests.unit.ingestion.made_up import CSV, ENTRY, NIGHT, extract_of

GOOD = extract_of("S1|张三|20250131|1.00|").encode("gb18030")
TOO_LONG = (
    "读取该文件耗用的处理器时间超过上限，文件未入库；请检查文件是否异常庞大或已损坏。",
    "Reading the file took more processor time than is allowed, so it was not loaded; see whether"
    " it is damaged or far larger than usual.",
)


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., Task]:
    """Makes the task to read some bytes, or whatever lies at a path."""

    def make(content: bytes | Path, number: int = 1, pattern: FilePattern | None = None) -> Task:
        archived = tmp_path / f"archived_{number}"
        if isinstance(content, Path):
            archived = content
        else:
            archived.write_bytes(content)
        return Task(
            delivery_id=number,
            feed=ENTRY.feed,
            pattern=pattern or ENTRY.delivery.files[0],
            archived=archived,
            source_file=CSV,
            part=None,
            business_date=NIGHT,
            batch_id=f"b{number}",
            precedence="0000|2|",
            unfinished=tmp_path / f"b{number}.parquet",
            quarantine=tmp_path / "quarantine",
        )

    return make


def read_all(
    tasks: list[Task], limits: Limits | None = None, workers: int = 1
) -> dict[int, BatchReport]:
    with ReaderPool({ENTRY.feed: ENTRY}, workers, limits or Limits()) as pool:
        return {task.delivery_id: report for task, report in pool.run(tasks)}


def refusal_of(report: BatchReport) -> Sentence:
    assert report.refusal is not None
    return report.refusal


def in_hand(path: Path, signal_number: int, pool: ReaderPool, times: int = 1) -> None:
    """Sends a signal to the reader that has opened the pipe at `path`, and to its successors."""

    def act() -> None:
        for _ in range(times):
            # Opening a pipe waits until somebody reads it: then the reader has the file in hand.
            with path.open("wb"):
                process = next(reader.process for reader in pool._readers if reader.task)
                os.kill(process.pid, signal_number)
                process.wait()

    threading.Thread(target=act, daemon=True).start()


def test_files_are_read_side_by_side_and_end_by_themselves(task: Callable[..., Task]) -> None:
    wrong = FilePattern.model_construct(
        pattern="entry_{date}.csv", format="csv", encoding="no such encoding", header=True
    )
    tasks = [task(GOOD, 1), task(GOOD, 2, wrong), task(b"", 3), task(GOOD, 4)]
    reports = read_all(tasks, workers=2)
    assert [reports[n].state for n in range(1, 5)] == ["loaded", "refused", "refused", "loaded"]
    assert "是空文件" in refusal_of(reports[3]).zh
    # A defect of the program is told as one, and without a word of the file's data.
    refusal = refusal_of(reports[2])
    assert "读取程序处理该文件时出错（LookupError at " in refusal.zh
    assert refusal.zh.endswith("，文件未入库；请联系系统维护人员。")
    assert "tell those who maintain this program" in refusal.en
    assert "张三" not in refusal.zh + refusal.en


def test_nothing_to_read_starts_nobody() -> None:
    with ReaderPool({ENTRY.feed: ENTRY}) as pool:
        assert list(pool.run([])) == []
        assert pool._readers == []


def test_a_reader_that_is_killed_costs_its_file_only(
    task: Callable[..., Task], tmp_path: Path
) -> None:
    pipes = [tmp_path / "one", tmp_path / "other"]
    for pipe in pipes:
        os.mkfifo(pipe)
    tasks = [task(pipes[0], 1), task(pipes[1], 2), task(GOOD, 3)]
    old = quarantine_path(tasks[0].quarantine, ENTRY.feed, "b1")
    old.parent.mkdir(parents=True)
    old.write_bytes(b"refused rows of an earlier reading")
    with ReaderPool({ENTRY.feed: ENTRY}, workers=1) as pool:
        in_hand(pipes[0], signal.SIGKILL, pool, times=2)
        in_hand(pipes[1], signal.SIGXCPU, pool)
        reports = {each.delivery_id: report for each, report in pool.run(tasks)}
    assert reports[1].refusal == (
        "读取该文件的进程异常终止（信号 9），通常是文件要求的内存超过上限；文件未入库，"
        "请检查文件是否损坏。",
        "The process that read the file died (signal 9), usually because the file asks for more"
        " memory than is allowed; it was not loaded, see whether it is damaged.",
    )
    assert reports[2].refusal == TOO_LONG
    assert [reports[number].state for number in (1, 2, 3)] == ["refused", "refused", "loaded"]
    assert not any(each.unfinished.exists() for each in tasks[:2])
    assert not old.exists()
    assert all((path := reports[number].returned) and path.exists() for number in (1, 2))


def test_a_reader_that_is_killed_once_is_not_held_against_its_file(
    task: Callable[..., Task], tmp_path: Path
) -> None:
    """F13: the kernel was short of memory, or somebody's hand slipped; the file is read again."""
    pipe = tmp_path / "one"
    os.mkfifo(pipe)
    killed = task(pipe, 1)
    (tmp_path / "good").write_bytes(GOOD)

    def kill() -> None:
        with pipe.open("wb"):
            (tmp_path / "good").replace(pipe)
            process = next(reader.process for reader in pool._readers if reader.task)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    with ReaderPool({ENTRY.feed: ENTRY}, workers=1) as pool:
        threading.Thread(target=kill, daemon=True).start()
        reports = {each.delivery_id: report for each, report in pool.run([killed, task(GOOD, 2)])}
    assert [reports[number].state for number in (1, 2)] == ["loaded", "loaded"]


def test_a_reader_that_is_told_to_stop_stops_the_reading(
    task: Callable[..., Task], tmp_path: Path
) -> None:
    """Somebody ends the night; the file is not to blame and is read by the next run.

    Also where the night itself ignores the signal, as one started in the background may.
    """
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with ReaderPool({ENTRY.feed: ENTRY}, 1, Limits(wall_seconds=60)) as pool:
            in_hand(pipe, signal.SIGTERM, pool)
            with pytest.raises(ReaderError, match="stopped by signal 15"):
                list(pool.run([task(pipe)]))
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_a_killed_reader_had_put_aside_goes_with_it(
    task: Callable[..., Task], tmp_path: Path
) -> None:
    """Each one left a folder among the machine's temporary files."""
    pipe, scratch = tmp_path / "pipe", tmp_path / "scratch"
    os.mkfifo(pipe)
    scratch.mkdir()
    (scratch / "left by a night that was killed").write_bytes(b"x")
    with ReaderPool({ENTRY.feed: ENTRY}, 1, scratch=scratch) as pool:
        in_hand(pipe, signal.SIGKILL, pool, times=2)
        found = pool.run([task(pipe, 1), task(GOOD, 2)])
        next(found)
        folders = list(scratch.iterdir())
        assert folders == [reader.spill for reader in pool._readers]
        assert next(found)[1].state == "loaded"
    assert not scratch.exists()


def test_a_reader_that_hangs_is_ended_and_the_others_go_on(
    task: Callable[..., Task], tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    limits = Limits(wall_seconds=6, wall_seconds_per_mb=0)
    reports = read_all([task(pipe, 1), task(GOOD, 2)], limits)
    assert reports[1].refusal == (
        "读取该文件超过时限仍未完成，读取进程已被终止，文件未入库；"
        "请检查文件是否异常庞大或已损坏。",
        "Reading the file took longer than is allowed, so its reader was ended and it was not"
        " loaded; see whether it is damaged or far larger than usual.",
    )
    assert reports[2].state == "loaded"


def test_a_file_that_writes_too_much_is_refused_alone(task: Callable[..., Task]) -> None:
    rows = [f"S{n}|张三{n * 7919 % 100003}|20250131|{n}|{n * n}" for n in range(20_000)]
    big = extract_of(*rows).encode("gb18030")
    reports = read_all([task(big, 1), task(GOOD, 2)], Limits(file_bytes=50_000))
    assert "读取该文件要写出的数据超过单个文件的上限" in refusal_of(reports[1]).zh
    assert "grew beyond the largest file that is allowed" in refusal_of(reports[1]).en
    assert reports[2].state == "loaded"


def test_a_workbook_that_takes_a_reader_down_is_told_why(task: Callable[..., Task]) -> None:
    """Too big to be looked over first, it makes its reader ask for 400 GB."""
    xlsx = ENTRY.delivery.files[1]
    rows = "".join(row(n, f"S{n}", "张三" * 20) for n in range(2, 45_000))
    far = row(1_048_576, more='<c r="XFD1048576"><v>1</v></c>')
    hostile, good = raw(rows, far), raw(row(2, "S1", "张三"))
    reports = read_all([task(hostile, 1, xlsx), task(good, 2, xlsx), task(GOOD, 3)])
    assert "的数据区域达到 1,048,576 行 16,384 列" in refusal_of(reports[1]).zh
    assert [reports[2].state, reports[3].state] == ["loaded", "loaded"]


def peak_bytes(reader_task: Task) -> int:
    """The most address space a reader took for a small file; that depends on the machine."""
    with ReaderPool({ENTRY.feed: ENTRY}, workers=1) as pool:
        assert next(pool.run([reader_task]))[1].state == "loaded"
        status = Path(f"/proc/{pool._readers[0].process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmPeak:")]
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit of memory")
def test_a_file_that_takes_too_much_memory_is_refused_alone(task: Callable[..., Task]) -> None:
    """Any failure that a reader reported ended the night with an AttributeError."""
    # Lines short enough to be read at all, whose text is held several times over: 800 MB, measured.
    greedy = GOOD + (b"S2|" + b"x" * 30_000_000 + b"|20250131|1|\n") * 8
    # With room for some threads more than the first reader had, whose heaps ask for 64 MB each.
    limits = Limits(address_bytes=peak_bytes(task(GOOD)) + (256 << 20))
    reports = read_all([task(greedy, 1), task(GOOD, 2)], limits)
    # Told by the reader, or by the pool where a library's thread took the reader down with it.
    refusal = refusal_of(reports[1])
    assert "内存超过上限" in refusal.zh
    assert "memory than is allowed" in refusal.en
    assert reports[2].state == "loaded"


def test_a_file_that_takes_too_much_time_is_refused_alone(task: Callable[..., Task]) -> None:
    slow = (
        extract_of().encode("gb18030") + 'S1|"张\n三"|20250131|1|\n'.encode("gb18030") * 2_000_000
    )
    reports = read_all([task(slow, 1), task(GOOD, 2)], Limits(cpu_seconds=1, cpu_seconds_per_mb=0))
    assert reports[1].refusal == TOO_LONG
    assert reports[2].state == "loaded"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is full")
def test_a_full_disk_stops_the_reading_and_says_so(
    task: Callable[..., Task], tmp_path: Path
) -> None:
    """The file is sound: it must not end as refused."""
    full = task(GOOD)
    full.unfinished.symlink_to("/dev/full")
    with pytest.raises(ReaderError, match=f"{CSV} could not be read: .*No space left"):
        read_all([full])


def test_content_that_is_gone_from_the_archive_stops_the_reading(
    task: Callable[..., Task], tmp_path: Path
) -> None:
    """Its sender was told that his file is damaged."""
    with pytest.raises(ReaderError, match="could not be read: FileNotFoundError"):
        read_all([task(tmp_path / "nothing")])


def test_readers_do_not_outlive_the_pool(task: Callable[..., Task], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ReaderPool({ENTRY.feed: ENTRY}, workers=1) as pool:
        found = pool.run([task(GOOD, 1), task(pipe, 2)])
        # By then it has been given the next file, which it cannot end.
        assert next(found)[1].state == "loaded"
        processes = [reader.process for reader in pool._readers]
        found.close()
    assert all(process.poll() is not None for process in processes)


def test_readers_that_cannot_start_stop_the_reading(
    task: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file of the night was refused for good, for asking too much memory."""
    monkeypatch.setattr("sys.executable", shutil.which("false"))
    with pytest.raises(ReaderError, match=r"could not be started \(exit code 1\)"):
        read_all([task(GOOD, 1), task(GOOD, 2)], workers=2)
