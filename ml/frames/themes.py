"""Features by what a manager would call them: service, visits, rates, maturing money ...

A reason is told by its feature; in total, causes are told by theme, since three features of one
complaint are one cause. Some themes are causes that the bank can act on, some only show that a
customer is going (his money, his postings) or who he is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """A group of features.

    Attributes:
        code: Name in tables.
        name_zh: For the bank's staff.
        name_en: The same in English.
        starts: Beginnings of the names of its features.
        is_cause: Something that happened to the customer, and not a sign of his going or a trait.
    """

    code: str
    name_zh: str
    name_en: str
    starts: tuple[str, ...]
    is_cause: bool = False


THEMES: tuple[Theme, ...] = (
    Theme("service", "投诉与服务", "Complaints and service", ("complaint_",), True),
    Theme(
        "visits",
        "走访与客户经理",
        "Visits and managers",
        ("visit_", "has_manager", "manager_change"),
        True,
    ),
    Theme(
        "rate",
        "利率",
        "Rates",
        ("deposit_rate_gap", "has_rate_need"),
        True,
    ),
    Theme(
        "maturity",
        "存款到期",
        "Deposits that mature",
        ("deposit_maturing_", "deposit_maturity_event_"),
        True,
    ),
    Theme(
        "rival",
        "他行资金往来",
        "Money with other banks",
        ("rival_", "is_rival_", "external_deposit"),
        True,
    ),
    Theme(
        "place",
        "网点与渠道变化",
        "Branch and channels",
        ("is_branch_", "branch_", "remote_"),
        True,
    ),
    Theme("around", "周围客户流失", "Customers around him", ("kin_", "district_lost_"), True),
    Theme("income", "工资变化", "Salary", ("salary_",), True),
    Theme(
        "money",
        "存款变动",
        "Movement of deposits",
        (
            "deposit_closing_",
            "deposit_average_",
            "deposit_trend_",
            "deposit_change_",
            "deposit_volatility_",
            "deposit_peak_",
            "balance_change_",
            "outflow_",
            "large_inflow_",
            "large_outflow_",
        ),
    ),
    Theme("activity", "主动交易", "Own transactions", ("customer_transaction_",)),
    Theme("loans", "贷款", "Loans", ("loan_", "has_loan_", "five_class_")),
    Theme(
        "ties",
        "往来深度",
        "Depth of the relation",
        ("open_account_", "product_count_", "tenure_", "contribution_", "demand_deposit_share"),
    ),
    Theme(
        "profile",
        "客户特征",
        "Who he is",
        (
            "party_type_",
            "population_type_",
            "level_code",
            "age_years_",
            "income_band_",
            "asset_band_",
        ),
    ),
)


def theme_of(name: str) -> Theme:
    """The theme of a feature.

    Raises:
        KeyError: The feature is in no theme; a test sees to it that each is in exactly one.

    >>> theme_of("complaint_90d_count_before_obs").code
    'service'
    """
    for theme in THEMES:
        if name.startswith(theme.starts):
            return theme
    raise KeyError(name)
