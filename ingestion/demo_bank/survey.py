"""The market survey: the list of all units, the forms handed out, and the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank import pools
from ingestion.demo_bank.bank import Staff
from ingestion.demo_bank.columns import dates, named
from ingestion.demo_bank.people import CORE, MERCHANT, POPULATIONS, People
from ingestion.demo_bank.shape import Ints, Shape

FORM_STATUSES: Final = ("issued", "returned", "refused", "absent")
_MOST_UNITS: Final = 2_400
QUESTIONS: Final = (
    ("Q01", "您家或店铺主要使用哪家银行"),
    ("Q02", "在他行的存款大约有多少(万元)"),
    ("Q03", "近一年是否有贷款需求,金额多少(万元)"),
    ("Q04", "对我行服务的满意度(1-10分)"),
    ("Q05", "您期望的服务水平(1-10分)"),
    ("Q06", "选择银行最看重什么"),
    ("Q07", "家庭年收入大约多少(万元)"),
    ("Q08", "对我行的意见或建议"),
    ("Q09", "家庭资产(房产、车辆、存款等)合计大约多少(万元)"),
)
_REASONS: Final = ("利率高", "离家近", "服务好", "手续快", "熟人介绍", "收款方便")


@dataclass
class Survey:
    """Units on the list; `customer` is -1 where the unit is no customer yet."""

    ids: list[str]
    district: Ints
    population: Ints
    names: pl.Series
    addresses: pl.Series
    customer: Ints
    employee: Ints
    issued: Ints
    returned: Ints
    outcome: Ints
    answer_seed: Ints


def make_survey(shape: Shape, people: People, staff: Staff) -> Survey:
    """List customers and others in all districts, and settle when each is surveyed."""
    rng = shape.rng("survey")
    size = min(int(shape.customers * 0.3), _MOST_UNITS)
    start = shape.periods[0].start
    here = np.flatnonzero(
        (people.source == CORE) & (people.opened < start) & (people.population <= 2)
    )
    inside = np.sort(rng.choice(here, min(int(size * 0.62), len(here)), replace=False))
    outside = size - len(inside)
    district = np.concatenate([people.district[inside], rng.integers(0, 7, outside)])
    population = np.concatenate(
        [people.population[inside], rng.choice(3, outside, p=[0.2, 0.4, 0.4])]
    )
    strangers = pools.person_names(rng.random(outside) < 0.6, rng)
    shops = pools.shop_names(rng.integers(0, len(pools.TRADES), outside), rng)
    strangers = shops.zip_with(pl.Series(population[len(inside) :] == MERCHANT), strangers)
    known = people.shop_names.gather(inside).zip_with(
        pl.Series(people.population[inside] == MERCHANT), people.names.gather(inside)
    )
    # One in eight of our customers is not recognised as such on the list.
    customer = np.concatenate([inside, np.full(outside, -1)])
    shown = np.where((rng.random(size) < 0.12) & (customer >= 0), -1, customer)
    order = np.argsort(district, kind="stable")
    issued, returned, outcome = _course(shape, size, rng)
    members = np.array([staff.team(team) for team in range(7)])
    employee = members[district, rng.integers(0, 3, size)]
    serial = np.arange(1, size + 1)
    return Survey(
        ids=[f"DY{d + 1}-{n:05d}" for d, n in zip(district[order], serial, strict=True)],
        district=district[order],
        population=population[order],
        names=pl.concat([known, strangers]).gather(order),
        addresses=pools.addresses(district[order], rng),
        customer=shown[order],
        employee=employee[order],
        issued=issued[order],
        returned=returned[order],
        outcome=outcome[order],
        answer_seed=rng.integers(0, 2**31, size),
    )


def _course(shape: Shape, size: int, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """(issued, returned, outcome) of each unit's form: the survey speeds up, then thins out."""
    start, end = shape.periods[0].start, shape.periods[-1].end
    issued = start + (rng.beta(1.6, 2.2, size) * (end - start) * 1.25).astype(np.int64)
    outcome = rng.choice(4, size, p=[0.05, 0.78, 0.07, 0.10])
    returned = np.where(outcome == 0, np.iinfo(np.int32).max, issued + rng.integers(1, 22, size))
    return issued, returned, outcome


def frame_frame(survey: Survey, people: People) -> pl.DataFrame:
    """The list of all units."""
    return pl.DataFrame(
        {
            "unit_id": survey.ids,
            "district_id": named([d[0] for d in pools.DISTRICTS], survey.district),
            "population_type_code": named(POPULATIONS, survey.population),
            "unit_name": survey.names,
            "address_text": survey.addresses,
            "customer_id": named(people.ids, survey.customer),
            "listed_date": dates(survey.issued - survey.issued % 7 * 3 - 200),
        }
    )


def form_frame(survey: Survey, staff: Staff, until: int) -> pl.DataFrame:
    """The forms handed out up to a day, as they stand then."""
    rows = np.flatnonzero(survey.issued <= until)
    is_back = survey.returned[rows] <= until
    return pl.DataFrame(
        {
            "form_id": [f"B{survey.ids[i][2:]}" for i in rows],
            "unit_id": [survey.ids[i] for i in rows],
            "employee_id": named(staff.ids, survey.employee[rows]),
            "issued_date": dates(survey.issued[rows]),
            "returned_date": dates(np.where(is_back, survey.returned[rows], -1)),
            "status_code": named(FORM_STATUSES, np.where(is_back, survey.outcome[rows], 0)),
        },
        schema_overrides={"form_id": pl.String, "unit_id": pl.String},
    )


def answer_frame(survey: Survey, until: int) -> pl.DataFrame:
    """The answers of the forms that came back filled in up to a day."""
    rows = np.flatnonzero((survey.returned <= until) & (survey.outcome == 1))
    columns: dict[str, list[object]] = {
        name: [] for name in ("form_id", "question_code", "question_text", "answer_text")
    }
    amounts: list[int | None] = []
    for row in rows:
        texts, fen = _answers(int(survey.answer_seed[row]))
        for (code, question), text, amount in zip(QUESTIONS, texts, fen, strict=True):
            columns["form_id"].append(f"B{survey.ids[row][2:]}")
            columns["question_code"].append(code)
            columns["question_text"].append(question)
            columns["answer_text"].append(text)
            amounts.append(amount)
    return pl.DataFrame(
        columns | {"answer_amount": amounts},
        schema=dict.fromkeys(columns, pl.String) | {"answer_amount": pl.Int64},
    )


def _answers(seed: int) -> tuple[list[str | None], list[int | None]]:
    """(texts, amounts in fen) of one form, drawn from its own number alone.

    A form keeps its answers whenever it is delivered again.
    """
    digits = [(seed // 7**place) % 97 for place in range(8)]
    bank = "本行" if digits[0] % 3 == 0 else pools.RIVAL_BANKS[digits[0] % len(pools.RIVAL_BANKS)]
    elsewhere = (digits[1] % 12) * 1_500_000 if digits[1] % 4 else None
    needs = digits[2] % 5 == 0
    loan = (digits[2] % 9 + 1) * 5_000_000 if needs else None
    score = 5 + digits[3] % 6
    income = (digits[6] % 20 + 2) * 1_000_000
    texts: list[str | None] = [
        bank,
        None if elsewhere is None else "有",
        "有" if needs else "无",
        str(score),
        str(min(10, score + digits[4] % 3)),
        _REASONS[digits[5] % len(_REASONS)],
        "自报",
        pools.OPINIONS[digits[7] % len(pools.OPINIONS)] if digits[7] % 3 == 0 else None,
    ]
    # Of the answers before it, so that no other answer moves.
    assets = income * (2 + seed % 11) if seed % 6 else None
    texts.append(None if assets is None else "自报")
    return texts, [None, elsewhere, loan, None, None, None, income, None, assets]
