"""Which delivered file belongs to a feed."""

import datetime as dt

import pytest

from ingestion.contracts import FilePattern, Match, load_feeds

DAILY = FilePattern(pattern="corebank_account_{date}.csv", format="csv")
VISIT = FilePattern(pattern="走访台账_{part}_{date}.xlsx", format="xlsx")
VERSIONED = FilePattern(pattern="走访台账_{part}_{date}{version}.xlsx", format="xlsx")
FREE_PART = FilePattern(
    pattern="e_{part}{version}.csv", format="csv", business_date=dt.date(2025, 1, 31)
)

MATCHING = [
    (DAILY, "corebank_account_20250131.csv", Match(dt.date(2025, 1, 31), None)),
    (DAILY, "COREBANK_Account_20250131.CSV", Match(dt.date(2025, 1, 31), None)),
    (DAILY, "corebank_account_202402.csv", Match(dt.date(2024, 2, 29), None)),
    (VISIT, "走访台账_一组_20250131.xlsx", Match(dt.date(2025, 1, 31), "一组")),
    (VISIT, "走访台账_一组_补_202501.xlsx", Match(dt.date(2025, 1, 31), "一组_补")),
    *(
        (VERSIONED, f"走访台账_一组_202501{mark}.xlsx", Match(dt.date(2025, 1, 31), "一组", number))
        for mark, number in [
            ("", 0),
            ("_v2", 2),
            ("v10", 10),
            ("-V0", 0),
            ("_R1", 1),
            (" rev3", 3),
            ("_更正", 1),
            ("更正１", 1),
            ("(更正2)", 2),
            ("（修订）", 1),
            ("_重报3", 3),
        ]
    ),
    (FREE_PART, "e_三组_v2.csv", Match(dt.date(2025, 1, 31), "三组", 2)),
    (FREE_PART, "e_三组_v2_终稿.csv", Match(dt.date(2025, 1, 31), "三组_v2_终稿")),
]
OTHER = [
    (DAILY, "corebank_account_20250231.csv"),
    (DAILY, "corebank_account_202513.csv"),
    (DAILY, "corebank_account_20250131_v2.csv"),
    (VERSIONED, "走访台账_一组_202501_v.xlsx"),
    (VERSIONED, "走访台账_一组_202501_v12345.xlsx"),
    (VERSIONED, "走访台账_一组_202501_终稿.xlsx"),
    (DAILY, "corebank_account_000001.csv"),
    (DAILY, "corebank_account_2025013.csv"),
    (DAILY, "corebank_account_202501311.csv"),
    (DAILY, "corebank_account_２０２５０１３１.csv"),
    (DAILY, "corebank_account_holder_20250131.csv"),
    (DAILY, "corebank_account_20250131xcsv"),
    (DAILY, "corebank_account_20250131.csv.tmp"),
    (VISIT, "走访台账_20250131.xlsx"),
    (VISIT, "~$走访台账_一组_20250131.xlsx"),
]


@pytest.mark.parametrize(("pattern", "name", "match"), MATCHING, ids=lambda x: str(x)[:30])
def test_a_fitting_name_tells_date_and_part(pattern: FilePattern, name: str, match: Match) -> None:
    assert pattern.match(name) == match


@pytest.mark.parametrize(("pattern", "name"), OTHER, ids=lambda x: str(x)[:30])
def test_other_names_do_not_fit(pattern: FilePattern, name: str) -> None:
    assert pattern.match(name) is None


def test_a_fixed_date_holds_for_a_name_without_one() -> None:
    fixed = FilePattern(pattern="trans.asc", format="csv", business_date=dt.date(1994, 3, 31))
    assert fixed.match("trans.asc") == Match(dt.date(1994, 3, 31), None)
    assert fixed.match("transXasc") is None


def test_no_two_standard_feeds_claim_the_same_file_by_accident() -> None:
    feeds = load_feeds()
    claimed: dict[str, str] = {}
    for feed in feeds.values():
        for file in feed.delivery.files:
            name = file.pattern.format(date="20250131", part="一组", version="_v2")
            takers = [other.feed for other in feeds.values() if other.match(name)]
            assert takers == [feed.feed], f"{name} is claimed by {takers}"
            assert claimed.setdefault(name, feed.feed) == feed.feed


def test_an_internal_feed_claims_nothing() -> None:
    assert load_feeds()["vault__pseudonym"].match("vault__pseudonym_20250131.csv") is None
