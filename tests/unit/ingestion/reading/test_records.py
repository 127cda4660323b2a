"""One record told apart strictly, and whole stretches of text by a faster way that must agree."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.parsing.signs import BLANKS
from ingestion.parsing.text import clean
from ingestion.reading.records import BadLine, Grammar, SlowLines
from ingestion.reading.text_chunk import count_odd_signs, prepared
from ingestion.sentence import Sentence

PIPE = Grammar("|", '"', 3)
BARE = Grammar("\t", "", 2)


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        ("a|b|c", ["a", "b", "c"]),
        ("||", ["", "", ""]),
        ('"a|b"|c|d', ["a|b", "c", "d"]),
        ('"a""b"|c|', ['a"b', "c", ""]),
        ('""|x|""', ["", "x", ""]),
        ('a"b|c|d', ['a"b', "c", "d"]),
        ('"a\nb"|c|d', ["a\nb", "c", "d"]),
        ("a", ["a"]),
        ('"a"b|c|d', None),
        ('"a|b|c', None),
        ('a|"b', None),
    ],
)
def test_the_fields_of_a_record(record: str, fields: list[str] | None) -> None:
    assert PIPE.fields(record) == fields


def test_without_a_quote_sign_quotes_are_text() -> None:
    assert BARE.fields('"a\tb"') == ['"a', 'b"']
    assert not BARE.is_open('"a')


@pytest.mark.parametrize(
    "fields", [["a", "b", "c"], ["a|b", 'c"d', ""], ["x\ny", "", "z"], ['"', "|", "\n"]]
)
def test_a_written_record_is_read_back(fields: list[str]) -> None:
    assert PIPE.fields(PIPE.written(7, fields).removesuffix("\n")) == ["7", *fields]


@pytest.mark.parametrize(
    ("lines", "out", "covered"),
    [
        (["a|b|c"], "2|a|b|c\n", 1),
        ([" a |b|　c"], "2|a|b|c\n", 1),
        (["", "a|b|c"], "3|a|b|c\n", 2),
        (['"a', 'b"|c|d', "e|f|g"], '2|"a\nb"|c|d\n4|e|f|g\n', 3),
        (["a|b|c", '"open'], "2|a|b|c\n", 1),
    ],
)
def test_records_keep_the_number_of_their_line(
    lines: list[str | BadLine], out: str, covered: int
) -> None:
    """A record that may go on beyond the stretch waits for what follows."""
    assert SlowLines(PIPE).rewritten(lines, 2, is_last=False) == (out, covered)


def test_what_is_known_to_be_damaged_keeps_its_place() -> None:
    slow = SlowLines(PIPE)
    bad = BadLine(3, "?", "encoding", Sentence("坏", "bad"))
    lines: list[str | BadLine] = ["a|b|c", bad, '"x', bad, "d|e|f"]
    out, covered = slow.rewritten(lines, 2, is_last=True)
    assert (out, covered) == ("2|a|b|c\n6|d|e|f\n", 5)
    assert [(each.line, each.code) for each in slow.bad] == [
        (3, "encoding"),
        (4, "quote"),
        (3, "encoding"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a|b|c\nd|e|f\n",
        "张三|李四|王五\n",
        "阿·买|𠮷|\n",
        '"a"|"b|c"|""\n',
        "a|b|c\r\nd|e|f\r\n",
    ],
)
def test_plain_text_takes_the_fast_way(text: str) -> None:
    assert prepared(text, PIPE) in (text.encode(), text.replace("\r\n", "\n").encode())


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        (" a|b |　c\n", "a|b|c\n"),
        (" a|b | c \r\n", "a|b|c\r\n"),
        ("e\u0301|b|c\n", "é|b|c\n"),
        ("\u200ba|b\u00a0|c\ufeff\n", "a|b|c\n"),
        ('" a "|b|c\n', '"a"|b|c\n'),
        ('" a "|b|c\r\n', '"a"|b|c\n'),
        ("a b|c\td|e\n", None),
    ],
)
def test_blanks_at_edges_are_cut_on_the_fast_way(text: str, ready: str | None) -> None:
    assert prepared(text, PIPE) == (None if ready is None else ready.encode())


@pytest.mark.parametrize(
    "text",
    [
        "a|b|c\n\n",
        "\n",
        "a|\0|c\n",
        "a|b\rx|c\n",
        "a|b\rx|c\nd|e|f\r\n",
        "a|b|c\r\n\r\n",
        "\r\n",
        "a|\x1a|c\n",
        "a|b\x7f|c\n",
        '"a|b|c\n',
        '"a"x|b|c\n',
        '"a\nb"|c|d\n',
        '" a" |b|c\n',
    ],
)
def test_what_is_not_plain_goes_the_slow_way(text: str) -> None:
    assert prepared(text, PIPE) is None


CELLS = st.text(alphabet='ab"|,\n\r\t 　\u200b\u00a0é\u0301张𠮷\x1a', max_size=5)
TEXTS = st.lists(st.lists(CELLS, min_size=1, max_size=4).map("|".join), min_size=1, max_size=5)


RECORDS = st.lists(
    st.lists(CELLS, min_size=PIPE.width, max_size=PIPE.width).map("|".join), min_size=1, max_size=5
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(RECORDS)
def test_both_ways_come_to_the_same(lines: list[str]) -> None:
    """Whatever the fast way lets through says the same as the slow way, line by line."""
    text = "\n".join(lines) + "\n"
    ready = prepared(text, PIPE)
    # The loader refuses what has not as many fields as a record.
    if ready is None or any(len(PIPE.fields(line) or []) != PIPE.width for line in _records(text)):
        return
    physical = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    slow = SlowLines(PIPE)
    out, covered = slow.rewritten(list(physical), 1, is_last=True)
    assert (covered, slow.bad, slow.passed_over) == (len(physical), [], [])
    fast = [line.removesuffix("\r") for line in ready.decode().removesuffix("\n").split("\n")]
    assert [PIPE.fields(f"{number}|{line}") for number, line in enumerate(fast, 1)] == [
        PIPE.fields(line) for line in out.removesuffix("\n").split("\n")
    ]


@settings(max_examples=150, derandomize=True, deadline=None)
@given(TEXTS)
def test_the_slow_way_accounts_for_every_line(lines: list[str]) -> None:
    physical = "\n".join(lines).split("\n")
    slow = SlowLines(PIPE)
    out, covered = slow.rewritten(list(physical), 1, is_last=True)
    assert covered == len(physical)
    good = [fields for line in _records(out) if (fields := PIPE.fields(line)) is not None]
    assert len(good) + len(slow.bad) + len(slow.passed_over) == covered
    assert all(len(fields) == 4 for fields in good)
    assert all(text == clean(text) for fields in good for text in fields)


def _records(text: str) -> list[str]:
    """The records of canonical text: a line end inside quotes does not end one."""
    found = re.findall(r'(?:"(?:[^"]|"")*"|[^"\n])*\n', text)
    return [record.removesuffix("\n") for record in found]


def test_every_blank_is_one_that_both_ways_cut() -> None:
    for blank in BLANKS:
        if blank in "\r\n":
            continue
        ready = prepared(f"{blank}a{blank}|b|c\n", PIPE)
        out, _ = SlowLines(PIPE).rewritten([f"{blank}a{blank}|b|c"], 1, is_last=True)
        assert out == "1|a|b|c\n"
        assert ready in (b"a|b|c\n", None)


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("张三𠮷（全角）", (0, 0)),
        ("\ue000\uf8ff\uf900", (2, 0)),
        ("\ufffd\ufffd，", (0, 2)),
        ("", (0, 0)),
    ],
)
def test_odd_signs_are_counted(text: str, odd: tuple[int, int]) -> None:
    assert count_odd_signs(f"{text}\n".encode()) == odd
