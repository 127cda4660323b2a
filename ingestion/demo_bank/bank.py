"""The bank itself: its units, products, staff and survey teams."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank import pools
from ingestion.demo_bank.columns import dates
from ingestion.demo_bank.shape import NO_DAY, Column, Period, Shape, add_months, to_day

REGION: Final = "140123"
HEAD_OFFICE: Final = 0


@dataclass(frozen=True)
class Product:
    """One product or product group.

    `kind` tells the generator how an account of it behaves; groups have none.
    """

    product_id: str
    name: str
    parent: str | None
    pillar: str
    gl_code: str | None = None
    day_basis: int | None = None
    kind: str = ""
    rate_ppm: int = 0
    term_months: int = 0
    for_company: bool = False


# Posted rates as of January 2025; the order is the code that accounts carry.
PRODUCTS: Final = (
    Product("1", "负债业务", None, "liability"),
    Product("2", "资产业务", None, "asset"),
    Product("3", "中间业务", None, "intermediary"),
    Product("4", "资金业务", None, "treasury"),
    Product("5", "非金融服务", None, "non_financial"),
    Product("11", "个人存款", "1", "liability"),
    Product("12", "单位存款", "1", "liability"),
    Product("21", "个人贷款", "2", "asset"),
    Product("22", "公司贷款", "2", "asset"),
    Product("31", "代理业务", "3", "intermediary"),
    Product("32", "结算业务", "3", "intermediary"),
    Product("1101", "个人活期存款", "11", "liability", "20110101", 360, "demand", 2000),
    Product("1102", "整存整取三个月", "11", "liability", "20110203", 360, "term", 11500, 3),
    Product("1103", "整存整取六个月", "11", "liability", "20110206", 360, "term", 13500, 6),
    Product("1104", "整存整取一年", "11", "liability", "20110212", 360, "term", 16500, 12),
    Product("1105", "整存整取二年", "11", "liability", "20110224", 360, "term", 18500, 24),
    Product("1106", "整存整取三年", "11", "liability", "20110236", 360, "term", 22500, 36),
    Product("1107", "个人通知存款(七天)", "11", "liability", "20110301", 360, "notice", 8000),
    Product("1108", "二类电子账户", "11", "liability", "20110102", 360, "electronic", 2500),
    Product("1201", "单位活期存款", "12", "liability", "20114101", 360, "demand", 2000, 0, True),
    Product("1202", "单位定期一年", "12", "liability", "20114212", 360, "term", 15500, 12, True),
    Product("2101", "农户贷款", "21", "asset", "13030101", 360, "loan", 78000, 12),
    Product("2102", "商户经营贷款", "21", "asset", "13030201", 360, "loan", 69000, 24),
    Product("2103", "个人住房按揭", "21", "asset", "13030301", 360, "loan", 39500, 240),
    Product("2201", "企业流动资金贷款", "22", "asset", "13030401", 360, "loan", 54000, 12, True),
    Product("3101", "代理理财", "31", "intermediary", "23140101", 365, "wealth", 0),
    Product("3201", "短信服务", "32", "intermediary", "60210101"),
    Product("3202", "商户收单", "32", "intermediary", "60210201"),
    Product("3203", "结算与汇款", "32", "intermediary", "60210101"),
    Product("4101", "存放同业", "4", "treasury", "10110101"),
    Product("5101", "财务咨询与上门服务", "5", "non_financial"),
)
PRODUCT_INDEX: Final = {product.product_id: i for i, product in enumerate(PRODUCTS)}
# Day basis of interest: one rule for all, so that interest is exact in whole fen.
INTEREST_BASIS: Final = 360

_UNITS: Final = (
    ("0100", "娄烦县农村商业银行", None, "head_office", "2009-12-28"),
    ("0110", "业务拓展部", "0100", "department", "2015-03-02"),
    ("0111", "信贷部", "0100", "department", "2009-12-28"),
    ("0112", "财务部", "0100", "department", "2009-12-28"),
    ("0113", "科技部", "0100", "department", "2009-12-28"),
    ("0114", "客户服务部", "0100", "department", "2018-06-01"),
    ("0115", "资金部", "0100", "department", "2013-01-04"),
    ("0116", "综合办公室", "0100", "department", "2009-12-28"),
    ("0201", "城关支行", "0100", "branch", "1984-05-01"),
    ("0202", "西大街支行", "0100", "branch", "1996-08-12"),
    ("0203", "静游支行", "0100", "branch", "1985-03-01"),
    ("0204", "杜交曲支行", "0100", "branch", "1986-04-10"),
    ("0205", "马家庄支行", "0100", "branch", "1987-09-01"),
    ("0206", "天池店支行", "0100", "branch", "1988-05-20"),
    ("0301", "汾河路分理处", "0201", "outlet", "2004-07-01"),
    ("0302", "棚户区分理处", "0201", "outlet", "2012-10-08"),
    ("0303", "新建路分理处", "0202", "outlet", "2006-11-01"),
    ("0304", "峰岭底分理处", "0203", "outlet", "1995-01-01"),
    ("0305", "罗家曲分理处", "0204", "outlet", "1997-06-01"),
    ("0306", "盖家庄分理处", "0205", "outlet", "1999-03-01"),
    ("0307", "米峪镇分理处", "0206", "outlet", "2001-09-01"),
)
ORGANISATIONS: Final = tuple(unit[0] for unit in _UNITS)
# Units that keep accounts, and those that serve each district: the first most often.
BRANCHES: Final = tuple(i for i, u in enumerate(_UNITS) if u[3] in ("branch", "outlet"))
ORGANISATIONS_OF_DISTRICT: Final = (
    (8, 14), (9, 16), (15, 14), (8, 9), (10, 17), (11, 18), (12, 19, 13, 20),
)  # fmt: skip
DEPARTMENTS: Final = tuple(i for i, u in enumerate(_UNITS) if u[3] == "department")
# The outlet that moves under another branch in mid-history, so that the tree has a history.
_MOVED_UNIT, _MOVED_TO = "0302", "0202"


def organisation_frame(shape: Shape, as_of: dt.date) -> pl.DataFrame:
    """The units of the bank as at `as_of`."""
    moved_on = add_months(shape.first_date, max(1, shape.months // 2))
    rows = []
    for unit, name, parent, kind, opened in _UNITS:
        if unit == _MOVED_UNIT and as_of >= moved_on:
            parent, name = _MOVED_TO, "棚户区新城分理处"
        rows.append((unit, name, parent, kind, REGION, dt.date.fromisoformat(opened), None))
    return pl.DataFrame(
        rows,
        schema={
            "organisation_id": pl.String,
            "organisation_name": pl.String,
            "parent_organisation_id": pl.String,
            "organisation_type_code": pl.String,
            "region_code": pl.String,
            "opened_date": pl.Date,
            "closed_date": pl.Date,
        },
        orient="row",
    )


def product_frame() -> pl.DataFrame:
    """The product tree."""
    return pl.DataFrame(
        {
            "product_id": [p.product_id for p in PRODUCTS],
            "product_name": [p.name for p in PRODUCTS],
            "parent_product_id": [p.parent for p in PRODUCTS],
            "pillar_code": [p.pillar for p in PRODUCTS],
            "gl_account_code": [p.gl_code for p in PRODUCTS],
            "day_basis": [p.day_basis for p in PRODUCTS],
            "is_financial": [p.pillar != "non_financial" for p in PRODUCTS],
        }
    )


def district_frame(customers: int) -> pl.DataFrame:
    """The seven survey districts and the households in them."""
    shares = (0.17, 0.16, 0.15, 0.16, 0.14, 0.12, 0.10)
    return pl.DataFrame(
        {
            "district_id": [d[0] for d in pools.DISTRICTS],
            "district_name": [d[1] for d in pools.DISTRICTS],
            "region_code": [REGION] * len(pools.DISTRICTS),
            "former_district_name": [d[2] for d in pools.DISTRICTS],
            "address_words": ["、".join(places) for places in pools.TOWN_PLACES],
            "household_count": [int(customers * share * 1.4) for share in shares],
        }
    )


@dataclass
class Staff:
    """All employees, as parallel lists; an employee is known by his place in them.

    Attributes:
        posts: manager, new_staff, back_office, leader, chairman or teller.
        teams: Team 0..6 of the survey, or -1.
        compliance: Chance that a due visit is really made.
        falsehood: Share of claimed visits that never happened.
    """

    ids: list[str]
    names: list[str]
    posts: list[str]
    organisations: list[int]
    hired: list[int]
    left: list[int]
    teams: list[int]
    compliance: Column
    falsehood: Column
    swap: tuple[int, int, int] | None = None

    def swap_if_due(self, shape: Shape, period: Period) -> None:
        """In mid-history two of the new staff change places between the second and third team."""
        if self.swap is None and period.index == max(1, shape.months // 2):
            one, other = self.team(1)[2], self.team(2)[2]
            self.teams[one], self.teams[other] = self.teams[other], self.teams[one]
            self.swap = (one, other, period.start)

    def with_post(self, *posts: str) -> list[int]:
        """The employees who hold one of `posts`."""
        return [i for i, post in enumerate(self.posts) if post in posts]

    def team(self, team: int) -> list[int]:
        """The members of a team, its manager first."""
        members = [i for i, of in enumerate(self.teams) if of == team]
        return sorted(members, key=lambda i: self.posts[i] != "manager")

    def frame(self, as_of: int) -> pl.DataFrame:
        """The employees hired up to `as_of`."""
        rows = [i for i in range(len(self.ids)) if self.hired[i] <= as_of]
        left = [self.left[i] if NO_DAY != self.left[i] <= as_of else None for i in rows]
        return pl.DataFrame(
            {
                "employee_id": [self.ids[i] for i in rows],
                "employee_name": [self.names[i] for i in rows],
                "organisation_id": [ORGANISATIONS[self.organisations[i]] for i in rows],
                "post_code": [self.posts[i] for i in rows],
                "hired_date": pl.Series([self.hired[i] for i in rows], dtype=pl.Int32),
                "left_date": pl.Series(left, dtype=pl.Int32),
            }
        ).with_columns(pl.col("hired_date", "left_date").cast(pl.Date))


TEAM_NAMES: Final = tuple(f"第{number}小组" for number in "一二三四五六七")


def make_staff(shape: Shape) -> Staff:
    """Chairman, leaders, seven teams of three, other managers, tellers and back office."""
    rng = shape.rng("staff")
    others = max(14, shape.customers // 2_500)
    posts: list[tuple[str, int, int]] = [("chairman", HEAD_OFFICE, -1)]
    posts += [("leader", HEAD_OFFICE, -1)] * 5
    for team in range(7):
        unit = ORGANISATIONS_OF_DISTRICT[team][0]
        posts += [("manager", unit, team), ("new_staff", unit, team), ("new_staff", unit, team)]
    posts += [("manager", BRANCHES[i % len(BRANCHES)], -1) for i in range(others)]
    posts += [("teller", unit, -1) for unit in BRANCHES for _ in range(3)]
    posts += [("back_office", unit, -1) for unit in DEPARTMENTS for _ in range(2)]
    count = len(posts)
    names = pools.person_names(rng.random(count) < 0.55, rng).to_list()
    start = shape.periods[0].start
    hired = start - rng.integers(400, 9_000, count)
    is_new = np.array([post == "new_staff" for post, _, _ in posts])
    hired[is_new] = start - rng.integers(60, 360, is_new.sum())
    compliance = np.clip(rng.beta(7, 2.2, count), 0.42, 0.98)
    falsehood = np.where(rng.random(count) < 0.14, rng.uniform(0.15, 0.4, count), 0.008)
    staff = Staff(
        ids=[f"{100001 + i}" for i in range(count)],
        names=names,
        posts=[post for post, _, _ in posts],
        organisations=[unit for _, unit, _ in posts],
        hired=[int(day) for day in hired],
        left=[NO_DAY] * count,
        teams=[team for _, _, team in posts],
        compliance=compliance,
        falsehood=falsehood,
    )
    _let_one_manager_go(shape, staff)
    return staff


def _let_one_manager_go(shape: Shape, staff: Staff) -> None:
    """One manager outside the teams leaves after a third of the history."""
    month = max(1, shape.months // 3)
    leaver = next(
        i for i, post in enumerate(staff.posts) if post == "manager" and staff.teams[i] < 0
    )
    staff.left[leaver] = to_day(add_months(shape.first_date, month)) + 9


def team_member_frame(shape: Shape, staff: Staff) -> pl.DataFrame:
    """The seven survey teams: one manager and two new staff each, past members last."""
    begun = to_day(shape.first_date.replace(month=1, day=1)) - 290
    # (team, employee, first day, last day)
    rows = [(t, i, max(begun, staff.hired[i]), NO_DAY) for t in range(7) for i in staff.team(t)]
    if staff.swap is not None:
        one, other, day = staff.swap
        rows = [(t, i, day if i in (one, other) else first, last) for t, i, first, last in rows]
        past = ((staff.teams[other], one), (staff.teams[one], other))
        rows += [(team, i, max(begun, staff.hired[i]), day - 1) for team, i in past]
    return pl.DataFrame(
        {
            "team_id": [f"T{team + 1:02d}" for team, _, _, _ in rows],
            "team_name": [TEAM_NAMES[team] for team, _, _, _ in rows],
            "employee_id": [staff.ids[i] for _, i, _, _ in rows],
            "role_code": [staff.posts[i] for _, i, _, _ in rows],
            "district_id": [pools.DISTRICTS[team][0] for team, _, _, _ in rows],
            "joined_date": dates(np.array([first for _, _, first, _ in rows])),
            "left_date": dates(np.array([last for _, _, _, last in rows])),
        }
    )
