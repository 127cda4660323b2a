"""The managers' old ledgers of merchants, and what the president system knows of the same shops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank import pools
from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.columns import dates, named
from ingestion.demo_bank.people import CORE, MERCHANT, PRESIDENT, People
from ingestion.demo_bank.shape import NO_DAY, Bools, Ints, Shape
from ingestion.demo_bank.survey import Survey

_MOST_ROWS: Final = 6_000
# What the managers do to a name, and how often; the rest is written as it stands over the door.
_NAME_ERRORS: Final = {"short": 0.22, "one_character": 0.06, "space": 0.04}
_UNKNOWN_EMPLOYEE: Final = "999999"


@dataclass
class MerchantBook:
    """Entries of the old ledgers and rows of the president system.

    `person` is the core customer whose shop it is, -1 for a shop that is nobody's customer.
    `expected` is what a careful office does with each entry.
    """

    ledger: pl.DataFrame
    handed_over: Ints
    system: pl.DataFrame
    known_from: Ints
    truth: pl.DataFrame

    def ledger_frame(self, until: int) -> pl.DataFrame:
        """The ledgers as put together by `until`."""
        day = np.where(self.handed_over <= until, self.handed_over, -1)
        return self.ledger.with_columns(handed_over_date=dates(day))

    def system_frame(self, until: int) -> pl.DataFrame:
        """The merchants that the president system knows on `until`."""
        return self.system.filter(pl.Series(self.known_from <= until))


def make_merchants(shape: Shape, people: People, staff: Staff, survey: Survey) -> MerchantBook:
    """Both lists, with the truth about which entry must leave the ledger."""
    rng = shape.rng("merchants")
    start = shape.periods[0].start
    shops = np.flatnonzero(
        (people.source == CORE) & (people.population == MERCHANT) & (people.opened < start)
    )
    surveyed = np.isin(shops, survey.customer[survey.customer >= 0])
    picked = shops[rng.random(len(shops)) < np.where(surveyed, 0.8, 0.35)][:_MOST_ROWS]
    others = max(len(picked) // 3, 1)
    person = np.concatenate([picked, np.full(others, -1)])
    district = np.concatenate([people.district[picked], rng.integers(0, 7, others)])
    strangers = pools.shop_names(rng.integers(0, len(pools.TRADES), others), rng)
    names = pl.concat([people.shop_names.gather(picked), strangers])
    # The districts were drawn anew: two in five shops lay in the neighbour's before.
    before = np.where(rng.random(len(person)) < 0.4, (district + 1) % 7, district)
    leaders = np.array([staff.team(team)[0] for team in range(7)])
    system, known_from, opener = _system(people, staff, shops, leaders, rng)
    opened_by = np.where(person >= 0, opener[np.maximum(person, 0)], _NOT_LISTED)
    written, errors = _written(names, rng)
    ledger = _ledger(people, person, district, written, opened_by, start, rng)
    ledger = ledger.with_columns(
        ledger_row_id=pl.Series([f"TZ{n + 1:05d}" for n in range(len(person))]),
        manager_id=named(staff.ids, leaders[before]),
    )
    handed_over = start + rng.integers(2, 75, len(person))
    handed_over[rng.random(len(person)) < 0.05] = NO_DAY + 10**6
    homes = zip(opened_by, leaders[district], strict=True)
    expected = [_expected(by, leader, staff) for by, leader in homes]
    truth = pl.DataFrame(
        {
            "ledger_row_id": ledger["ledger_row_id"],
            "customer_id": named(people.ids, person),
            "name_error": errors,
            "expected": expected,
        }
    )
    return _with_repeats(MerchantBook(ledger, handed_over, system, known_from, truth), staff, rng)


# Who opened an account: an employee, nobody that is named, no account, not in the system.
_NOBODY, _NO_ACCOUNT, _NOT_LISTED = -1, -2, -3


def _system(
    people: People, staff: Staff, shops: Ints, leaders: Ints, rng: np.random.Generator
) -> tuple[pl.DataFrame, Ints, Ints]:
    """(rows, day each is known from, who opened for each person) of the president system."""
    opener = np.full(people.count, _NOT_LISTED)
    listed = shops[rng.random(len(shops)) < 0.55]
    second = np.flatnonzero(people.source == PRESIDENT)
    own = people.person[second]
    listed = np.setdiff1d(listed, own)
    number = np.concatenate([second, listed])
    person = np.concatenate([own, listed])
    home = leaders[people.district[person]]
    away = leaders[(people.district[person] + rng.integers(1, 7, len(person))) % 7]
    free = np.array([i for i in staff.with_post("manager") if staff.teams[i] < 0])
    someone = free[rng.integers(0, len(free), len(person))]
    kind = rng.choice(5, len(person), p=[0.47, 0.22, 0.14, 0.05, 0.12])
    by = np.select([kind == 0, kind == 1, kind == 2, kind == 3], [home, away, someone, _NOBODY],
                   _NO_ACCOUNT)  # fmt: skip
    opener[person] = by
    short = people.shop_names.gather(person).str.replace("^娄烦县?", "")
    is_short = pl.Series(rng.random(len(person)) < 0.4)
    has_account = by != _NO_ACCOUNT
    frame = pl.DataFrame(
        {
            "customer_id": people.ids.gather(number),
            "merchant_name": short.zip_with(is_short, people.shop_names.gather(person)),
            "is_opened": pl.Series(has_account),
            "opening_manager_id": named(staff.ids, np.maximum(by, -1)),
            "opened_date": dates(np.where(has_account, people.opened[person], -1)),
        }
    )
    return frame, people.opened[number].astype(np.int64), opener


def _written(names: pl.Series, rng: np.random.Generator) -> tuple[pl.Series, list[str]]:
    """The names as the managers wrote them, and what is wrong with each."""
    kinds = rng.choice([*_NAME_ERRORS, ""], len(names), p=[*_NAME_ERRORS.values(),
                       1 - sum(_NAME_ERRORS.values())])  # fmt: skip
    places = rng.integers(0, 100, len(names))
    letters = rng.integers(0, len(pools.MALE_CHARACTERS), len(names))
    made, errors = [], []
    for name, kind, place, letter in zip(names, kinds, places, letters, strict=True):
        short = name.removeprefix("娄烦县").removeprefix("娄烦")
        text = name
        if kind == "short":
            text = short
        elif kind == "one_character":
            at = len(name) - len(short) + place % 2
            text = name[:at] + pools.MALE_CHARACTERS[letter] + name[at + 1 :]
        elif kind == "space":
            text = f"{name[:-2]} {name[-2:]}"
        made.append(text)
        errors.append(str(kind) if text != name else "")
    return pl.Series(made, dtype=pl.String), errors


def _ledger(
    people: People,
    person: Ints,
    district: Ints,
    names: pl.Series,
    opened_by: Ints,
    start: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    count = len(person)
    is_known = person >= 0
    strangers = pools.person_names(rng.random(count) < 0.6, rng)
    is_own_name = pl.Series(is_known & (people.party[np.maximum(person, 0)] == 0))
    own = named(people.names, np.where(is_known, person, -1))
    nothing = pl.Series([None] * count, dtype=pl.String)
    asked = pl.Series(rng.random(count) < 0.85)
    has_phone = is_known & (rng.random(count) < 0.75)
    truth = (opened_by != _NOT_LISTED) & (opened_by != _NO_ACCOUNT)
    said = np.where(rng.random(count) < 0.05, ~truth, truth)
    return pl.DataFrame(
        {
            "ledger_row_id": nothing,
            "manager_id": nothing,
            "merchant_name": names,
            "owner_name": own.zip_with(is_own_name, strangers).zip_with(asked, nothing),
            "mobile_number": named(people.mobiles, np.where(has_phone, person, -1)),
            "address_text": pools.addresses(district, rng),
            "district_id": named([d[0] for d in pools.DISTRICTS], district),
            "is_opened": pl.Series(said).set(pl.Series(rng.random(count) < 0.1), None),
            "listed_date": dates(start - rng.integers(30, 900, count)),
        }
    )


def _expected(opened_by: int, leader: int, staff: Staff) -> str:
    """What becomes of an entry whose shop nobody could mistake for another."""
    if opened_by == _NOBODY:
        return "disputed"
    if opened_by in (_NOT_LISTED, _NO_ACCOUNT) or opened_by == leader:
        return "kept"
    return "kept" if staff.left[opened_by] != NO_DAY else "removed"


def _with_repeats(book: MerchantBook, staff: Staff, rng: np.random.Generator) -> MerchantBook:
    """The book with some shops entered twice, and one entry of an employee nobody knows."""
    count = book.ledger.height
    again: Bools = rng.random(count) < 0.02
    rows = np.flatnonzero(again)
    numbers = pl.Series([f"TZ{count + n + 1:05d}" for n in range(len(rows))], dtype=pl.String)
    managers = [i for i in staff.with_post("manager") if staff.teams[i] >= 0]
    keepers = np.array(managers)[rng.integers(0, len(managers), len(rows))]
    repeated = book.ledger[rows].with_columns(
        ledger_row_id=numbers, manager_id=named(staff.ids, keepers)
    )
    ledger = pl.concat([book.ledger, repeated])
    foreign = ledger["ledger_row_id"] == f"TZ{count // 2 + 1:05d}"
    ledger = ledger.with_columns(
        manager_id=pl.when(foreign).then(pl.lit(_UNKNOWN_EMPLOYEE)).otherwise("manager_id")
    )
    truth = book.truth[rows].with_columns(ledger_row_id=numbers, expected=pl.lit("removed"))
    return MerchantBook(
        ledger,
        np.concatenate([book.handed_over, book.handed_over[rows]]),
        book.system,
        book.known_from,
        pl.concat([book.truth, truth]),
    )
