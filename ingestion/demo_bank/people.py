"""The customers: who they are, and under how many numbers the bank knows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingestion.demo_bank import bank, pools
from ingestion.demo_bank.changes import ChangeLog
from ingestion.demo_bank.columns import named
from ingestion.demo_bank.households import family_telephones, other_branches
from ingestion.demo_bank.identifiers import credit_codes, mobiles, resident_ids
from ingestion.demo_bank.shape import NO_DAY, Bools, Days, Floats, Ints, Shape

PARTIES: Final = ("person", "company", "institution")
POPULATIONS: Final = ("merchant", "town_resident", "village_resident", "company", "institution")
MERCHANT, TOWN, VILLAGE, COMPANY, INSTITUTION = range(5)
SOURCES: Final = ("core", "online", "phone", "president")
CORE, ONLINE, PHONE, PRESIDENT = range(4)
INCOME_BANDS: Final = ("low", "middle", "upper_middle", "high")
LEVELS: Final = ("A", "B", "C", "D")
CLASSES: Final = ("key", "target", "potential", "general")
STATUSES: Final = ("active", "closed")
_POPULATION_SHARES: Final = (0.12, 0.38, 0.445, 0.045, 0.01)
_DISTRICT_SHARES: Final = np.array([0.17, 0.16, 0.15, 0.16, 0.14, 0.12, 0.10])


@dataclass
class People:
    """One entry per customer number; `person` tells which of them are the same person.

    The first `core_count` entries are the customers of the core system, one person each but for
    the few who were filed twice; behind them come the numbers that other systems gave them.
    """

    core_count: int
    ids: pl.Series
    names: pl.Series
    id_numbers: pl.Series
    id_types: pl.Series
    mobiles: pl.Series
    addresses: pl.Series
    industries: pl.Series
    shop_names: pl.Series
    source: Ints
    person: Ints
    party: Ints
    population: Ints
    birth: Days
    income_band: Ints
    district: Ints
    organisation: Ints
    manager: Ints
    level: Ints
    grade: Ints
    status: Ints
    opened: Days
    updated: Days
    # How often the address was changed: 0, or 1 once the second one holds.
    moves: Ints
    # What nobody but the truth knows.
    income: Floats
    wealth: Floats
    activity: Floats
    digital: Floats
    rate_sensitivity: Floats
    frailty: Floats
    differences: list[str] = field(default_factory=list)
    telephone_of: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    log: ChangeLog = field(default_factory=ChangeLog)

    @property
    def count(self) -> int:
        """How many customer numbers there are."""
        return len(self.source)

    def is_known(self, day: int) -> Bools:
        """Which customer numbers exist on `day`."""
        known: Bools = self.opened <= day
        return known


def make_people(shape: Shape) -> People:
    """All customers of the bank, those who will come during its history included."""
    rng = shape.rng("people")
    core = _core(shape, rng)
    core.mobiles, core.telephone_of = family_telephones(
        core.mobiles, core.names, core.district, core.party == 0, shape.rng("people", "families")
    )
    return _with_second_numbers(shape, core, shape.rng("people", "second"))


def _core(shape: Shape, rng: np.random.Generator) -> People:
    count = shape.customers
    population = rng.choice(5, count, p=_POPULATION_SHARES)
    # A merchant with a licence of his own is filed as a company, the others by their owner.
    is_licensed = (population == MERCHANT) & (rng.random(count) < 0.3)
    party = np.select([population == INSTITUTION, (population == COMPANY) | is_licensed], [2, 1], 0)
    birth = _births(shape, population, rng)
    district = rng.choice(7, count, p=_DISTRICT_SHARES)
    opened = _opening_days(shape, count, rng)
    income = _incomes(population, rng)
    nothing = pl.Series([None] * count, dtype=pl.String)
    return People(
        core_count=count,
        ids=pl.Series(rng.permutation(count) + 10_000_001 + count // 7).cast(pl.String),
        **_names(population, party, birth, rng),
        mobiles=pl.Series(mobiles(count, rng))
        .cast(pl.String)
        .zip_with(pl.Series(rng.random(count) < 0.96), nothing),
        addresses=pools.addresses(district, rng).zip_with(
            pl.Series(rng.random(count) < 0.94), nothing
        ),
        source=np.zeros(count, np.int64),
        person=np.arange(count),
        party=party,
        population=population,
        birth=birth,
        income_band=_income_bands(income, population, rng),
        district=district,
        organisation=_organisations(district, rng),
        manager=np.full(count, -1),
        level=np.full(count, -1),
        grade=np.full(count, -1),
        status=np.zeros(count, np.int64),
        opened=opened,
        updated=opened.copy(),
        moves=np.zeros(count, np.int64),
        income=income,
        wealth=_wealth(population, income, rng),
        activity=rng.gamma(4.0, 0.25, count),
        digital=_digital(shape, population, birth, rng),
        rate_sensitivity=rng.beta(1.6, 4.0, count),
        frailty=np.exp(rng.normal(0, 0.25, count)),
    )


def _names(population: Ints, party: Ints, birth: Days, rng: np.random.Generator) -> dict[str, Any]:
    """Names, identity numbers and trades of the core's customers."""
    count = len(population)
    is_male = rng.random(count) < 0.54
    trades = rng.integers(0, len(pools.TRADES), count)
    industries = rng.integers(0, len(pools.INDUSTRIES), count)
    shops = pools.shop_names(trades, rng)
    names = pools.person_names(is_male, rng)
    names = shops.zip_with(pl.Series((population == MERCHANT) & (party == 1)), names)
    firms = pools.company_names(industries, rng)
    names = firms.zip_with(pl.Series(population == COMPANY), names)
    offices = pools.institution_names(count, rng)
    names = offices.zip_with(pl.Series(population == INSTITUTION), names)
    is_person = pl.Series(party == 0)
    codes = credit_codes(count, population == INSTITUTION, rng)
    industry_codes = [code for _, code in (*pools.TRADES, *pools.INDUSTRIES)]
    industry = np.where(population == COMPANY, industries + len(pools.TRADES), trades)
    has_industry = (population == MERCHANT) | (population == COMPANY)
    return {
        "names": names,
        "id_numbers": resident_ids(birth, is_male, rng).zip_with(is_person, codes),
        "id_types": named(("resident_id", "credit_code"), (party > 0).astype(np.int64)),
        "industries": named(industry_codes, np.where(has_industry, industry, -1)),
        "shop_names": shops,
    }


def _births(shape: Shape, population: Ints, rng: np.random.Generator) -> Days:
    """Days of birth of persons and of foundation of companies."""
    start = shape.periods[0].start
    count = len(population)
    middle = np.select([population == MERCHANT, population == TOWN], [44, 46], 55)
    age = np.clip(rng.normal(middle, 14, count), 18.5, 93)
    age = np.where(population >= COMPANY, np.clip(rng.gamma(2.0, 5.0, count), 0.8, 60), age)
    born: Days = (start - age * 365.25 - 400).astype(np.int32)
    return born


def _opening_days(shape: Shape, count: int, rng: np.random.Generator) -> Days:
    """Most customers came in the twenty years before the history, some come during it."""
    start, end = shape.periods[0].start, shape.periods[-1].end
    tenure = np.minimum(rng.exponential(2_400, count) + 40, 14_000)
    opened = (start - tenure).astype(np.int32)
    # About six in a hundred a year.
    is_new = rng.random(count) < min(0.3, 0.06 * (end - start) / 365)
    opened[is_new] = rng.integers(start + 1, end - 1, is_new.sum())
    return opened


def _incomes(population: Ints, rng: np.random.Generator) -> Floats:
    """Yuan a month that flow through a customer's hands."""
    middle = np.array([9_500, 4_300, 1_900, 75_000, 60_000])[population]
    spread = np.array([0.8, 0.5, 0.6, 1.1, 0.9])[population]
    income: Floats = np.exp(rng.normal(np.log(middle), spread))
    return income


def _wealth(population: Ints, income: Floats, rng: np.random.Generator) -> Floats:
    """Yuan a customer tends to keep with the bank."""
    months = np.array([4.5, 9.0, 13.0, 0.9, 1.3])[population]
    wealth: Floats = income * months * np.exp(rng.normal(-0.35, 1.05, len(income)))
    return wealth


def _income_bands(income: Floats, population: Ints, rng: np.random.Generator) -> Ints:
    """The yearly income band as declared: near the truth, and only of persons and shops."""
    yearly = income * 12 * np.exp(rng.normal(0, 0.2, len(income)))
    band = np.searchsorted([30_000, 80_000, 200_000], yearly)
    unknown = (population >= COMPANY) | (rng.random(len(income)) < 0.08)
    return np.where(unknown, -1, band)


def _organisations(district: Ints, rng: np.random.Generator) -> Ints:
    """The unit that keeps each customer: the first of his district most often."""
    table = np.array([(units * 4)[:4] for units in bank.ORGANISATIONS_OF_DISTRICT])
    found: Ints = table[district, rng.choice(4, len(district), p=[0.5, 0.3, 0.12, 0.08])]
    return found


def _digital(shape: Shape, population: Ints, birth: Days, rng: np.random.Generator) -> Floats:
    """How much of his banking a customer does without the counter, 0 to 1."""
    age = (shape.periods[0].start - birth) / 365.25
    lean = np.where(population >= COMPANY, 0.5, 1.9 - 0.032 * age)
    lean = lean - 0.5 * (population == VILLAGE)
    digital: Floats = 1 / (1 + np.exp(-2.2 * (lean - 0.35) - rng.normal(0, 0.8, len(age))))
    return digital


# What all numbers of a person have in common.
_SHARED: Final = (
    "person", "party", "population", "birth", "district", "income", "digital", "activity",
    "rate_sensitivity", "frailty", "organisation",
)  # fmt: skip


def _with_second_numbers(shape: Shape, core: People, rng: np.random.Generator) -> People:
    """`core` with the numbers that other systems, or a second clerk, gave the same people."""
    picks, sources = _who_has_two(core, rng)
    order = np.argsort(picks * 8 + sources, kind="stable")
    picks, sources = picks[order], sources[order]
    count = len(picks)
    names, name_changes = _other_names(core, picks, sources, rng)
    phones, phone_changes = _other_mobiles(core, picks, sources, rng)
    has_id = np.select(
        [sources == PRESIDENT, sources == PHONE], [False, rng.random(count) < 0.5], True
    )
    nothing = pl.Series([None] * count, dtype=pl.String)
    opened = _second_openings(shape, core, picks, rng)
    differences = [
        ";".join(filter(None, (name, phone, "" if known else "no_id_number")))
        for name, phone, known in zip(name_changes, phone_changes, has_id, strict=True)
    ]
    same: dict[str, Any] = {
        name: np.concatenate([values := getattr(core, name), values[picks]]) for name in _SHARED
    }
    blank = np.full(count, -1)
    birth = np.where(has_id, core.birth[picks], NO_DAY).astype(np.int32)
    same["birth"] = np.concatenate([core.birth, birth])
    # These two systems give numbers only; accounts stay where they are kept.
    is_free, chance = np.isin(sources, [PHONE, PRESIDENT]), shape.rng("people", "branches")
    units = other_branches(core.organisation[picks], is_free, chance)
    same["organisation"] = np.concatenate([core.organisation, units])
    return People(
        core_count=core.core_count,
        ids=pl.concat([core.ids, _second_ids(sources, rng)]),
        names=pl.concat([core.names, names]),
        id_numbers=pl.concat(
            [core.id_numbers, core.id_numbers.gather(picks).zip_with(pl.Series(has_id), nothing)]
        ),
        id_types=pl.concat(
            [core.id_types, core.id_types.gather(picks).zip_with(pl.Series(has_id), nothing)]
        ),
        mobiles=pl.concat([core.mobiles, phones]),
        addresses=pl.concat(
            [
                core.addresses,
                core.addresses.gather(picks).zip_with(pl.Series(sources == CORE), nothing),
            ]
        ),
        industries=pl.concat([core.industries, nothing]),
        shop_names=pl.concat([core.shop_names, core.shop_names.gather(picks)]),
        source=np.concatenate([core.source, sources]),
        income_band=np.concatenate([core.income_band, blank]),
        manager=np.concatenate([core.manager, blank]),
        level=np.concatenate([core.level, blank]),
        grade=np.concatenate([core.grade, blank]),
        status=np.zeros(core.core_count + count, np.int64),
        opened=np.concatenate([core.opened, opened]),
        updated=np.concatenate([core.updated, opened]),
        moves=np.zeros(core.core_count + count, np.int64),
        wealth=np.concatenate([core.wealth, core.wealth[picks] * 0.12]),
        differences=[""] * core.core_count + differences,
        telephone_of=core.telephone_of,
        **same,
    )


def _who_has_two(core: People, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """(person, source system) of every further customer number."""
    is_person = core.party == 0
    chances = {
        ONLINE: 0.10 * core.digital * is_person,
        PHONE: 0.018 * is_person,
        PRESIDENT: 0.22 * (core.population == MERCHANT),
        CORE: 0.006 * is_person,
    }
    picks, sources = [], []
    for source, chance in chances.items():
        found = np.flatnonzero(rng.random(core.count) < chance)
        picks.append(found)
        sources.append(np.full(len(found), source))
    return np.concatenate(picks), np.concatenate(sources)


def _second_openings(shape: Shape, core: People, picks: Ints, rng: np.random.Generator) -> Days:
    """A second number is given after the first, at the latest during the history."""
    end = shape.periods[-1].end - 2
    span = np.maximum(end - core.opened[picks], 1)
    opened: Days = (core.opened[picks] + span * rng.beta(2.5, 1.2, len(picks))).astype(np.int32)
    return opened


def _second_ids(sources: Ints, rng: np.random.Generator) -> pl.Series:
    """Customer numbers in each system's own manner; the phone bank's have leading zeros."""
    count = len(sources)
    numbers = rng.permutation(count * 3)[:count]
    made = [
        f"{30_000_000 + n}" if s == CORE
        else f"WY{700_000 + n}" if s == ONLINE
        else f"{n + 11:09d}" if s == PHONE
        else f"HZ-{n + 1001}"
        for s, n in zip(sources, numbers, strict=True)
    ]  # fmt: skip
    return pl.Series(made, dtype=pl.String)


def _other_names(
    core: People, picks: Ints, sources: Ints, rng: np.random.Generator
) -> tuple[pl.Series, list[str]]:
    """The names under the second numbers, and what was changed in each."""
    names = core.names.gather(picks).to_list()
    shops = core.shop_names.gather(picks).to_list()
    kinds = rng.random(len(picks))
    places = rng.integers(1, 8, len(picks))
    letters: NDArray[np.str_] = np.array(pools.MALE_CHARACTERS)[
        rng.integers(0, len(pools.MALE_CHARACTERS), len(picks))
    ]
    made, changes = [], []
    for name, shop, source, kind, place, letter in zip(
        names, shops, sources, kinds, places, letters, strict=True
    ):
        if source == PRESIDENT:
            short = shop.removeprefix("娄烦县").removeprefix("娄烦")
            made.append(short if kind < 0.6 else shop)
            changes.append("shop_name")
        elif kind < 0.07 and len(name) > 1:
            at = 1 + place % (len(name) - 1)
            made.append(name[:at] + str(letter) + name[at + 1 :])
            changes.append("name_typo" if made[-1] != name else "")
        elif kind < 0.10:
            made.append(f"{name[0]} {name[1:]}")
            changes.append("name_space")
        else:
            made.append(name)
            changes.append("")
    return pl.Series(made, dtype=pl.String), changes


def _other_mobiles(
    core: People, picks: Ints, sources: Ints, rng: np.random.Generator
) -> tuple[pl.Series, list[str]]:
    """The mobile numbers under the second numbers, and what was changed in each."""
    fresh = mobiles(len(picks), rng)
    kinds = rng.random(len(picks))
    made: list[str | None] = []
    changes = []
    known = core.mobiles.gather(picks).to_list()
    for number, source, other, kind in zip(known, sources, fresh, kinds, strict=True):
        if number is None or (source == PRESIDENT and kind < 0.5):
            made.append(None)
            changes.append("no_mobile")
        elif kind < 0.12:
            made.append(str(other))
            changes.append("other_mobile")
        elif kind < 0.15:
            made.append(number[:6] + number[7] + number[6] + number[8:])
            changes.append("mobile_swap" if made[-1] != number else "")
        else:
            made.append(number)
            changes.append("")
    return pl.Series(made, dtype=pl.String), changes
