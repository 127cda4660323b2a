"""F20 to F29: files cut, changed, repeated, late, empty, too large; and the dates they fall on."""

from __future__ import annotations

import calendar
import datetime as dt
import random
from pathlib import Path

import pytest

from ingestion.contracts import Feed
from ingestion.contracts.load import load_feeds
from ingestion.landing import due_date
from tests.faults import files, oracle
from tests.faults.desk import FEED, NAME, Desk
from tests.faults.trial import DAY, Figures, night
from tests.unit.ingestion.house import House

pytestmark = pytest.mark.faults
STEP = 1024


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A home with the bank's own feed of postings."""
    return House(tmp_path, {FEED: load_feeds(None)[FEED]})


def _deliver(house: House, name: str, content: bytes, date: dt.date = DAY) -> list[str]:
    """Land a file and read what is pending; the states of all deliveries."""
    house.land(name, content)
    run_id = house.run(date)
    house.extract(house.receive(date, run_id).pending, run_id)
    return house.states()


@pytest.mark.case("F20", "an extract cut at every kilobyte")
def test_every_cut_is_noticed(desk: Desk, figures: Figures) -> None:
    """A cut inside a line is told; one between two lines needs a trailer to be seen."""
    rng = random.Random(20)
    figures.seed = 20
    content = files.transactions(rng, DAY, 2400, files.Slip(0.0))
    between = 0
    for size in range(STEP, len(content), STEP):
        cut = content[:size]
        reading = desk.read(cut)
        figures.tried += 1
        told = bool(reading.report.notes or reading.report.refusal or reading.report.doubts)
        figures.detected += told
        is_between = cut.endswith(b"\n")
        between += is_between
        assert told or is_between, f"cut at {size} was taken for whole"
        # Of what is refused or held whole, nothing is loaded that could be incomplete.
        is_loaded = reading.report.state == "loaded"
        problems = desk.unaccounted(cut, reading) if is_loaded else []
        assert problems == [], f"cut at {size}: {problems[:3]}"
        figures.recovered += 1
    figures.notes.append(
        f"cuts between two lines, seen only where the feed has a trailer: {between}"
    )


@pytest.mark.case("F22", "the same again, under another name, and other content under the same")
def test_the_same_again(house: House, figures: Figures) -> None:
    rng = random.Random(22)
    one, other = (files.transactions(rng, DAY, 12, files.Slip(0.0)) for _ in range(2))
    assert _deliver(house, NAME, one) == ["loaded"]
    before = oracle.fingerprint(house.path)
    assert _deliver(house, NAME, one) == ["loaded"]
    assert _deliver(house, f"again/{NAME}", one) == ["loaded", "duplicate"]
    assert oracle.fingerprint(house.path) == before
    assert _deliver(house, NAME, other)[-1] == "loaded"
    assert house.states() == ["superseded", "duplicate", "loaded"]
    assert oracle.check(house.path).problems == []
    figures.tried = figures.detected = figures.recovered = 3


@pytest.mark.case("F23", "a file changed after it was taken in, and between look and copy")
def test_a_file_that_changes(
    house: House, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingestion.landing import intake

    rng = random.Random(23)
    one, other = (files.transactions(rng, DAY, 12, files.Slip(0.0)) for _ in range(2))
    path = house.land(NAME, one)
    run_id = house.run(DAY)
    pending = house.receive(DAY, run_id).pending
    path.write_bytes(other)
    (report,) = house.extract(pending, run_id)
    assert report.state == "loaded"
    assert oracle.check(house.path, landed={"as received": one}).problems == []
    copy_in = intake.copy_in

    def growing(source: Path, archive: Path) -> tuple[str, Path]:
        done = copy_in(source, archive)
        with source.open("ab") as file:
            file.write(b"J|more\n")
        return done

    house.land(NAME, other)
    monkeypatch.setattr(intake, "copy_in", growing)
    assert len(house.receive(DAY).unsettled) == 1
    monkeypatch.undo()
    figures.tried = figures.detected = figures.recovered = 2


@pytest.mark.case("F24", "files late by 1, 5 and 40 days")
def test_late_files(figures: Figures, tmp_path: Path) -> None:
    """Nights with late files end as nights whose files came in time."""
    rng = random.Random(24)
    figures.seed = 24
    dates = [DAY + dt.timedelta(days=n) for n in (0, 1, 5, 40)]
    contents = {date: files.transactions(rng, date, 12) for date in dates}
    homes = {"late": [3, 2, 1, 0], "in time": [0, 1, 2, 3]}
    told = {}
    for name, order in homes.items():
        home = tmp_path / name
        for number, place in enumerate(order):
            date = dates[place]
            files.land(home / "landing", files.transaction_name(date), contents[date], number)
            last = max(dates[each] for each in order[: number + 1])
            assert night(home, last).code == 0
        assert oracle.check(home).problems == []
        told[name] = oracle.fingerprint(home)
    figures.tried = 3
    assert told["late"] == told["in time"]
    figures.recovered = 3


@pytest.mark.case("F27", "month, quarter and year ends of every day of 2023 to 2027")
def test_period_ends(figures: Figures) -> None:
    day = dt.date(2023, 1, 1)
    while day < dt.date(2028, 1, 1):
        for frequency, months in {"monthly": 1, "quarterly": 3, "yearly": 12}.items():
            ends = [
                dt.date(year, month, calendar.monthrange(year, month)[1])
                for year in range(day.year - 2, day.year + 1)
                for month in range(months, 13, months)
            ]
            assert due_date(frequency, day) == max(end for end in ends if end <= day)
        figures.tried += 1
        day += dt.timedelta(days=1)
    figures.recovered = figures.tried


HEADINGS = f"{files.TRANSACTION}\n".encode("gb18030")
COMPLAINT_FEED = "service__complaint"


@pytest.mark.case("F28", "no byte, no line, headings only, blank lines")
@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"", "refused"),
        (b"\n", "refused"),
        (b"\n\n \n", "refused"),
        (HEADINGS, "held"),
        (HEADINGS + b"\n\n", "held"),
        (HEADINGS.rstrip(), "held"),
    ],
    ids=["empty", "newline", "blank", "headings", "headings and blanks", "no end"],
)
def test_empty_files(house: House, figures: Figures, content: bytes, state: str) -> None:
    """A day without a posting is held until somebody confirms it; a file of nothing is none."""
    figures.tried = 1
    (found,) = _deliver(house, NAME, content)
    figures.detected = 1
    assert found == state
    assert oracle.check(house.path).problems == []
    figures.recovered = 1


@pytest.mark.case("F28", "headings only, of a feed that says it may be empty")
def test_an_empty_list_that_was_announced(tmp_path: Path, figures: Figures) -> None:
    feed = load_feeds(None)[COMPLAINT_FEED]
    house = House(tmp_path, {COMPLAINT_FEED: feed})
    headings = "|".join(column.heading for column in feed.columns if column.is_read)
    content = f"{headings}\n".encode("gb18030")
    figures.tried = figures.detected = 1
    assert _deliver(house, f"service_complaint_{DAY:%Y%m%d}.csv", content) == ["loaded"]
    assert oracle.check(house.path).problems == []
    figures.recovered = 1


@pytest.mark.case("F29", "ten times and a tenth of the usual rows")
def test_volumes_far_from_usual(house: House, figures: Figures) -> None:
    rng = random.Random(29)
    feed: Feed = house.feeds[FEED]
    rule = feed.delivery.volume
    assert rule, "the feed of postings has no rule of volume"
    date, usual = DAY, max(rule.at_least, 60)
    for _ in range(rule.after):
        content = files.transactions(rng, date, usual, files.Slip(0.0))
        assert _deliver(house, files.transaction_name(date), content, date)[-1] == "loaded"
        date += dt.timedelta(days=1)
    for rows in (usual * 11, usual // 11):
        content = files.transactions(rng, date, rows, files.Slip(0.0))
        states = _deliver(house, files.transaction_name(date), content, date)
        figures.tried += 1
        figures.detected += states[-1] == "held"
        assert states[-1] == "held"
        figures.recovered += 1
        date += dt.timedelta(days=1)
    assert oracle.check(house.path).problems == []
