"""Interest and transfer prices of every account and month once more, in plain Python.

The second opinion on `fct_ftp_month`, `fct_treasury_day` and `fct_core_share_month`: from the rows
of the lake, day by day and in fractions, without a line of the warehouse's code. Slow, and meant to
be read.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]
# (place of the record, whether in the red) -> yuan-days and the last of those days.
Held = dict[tuple[int, bool], tuple[Fraction, dt.date]]
DAY = dt.timedelta(days=1)
COMPONENTS = ("base", "liquidity", "reserve", "policy")
ACCOUNT_RECORD = (
    "customer_id", "product_id", "organisation_id", "manager_id", "currency_code", "status_code",
    "opened_date", "closed_date", "interest_rate", "rate_type_code", "term_months",
    "maturity_date", "reprice_date",
)  # fmt: skip


def rounded(value: Fraction, decimals: int) -> Fraction:
    """Half away from zero."""
    units = abs(value) * 10**decimals
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**decimals)


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day of another month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@dataclass
class Reference:
    """What a bank's accounts bear, from its lake and the rules.

    Args:
        lake: The lake's folder.
        rules: Folder of the rules.
        until: Business date that is published.
        method_set: Set of methods in the rules that transfer prices are found by.
    """

    lake: Path
    rules: Path
    until: dt.date
    method_set: str = "matched"

    def _rows(self, feed: str) -> list[Row]:
        """All rows of a feed, what was delivered first in front."""
        with duckdb.connect() as connection:
            files = f"'{self.lake}/{feed}/*/*.parquet', union_by_name = true"
            found = connection.execute(
                f"select * from read_parquet({files})"
                " order by business_date, batch_precedence, batch_id, source_row"
            )
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _rule(self, name: str, day: dt.date) -> list[dict[str, str]]:
        with (self.rules / f"{name}.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        at = day.isoformat()
        return [
            row
            for row in rows
            if row["valid_from_date"] <= at < row["valid_to_date"]
            and row.get("method_set_code", self.method_set) == self.method_set
        ]

    @cached_property
    def _products(self) -> dict[str, Row]:
        return {row["product_id"]: row for row in self._rows("corebank__product")}

    @cached_property
    def _repayments(self) -> dict[str, str]:
        return {
            row["account_id"]: row["repayment_method_code"] for row in self._rows("corebank__loan")
        }

    @cached_property
    def _curves(self) -> dict[str, dict[dt.date, dict[int, Fraction]]]:
        curves: dict[str, dict[dt.date, dict[int, Fraction]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for row in self._rows("treasury__ftp_curve"):
            tenor = row["tenor_months"] * 30
            curves[row["currency_code"]][row["curve_date"]][tenor] = Fraction(row["ftp_rate"])
        return curves

    @cached_property
    def _exchange(self) -> dict[str, dict[dt.date, Fraction]]:
        found: dict[str, dict[dt.date, Fraction]] = defaultdict(dict)
        if (self.lake / "treasury__exchange_rate").is_dir():
            for row in self._rows("treasury__exchange_rate"):
                price = Fraction(row["exchange_price"])
                found[row["currency_code"]][row["rate_date"]] = price / 100
        return found

    def yuan(self, currency: str, month: dt.date) -> Fraction:
        """What a unit of a currency is worth on the last day of a month that there is."""
        if currency == "CNY":
            return Fraction(1)
        rates = self._exchange[currency]
        last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
        return rates[max(day for day in rates if day <= min(last, self.until))]

    def rate(self, currency: str, day: dt.date, tenor: int) -> Fraction:
        """The curve of a currency that held on a day, at a tenor in days."""
        curves = self._curves[currency]
        days = [each for each in curves if each <= day]
        curve = curves[max(days) if days else min(curves)]
        below = max((each for each in curve if each <= tenor), default=min(curve))
        above = min((each for each in curve if each > tenor), default=below)
        if above == below or tenor < below:
            return curve[below]
        step = (curve[above] - curve[below]) * (tenor - below) / (above - below)
        return curve[below] + rounded(step, 8)

    @cached_property
    def _demand(self) -> dict[tuple[str, str], dict[dt.date, Fraction]]:
        """Per product and currency of deposits without maturity: average balance by whole month."""
        found: dict[tuple[str, str], dict[dt.date, Fraction]] = defaultdict(
            lambda: defaultdict(Fraction)
        )
        for delivered, balances in self._accounts():
            pillar = self._products[delivered[0]["product_id"]]["pillar_code"]
            for month, held in self._balance_days(delivered, balances, pillar).items():
                days = calendar.monthrange(month.year, month.month)[1]
                for (place, in_red), (balance_days, _) in held.items():
                    record = delivered[place]
                    is_free = record["maturity_date"] is None and not record["term_months"]
                    if pillar == "liability" and is_free and not in_red and month >= self._first:
                        kind = (record["product_id"], record["currency_code"])
                        found[kind][month] += balance_days / days
        return found

    def core_share(self, product: str, currency: str, month: dt.date) -> Fraction | None:
        """What stays of a deposit's balances by the months before; none where they are too few."""
        rules = self._rule("core_share_rule", month)
        fits = [each for each in rules if each["product_id"] in ("*", product)]
        rule = min(fits, key=lambda each: each["product_id"] == "*")
        path = self._demand[product, currency]
        levels = {each: round(math.log(path[each] * 100), 6) for each in path}
        first = months_later(month, -int(rule["maximum_change_count"]))
        changes = [
            levels[each] - levels[months_later(each, -1)]
            for each in levels
            if first <= each < month and months_later(each, -1) in levels
        ]
        if len(changes) < int(rule["minimum_change_count"]):
            return None
        horizon, confidence = int(rule["horizon_months"]), float(rule["confidence_quantile"])
        drift = min(statistics.mean(changes), 0)
        strayed = confidence * statistics.stdev(changes) * math.sqrt(horizon)
        share = rounded(Fraction(math.exp(drift * horizon - strayed)), 8)
        low, high = (Fraction(rule[f"{end}_share_rate"]) for end in ("minimum", "maximum"))
        return min(max(share, low), high)

    def _core_of(self, rule: dict[str, str], record: Row, month: dt.date) -> Fraction:
        estimate = None
        if (rule["core_share_source_code"], rule["pillar_code"]) == ("estimated", "liability"):
            estimate = self.core_share(record["product_id"], record["currency_code"], month)
        return Fraction(rule["core_share_rate"]) if estimate is None else estimate

    def ladder(self, currency: str, month: dt.date, tenor: int, core: Fraction) -> Fraction:
        """The core at the average of as many monthly rungs as the tenor has, the rest overnight."""
        days = [months_later(month, -back) for back in range(tenor // 30)]
        rungs = [self.rate(currency, day, tenor) for day in days]
        overnight = self.rate(currency, month, 0)
        average = rounded(sum(rungs, Fraction(0)) / len(rungs), 8)
        return overnight + rounded((average - overnight) * core, 8)

    def _place(
        self, record: Row, product: Row, last: dt.date, in_red: bool
    ) -> tuple[dict[str, str], int, dt.date | None, int]:
        """Rule, tenor in days, pricing day, and days that the money is bound.

        Args:
            record: What was delivered of the account.
            product: Its product.
            last: Last day of the month on which the record held.
            in_red: Whether it is a deposit below zero, which is an asset of the bank.
        """
        pillar, repaid = product["pillar_code"], self._repayments.get(record["account_id"])
        term, matures, opened = (
            record[name] for name in ("term_months", "maturity_date", "opened_date")
        )
        if matures is None and term:
            matures = months_later(opened, term)
        is_parted = pillar == "asset" and repaid in ("equal_instalment", "equal_principal")
        if pillar == "asset" and record["rate_type_code"] == "floating" and record["reprice_date"]:
            kind = "floating"
        elif matures is None:
            kind = "non_maturity"
        elif pillar == "liability":
            kind = "term"
        else:
            kind = "amortising" if is_parted else "bullet"
        if in_red:
            pillar, kind = "asset", "overdraft"
        rules = [
            rule
            for rule in self._rule("ftp_rule", last.replace(day=1))
            if (rule["pillar_code"], rule["pricing_kind_code"]) == (pillar, kind)
            and rule["product_id"] in ("*", record["product_id"])
        ]
        rule = min(rules, key=lambda each: each["product_id"] == "*")
        if matures is None or in_red:
            bound = int(rule["tenor_months"]) * 30
        elif is_parted:
            bound = self._average_life(term, record["interest_rate"], repaid)
        else:
            bound = term * 30
        method = rule["method_code"]
        if method in ("ladder", "fixed_tenor"):
            return rule, int(rule["tenor_months"]) * 30, None, bound
        if method == "repricing":
            months = int(rule["tenor_months"])
            day = self._begun(record["reprice_date"], months, last)
            return rule, months * 30, max(opened, day), bound
        if kind == "term":
            return rule, bound, self._begun(opened, term, min(last, matures - DAY)), bound
        return rule, bound, opened, bound

    @staticmethod
    def _begun(anchor: dt.date, months: int, day: dt.date) -> dt.date:
        """The last of the days a whole number of periods from the anchor, up to a day."""
        count = -100
        while months_later(anchor, (count + 1) * months) <= day:
            count += 1
        return months_later(anchor, count * months)

    @staticmethod
    def _average_life(term: int, rate: Any, repaid: str | None) -> int:
        """Days until the principal is paid back on average, from its plan of instalments."""
        if repaid == "equal_principal" or not rate:
            return int(rounded(Fraction(15 * (term + 1)), 0))
        monthly = Fraction(rate) / 12
        instalment = monthly / (1 - (1 + monthly) ** -term)
        left, weighted = Fraction(1), Fraction(0)
        for month in range(1, term + 1):
            paid = instalment - left * monthly
            weighted, left = weighted + paid * month, left - paid
        return int(rounded(30 * weighted, 0))

    def prices(self, record: Row, last: dt.date, in_red: bool = False) -> dict[str, Fraction]:
        """Rates a year that a record bears until its last day in a month, in the red or not."""
        product, month = self._products[record["product_id"]], last.replace(day=1)
        rule, tenor, day, bound = self._place(record, product, last, in_red)
        if rule["method_code"] == "ladder":
            core = self._core_of(rule, record, month)
            base = self.ladder(record["currency_code"], month, tenor, core)
        else:
            base = self.rate(record["currency_code"], day or month, tenor)
        contract = rule["overdraft_rate"] or record["interest_rate"]
        found = {"interest": Fraction(contract), "base": base}
        for component in COMPONENTS[1:]:
            fits = [
                add_on
                for add_on in self._rule("ftp_add_on", day or month)
                if add_on["component_code"] == component
                and add_on["pillar_code"] == ("asset" if in_red else product["pillar_code"])
                and add_on["product_id"] in ("*", record["product_id"])
                and int(add_on["minimum_tenor_months"]) * 30 <= bound
                and bound < int(add_on["maximum_tenor_months"] or 99_999) * 30
            ]
            best = min(
                fits,
                key=lambda each: (each["product_id"] == "*", -int(each["minimum_tenor_months"])),
                default=None,
            )
            found[component] = Fraction(best["add_on_rate"]) if best else Fraction(0)
            if component == "liquidity" and rule["method_code"] == "ladder":
                found[component] = rounded(found[component] * core, 8)
        return found

    @cached_property
    def _balances(self) -> dict[str, dict[dt.date, Fraction]]:
        balances: dict[str, dict[dt.date, Fraction]] = defaultdict(dict)
        for row in self._rows("corebank__balance"):
            balances[row["account_id"]][row["balance_date"]] = Fraction(row["balance_amount"])
        return balances

    @cached_property
    def _first(self) -> dt.date:
        """A balance on the eve of a month opens it and makes none of its own."""
        return (min(min(days) for days in self._balances.values()) + DAY).replace(day=1)

    @cached_property
    def _records(self) -> dict[str, list[Row]]:
        records: dict[str, list[Row]] = defaultdict(list)
        for row in self._rows("corebank__account"):
            records[row["account_id"]].append(row)
        return records

    def _accounts(self) -> Iterator[tuple[list[Row], dict[dt.date, Fraction]]]:
        """Records as delivered, and end-of-day balances, of each account that has both."""
        for account, delivered in self._records.items():
            if account in self._balances:
                yield delivered, self._balances[account]

    def _borne(
        self, delivered: list[Row], held: Held
    ) -> Iterator[tuple[str, bool, dict[str, Fraction], tuple[int, bool]]]:
        """Per side of a record: pillar, whether it is lent, rates a day, and the side."""
        for (place, in_red), (_, last) in held.items():
            record = delivered[place]
            product = self._products[record["product_id"]]
            basis = product["day_basis"] or 360
            rates = {name: rate / basis for name, rate in self.prices(record, last, in_red).items()}
            pillar = "asset" if in_red else product["pillar_code"]
            yield pillar, pillar == "asset", rates, (place, in_red)

    def account_months(self) -> Iterator[tuple[str, dt.date, dict[str, Fraction]]]:
        """Account, month, and yuan of interest and of each component, + for what the bank earns."""
        for delivered, balances in self._accounts():
            pillar = self._products[delivered[0]["product_id"]]["pillar_code"]
            if pillar not in ("liability", "asset"):
                continue
            for month, held in self._balance_days(delivered, balances, pillar).items():
                total = dict.fromkeys(("interest", *COMPONENTS), Fraction(0))
                for _, is_lent, rates, side in self._borne(delivered, held):
                    worth = self.yuan(delivered[side[0]]["currency_code"], month)
                    balance_days = rounded(held[side][0] * worth, 2)
                    for name, rate in rates.items():
                        amount = rounded(balance_days * rate, 2)
                        total[name] += amount if is_lent == (name == "interest") else -amount
                yield delivered[0]["account_id"], month, total

    def treasury_days(self, month: dt.date) -> dict[tuple[str, str, str, dt.date], Fraction]:
        """Currency, pillar, part of the margin and day -> yuan of all accounts, not rounded."""
        found: dict[tuple[str, str, str, dt.date], Fraction] = defaultdict(Fraction)
        for delivered, balances in self._accounts():
            pillar = self._products[delivered[0]["product_id"]]["pillar_code"]
            held = self._balance_days(delivered, balances, pillar).get(month, {})
            if pillar not in ("liability", "asset") or not held:
                continue
            borne = {side: told for *told, side in self._borne(delivered, held)}
            for day, balance, side in self._days(delivered, balances, pillar):
                if day.replace(day=1) == month:
                    name_of_side, is_lent, rates = borne[side]
                    for name, rate in rates.items():
                        sign = 1 if is_lent == (name == "interest") else -1
                        owed = -balance if side[1] else balance
                        currency = delivered[side[0]]["currency_code"]
                        owed *= self.yuan(currency, month)
                        found[currency, name_of_side, name, day] += sign * owed * rate
        return found

    def _balance_days(
        self, delivered: list[Row], balances: dict[dt.date, Fraction], pillar: str
    ) -> dict[dt.date, Held]:
        """Per month: what each record held, a deposit in the black and in the red by itself."""
        found: dict[dt.date, Held] = defaultdict(dict)
        for day, balance, side in self._days(delivered, balances, pillar):
            month = day.replace(day=1)
            before = found[month].get(side, (Fraction(0), day))[0]
            # What is owed to the bank stands above 0.
            found[month][side] = (before + (-balance if side[1] else balance), day)
        return found

    def _days(
        self, delivered: list[Row], balances: dict[dt.date, Fraction], pillar: str
    ) -> Iterator[tuple[dt.date, Fraction, tuple[int, bool]]]:
        """Day, balance at its end, and (place of the record that held, whether in the red)."""
        day, balance, place = min(balances), Fraction(0), 0
        while day <= self.until:
            balance = balances.get(day, balance)
            for later in range(place + 1, len(delivered)):
                is_other = any(
                    delivered[later][name] != delivered[place][name] for name in ACCOUNT_RECORD
                )
                if delivered[later]["business_date"] <= day and is_other:
                    place = later
            if day >= self._first and balance:
                yield day, balance, (place, pillar == "liability" and balance < 0)
            day += DAY
