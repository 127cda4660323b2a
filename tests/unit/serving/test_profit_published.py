"""`crm statement` and `crm what-if` on a published file of two customers and two months."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import duckdb
import pytest

from serving.errors import QueryError
from serving.profit import book as books
from serving.profit import published, statement, statement_page, trace, what_if
from serving.profit.bank import Bank, Whole
from serving.profit.book import Book, held_of
from serving.profit.spread import Spread

JANUARY, FEBRUARY = dt.date(2025, 1, 1), dt.date(2025, 2, 1)
FTP = published.Line("ftp", "转移", "Transfer price")
# Customer 1 holds deposit 11 (product D) and loan 12 (L); customer 2 half of deposit 21 (E),
# whose other half is nobody's.
TABLES = """
create schema dimensional; create schema rule;
create table dimensional.dim_customer as select * from (values (1, 1), (2, 2), (-1, -1))
    as v (customer_pk, customer_key);
create table dimensional.dim_profit_line as select * from (values
    ('interest_income', 1, '利息收入', 'Interest income'),
    ('interest_expense', 2, '利息支出', 'Interest expense'), ('ftp', 3, '转移', 'Transfer price'),
    ('fee_income', 4, '手续费', 'Fee income'), ('fee_expense', 5, '手续费支出', 'Fee expense'),
    ('surtax', 6, '附加', 'Surtax'), ('direct_cost', 7, '直接', 'Direct cost'),
    ('indirect_cost', 8, '间接', 'Indirect cost'), ('expected_loss', 9, '损失', 'Expected loss'),
    ('income_tax', 10, '所得税', 'Income tax'), ('capital_charge', 11, '资本', 'Capital charge'))
    as v (profit_line_code, line_number, profit_line_name_zh, profit_line_name_en);
create table dimensional.dim_product as select * from (values
    (1, 'D', '<b>活期</b>', 'liability', 360), (2, 'L', '贷款', 'asset', null),
    (3, 'E', '定期', 'liability', 360))
    as v (product_pk, product_id, product_name, pillar_code, day_basis);
create table dimensional.fct_profit_month as
    select account_key, customer_key, product_fk, 5 as organisation_fk,
        line as profit_line_code, 'base' as rule_set_code, 'account' as cause_code,
        cast(amount as decimal(18, 2)) as amount, month_date
    from (values (11, 1, 1, 'interest_expense', -10), (11, 1, 1, 'ftp', 30),
        (11, 1, 1, 'direct_cost', -4), (11, 1, 1, 'indirect_cost', -2),
        (11, 1, 1, 'income_tax', -3.5),
        (12, 1, 2, 'interest_income', 100), (12, 1, 2, 'ftp', -60), (12, 1, 2, 'surtax', -0.36),
        (12, 1, 2, 'income_tax', -9.91), (12, 1, 2, 'capital_charge', -8),
        (21, 2, 3, 'interest_expense', -20), (21, 2, 3, 'ftp', 80),
        (21, -1, 3, 'interest_expense', -20), (21, -1, 3, 'ftp', 80)
    ) as v (account_key, customer_key, product_fk, line, amount)
    cross join (values (date '2025-01-01'), (date '2025-02-01')) as m (month_date);
create table dimensional.dim_profit_cause as select * from (values
    ('account', '账户', 'Account', false), ('treasury', '司库对方', 'Treasury''s side', false))
    as v (cause_code, cause_name_zh, cause_name_en, is_ledger_placement);
create table dimensional.fct_profit_range_month as select 1 as customer_key,
    cast(40 as decimal(18, 2)) as lowest_profit_amount,
    cast(45.64 as decimal(18, 2)) as base_profit_amount,
    cast(50 as decimal(18, 2)) as highest_profit_amount, date '2025-01-01' as month_date;
create table dimensional.fct_account_month as
    select account_key, customer_key, product_fk, month_date,
        day(last_day(month_date)) as days_count,
        cast(36000 * day(last_day(month_date)) as decimal(18, 2)) as balance_days_amount
    from (values (11, 1, 1), (12, 1, 2), (21, 9, 3)) as v (account_key, customer_key, product_fk)
    cross join (values (date '2025-01-01'), (date '2025-02-01')) as m (month_date);
create table dimensional.bridge_account_holder as select 21 as account_key, 2 as customer_key,
    'owner' as role_code, cast(0.5 as decimal(12, 8)) as share_rate,
    date '1900-01-01' as valid_from_date, date '9999-12-31' as valid_to_date;
create table dimensional.fct_customer_month as
    select customer_key, month_date, day(last_day(month_date)) as days_count,
        cast(deposit * day(last_day(month_date)) as decimal(18, 2)) as deposit_balance_days_amount,
        cast(loan * day(last_day(month_date)) as decimal(18, 2)) as loan_balance_days_amount,
        cast(deposit as decimal(18, 2)) as deposit_average_amount
    from (values (1, 36000, 36000), (2, 18000, 0)) as v (customer_key, deposit, loan)
    cross join (values (date '2025-01-01'), (date '2025-02-01')) as m (month_date);
create table dimensional.fct_customer_exposure_month as
    select 1 as customer_key, cast(9600 as decimal(18, 2)) as risk_weighted_amount, month_date
    from (values (date '2025-01-01'), (date '2025-02-01')) as m (month_date);
create table dimensional.dim_organisation as select 5 as organisation_pk, 'u' as organisation_id;
create table dimensional.dim_channel as select * from (values (1, 'counter'), (2, 'mobile_bank'))
    as v (channel_pk, channel_code);
create table dimensional.dim_transaction_type as select * from (values
    (1, 'transfer_out'), (2, 'odd'))
    as v (transaction_type_pk, transaction_type_code);
create table dimensional.fct_activity_cost_month as select 11 as account_key, 5 as organisation_fk,
    kind as transaction_type_fk, 1 as channel_fk, 2 as posting_count,
    cast(-3 as decimal(18, 2)) as cost_amount,
    cast(-2 as decimal(18, 2)) as direct_cost_amount, month_date
    from (values (1), (2)) as k (kind)
    cross join (values (date '2025-01-01'), (date '2025-02-01')) as m (month_date);
create table dimensional.fct_cost_pool_month as select month_date, 'u' as organisation_id,
    'M' as cost_pool_code, cast(10 as decimal(18, 2)) as ledger_cost_amount,
    cast(15 as decimal(18, 2)) as full_cost_amount, 100 as practical_minutes
    from (values (date '2025-01-01'), (date '2025-02-01')) as m (month_date);
create table rule.activity_time as select 'transfer_out' as transaction_type_code,
    'mobile_bank' as channel_code, 'M' as cost_pool_code,
    cast(0.5 as decimal(12, 4)) as base_minutes,
    date '1900-01-01' as valid_from_date, date '9999-12-31' as valid_to_date;
create table rule.value_class as select * from (values
    ('general', 0, 20000, date '1900-01-01', date '9999-12-31'),
    ('key', 20000, 1000000, date '1900-01-01', date '9999-12-31'))
    as v (value_class_code, minimum_amount, maximum_amount, valid_from_date, valid_to_date);
create table rule.profit_rule_set as select 'base' as rule_set_code, '基准' as rule_set_name_zh,
    'Base' as rule_set_name_en, true as is_published, cast(0.0036 as decimal(12, 8)) as surtax_rate,
    cast(0.25 as decimal(12, 8)) as income_tax_rate, cast(0.1 as decimal(12, 8)) as hurdle_rate,
    cast(0.1 as decimal(12, 8)) as capital_ratio_rate,
    cast(0.01 as decimal(12, 8)) as capital_return_rate,
    date '1900-01-01' as valid_from_date, date '9999-12-31' as valid_to_date;
"""


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as made:
        made.execute(TABLES)
        yield made


@pytest.fixture
def changed(connection):
    """The file, to be changed by one test."""
    connection.begin()
    yield connection
    connection.rollback()


@pytest.fixture
def book(connection):
    return Book(connection, [1], "base")


def test_a_statement_adds_up_by_line_account_and_subtotal(connection):
    told = statement.statement(connection, 1, JANUARY, FEBRUARY, "base")
    assert told.period == "2025-01 – 2025-02"
    assert told.line("net_interest").by_account == {11: 4_000, 12: 8_000}
    assert told.line("pre_tax_profit").total == 10_728
    assert told.line("net_profit").total == 8_046
    assert told.line("economic_profit").total == 6_446
    assert [column.key for column in told.columns] == [12, 11]
    assert {column.balance for column in told.columns} == {3_600_000}
    assert (told.deposits, told.loans) == (3_600_000, 3_600_000)
    # Ten percent of what 9,600 yuan weigh; 40.23 a month are half of them a year, and
    # they earn another percent by themselves.
    assert told.capital == 96_000
    assert told.raroc == 51_287_500


def test_the_page_holds_every_amount_and_nothing_that_runs_or_is_fetched(connection):
    told = statement.statement(connection, 1, JANUARY, JANUARY, "base")
    page = statement_page.page(told, generation=3, until=FEBRUARY, name="<i>张三</i>")
    for line in told.lines:
        assert f">{line.zh}<" in page
    assert "40.23" in page
    assert "&lt;b&gt;活期&lt;/b&gt;" in page
    assert "&lt;i&gt;张三&lt;/i&gt;" in page
    assert not re.search(r"<script|<link|<img|src=|url\(|https?:|<i>|<b>活期", page)


def test_a_page_that_cannot_be_written_is_told_in_one_sentence(connection, tmp_path):
    told = statement.statement(connection, 1, JANUARY, JANUARY, "base")
    page = tmp_path / "nowhere" / "page.html"
    with pytest.raises(QueryError, match=r"page\.html cannot be written \(No such file"):
        statement_page.write(told, page, generation=3, until=FEBRUARY, name=None)


def test_a_statement_as_a_table_ends_with_the_total(connection):
    answer = statement.statement(connection, 1, JANUARY, JANUARY, "base").answer()
    rows = {row[1]: row[2:] for row in answer.rows}
    assert rows["Net profit"] == (Decimal("29.73"), Decimal("10.50"), Decimal("40.23"))


def test_another_rate_moves_interest_and_taxes_and_nothing_else(book):
    """25 basis points on 36,000 yuan lent for 59 days; liabilities pay it."""
    case = what_if.rate_changed(book, "asset", Decimal(25))
    assert {name: amount for name, amount in case.change.items() if amount} == {
        "interest_income": 1_475, "surtax": -5, "income_tax": -368,
    }  # fmt: skip
    assert case.total(case.before, "net_profit") == 8_046
    assert what_if.rate_changed(book, "D", Decimal(-25)).change["interest_expense"] == 1_475


def test_a_shared_account_counts_by_its_share(connection):
    case = what_if.rate_changed(Book(connection, [2], "base"), "E", Decimal(25))
    assert case.change["interest_expense"] == -738


def test_shares_above_the_whole_are_cut_and_whose_record_it_is_has_none(changed):
    """Three halves of 36,000 * 59 yuan-days: a third each. Customer 9 is on the record alone."""
    changed.execute(
        "insert into dimensional.bridge_account_holder select 21, unnest([3, 4]), 'co_owner', 0.5,"
        " date '1900-01-01', date '9999-12-31'"
    )
    days = [
        sum(each.fen_days for each in Book(changed, [customer], "base").held())
        for customer in (2, 3, 4, 9)
    ]
    # A stretch ends on a whole hundred-millionth, in each of the two months.
    assert days == [70_800_000, 70_799_998, 70_800_002, 0]
    assert sum(days) == 212_400_000


def test_the_balance_of_a_large_company_has_room(changed):
    """Thirty thousand million yuan-days a month, divided by shares of eight places."""
    changed.execute("update dimensional.fct_account_month set balance_days_amount = 3e10")
    whole = sum(each.fen_days for each in held_of(changed, Book(changed, [2], "base").months, None))
    months, accounts = 2, 3
    assert whole == months * accounts * 3 * 10**12


def test_of_an_account_with_one_holder_the_whole_is_the_customers_on_its_record(changed):
    changed.execute("update dimensional.bridge_account_holder set share_rate = 1")
    assert [bool(Book(changed, [each], "base").held()) for each in (2, 9)] == [False, True]


def test_a_fee_is_asked_for_every_month_there_was_anything(book):
    assert what_if.fee_charged(book, Decimal("1.50")).change["fee_income"] == 300


def test_postings_go_to_another_channel_at_its_minutes_and_price(book):
    """Half of two postings a month, of three yuan at the counter; a hundred minutes cost 15."""
    case = what_if.channel_changed(book, "counter", "mobile_bank", Decimal("0.5"))
    assert case.change["direct_cost"] == 2 * (100 - 5)
    assert case.change["indirect_cost"] == 2 * (50 - 3)
    assert case.cost_left == 284
    assert case.notes[0][1].startswith("4 postings have no time")


def test_a_balance_held_in_another_product_brings_what_that_brings_on_average(book):
    """Of product E 18,000 yuan are held, and bring 60 a month; 36,000 would bring twice that."""
    case = what_if.product_changed(book, "D", "E")
    assert case.change["interest_expense"] == 2 * (-4_000 + 1_000)
    assert case.change["ftp"] == 2 * (16_000 - 3_000)


def test_who_is_lost_takes_everything_but_the_capacity(book):
    case = what_if.lost(book)
    assert case.total(case.before, "economic_profit") == 6_446
    assert case.total(case.change, "economic_profit") == -6_446
    assert case.cost_left == 1_200
    assert what_if.won(book).total(what_if.won(book).change, "net_profit") == 8_046


def test_a_figure_without_the_rows_it_rests_on_is_told_to_differ(connection):
    """The lake lost them, or they were corrected since."""
    whole = Whole(JANUARY, None, None, None, frozenset())
    bank = Bank({}, published.rules(connection), FEBRUARY, whole, "matched")
    asked = {"customer_key": 1, "month": JANUARY, "line": "net_interest", "rule_set": "base",
             "base_rule_set": "base"}  # fmt: skip
    found = trace.trace(connection, bank, **asked)
    assert (found.published, found.reckoned, found.is_same) == (6_000, 0, False)
    assert found.to_dict(with_identities=False)["is_same"] is False
    one = trace.trace(connection, bank, **asked, account_key=11)
    assert one.published == 2_000
    with pytest.raises(QueryError, match="has no account 21"):
        trace.trace(connection, bank, **asked, account_key=21)


def test_a_range_that_no_rule_set_makes_any_more_is_told_to_differ(connection):
    whole = Whole(JANUARY, None, None, None, frozenset())
    bank = Bank({}, published.rules(connection), FEBRUARY, whole, "matched")
    asked = {"customer_key": 1, "month": JANUARY, "line": "untaxed_economic_profit",
             "base_rule_set": "base"}  # fmt: skip
    found = trace.trace(connection, bank, **asked, rule_set="lowest")
    assert (found.published, found.reckoned, found.is_same) == (4_564, 0, False)
    told = found.to_dict(with_identities=False)["range"]
    assert told["lowest_published_amount"] == Decimal("40.00")
    assert told["reckoned_amounts"] == {"base": Decimal("0.00")}
    with pytest.raises(QueryError, match="choose one of base, lowest, highest"):
        trace.trace(connection, bank, **asked, rule_set="least")
    with pytest.raises(QueryError, match="he has no account and no visit in that month"):
        trace.trace(connection, bank, **(asked | {"customer_key": 2}), rule_set="highest")


def test_a_range_is_the_same_only_with_both_ends_and_the_base():
    by_rule_set = {"base": 45, "book": 40, "pool": 50, "prudent": 40}
    found = Spread(by_rule_set, "base", 40, 45, 50)
    assert found.is_same
    assert [found.code_of(name) for name in ("lowest", "highest", "pool")] == [
        "book", "pool", "pool",
    ]  # fmt: skip
    assert [found.bound_of(code) for code in by_rule_set] == [None, 40, 50, 40]
    assert not Spread(by_rule_set, "base", 40, 44, 50).is_same
    # A base rule set that did not hold in the month has no figure on either side.
    assert Spread({"pool": 50}, "base", 50, None, 50).is_same


def test_a_figure_of_a_unit_is_the_sum_of_its_lines_for_a_cause(connection):
    line = published.require_line(connection, "net_interest")
    assert published.unit_figure(connection, "u", JANUARY, line, "account", "base") == 18_000


def test_a_figure_that_a_unit_has_not_is_told_by_names_with_the_lines_of_the_cause(connection):
    line = published.require_line(connection, "fee_expense")
    with pytest.raises(QueryError) as caught:
        published.unit_figure(connection, "u", JANUARY, line, "account", "base")
    zh, en = caught.value.sentence
    assert "原因“账户 (account)”没有项目“手续费支出 (fee_expense)”" in zh
    assert "已发布的项目：利息收入 (interest_income)、" in zh
    assert "no Fee expense (fee_expense) for the cause Account (account)" in en
    assert en.endswith(", Income tax (income_tax), Capital charge (capital_charge)")
    with pytest.raises(QueryError, match=r"bears nothing .* it bears: Account"):
        published.unit_figure(connection, "u", JANUARY, line, "treasury", "base")


def test_value_classes_are_bands_of_the_average_deposit(connection):
    assert books.of_class(connection, "general") == [2]
    assert books.of_class(connection, "key") == [1]


def test_a_generation_of_an_older_version_is_to_be_built_again():
    with duckdb.connect() as empty, pytest.raises(QueryError, match="holds no dimensional"):
        published.months(empty)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda c: published.require_customer(c, 7), "there is no customer 7"),
        (lambda c: published.require_customer(c, -1), "there is no customer -1"),
        (lambda c: published.require_month(c, dt.date(2024, 1, 1)), "2025-01 to 2025-02"),
        (lambda c: published.require_line(c, "ftpp"), "interest_income, interest_expense, ftp"),
        (lambda c: published.rule_set(c, "bok", JANUARY), "choose one of base"),
        (
            lambda c: published.unit_figure(c, "w", JANUARY, FTP, "treasury", "base"),
            "there is no unit 'w'",
        ),
        (
            lambda c: published.unit_figure(c, "u", JANUARY, FTP, "no_idea", "base"),
            "those of unit u in 2025-01 are: Account (account)",
        ),
        (lambda c: books.of_class(c, "gold"), "choose one of general, key"),
        (lambda c: what_if.rate_changed(Book(c, [1], "base"), "X", Decimal(1)), "nothing of 'X'"),
        (lambda c: what_if.product_changed(Book(c, [1], "base"), "D", "X"), "nobody held product"),
        (
            lambda c: what_if.channel_changed(Book(c, [1], "base"), "bus", "counter", Decimal(1)),
            "choose one of counter, mobile_bank",
        ),
        (
            lambda c: what_if.channel_changed(
                Book(c, [1], "base"), "counter", "counter", Decimal(1)
            ),
            "is no change; name another channel",
        ),
        (
            lambda c: what_if.channel_changed(
                Book(c, [1], "base"), "counter", "mobile_bank", Decimal(2)
            ),
            "give a number above 0 and up to 1",
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_there_is(connection, asked, told):
    with pytest.raises(QueryError, match=re.escape(told)) as caught:
        asked(connection)
    assert re.search(r"[\u4e00-\u9fff]", caught.value.sentence[0])
