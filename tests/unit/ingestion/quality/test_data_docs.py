"""The gate's pages: what they say, that they need no network, and that old nights go."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest

from ingestion.quality import data_docs
from ingestion.quality.data_docs import NightOfDocs
from ingestion.quality.gate import Passage, check
from tests.unit.ingestion.quality.test_gate import FEED, FEEDS, Counted

NIGHT = dt.date(2026, 1, 5)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def passage() -> Passage:
    failing = Counted({"key_count": 27}).report("bad")
    failing.source_file = "<script>alert(1)</script>\u202egnp.csv"
    return check([Counted().report("good"), failing], FEEDS)


def page_of(passage: Passage, run_id: int = 7, date: dt.date = NIGHT) -> NightOfDocs:
    return NightOfDocs(date, run_id, passage.validations, ["贷款合同 corebank__loan"])


def test_a_page_says_what_failed_where_in_how_many_rows_and_whose_it_is(passage: Passage) -> None:
    html = data_docs.render(page_of(passage))
    assert FEED.owner in html
    assert FEED.title.zh in html
    assert FEED.feed in html
    failed = re.search(r'<tr><td class="bad">.*?</tr>', html)
    assert failed
    assert "主键不唯一" in failed[0]
    assert "the key is not unique" in failed[0]
    assert '<td class="n">2</td><td class="n">3</td>' in failed[0], "2 files asked, 3 rows doubled"
    assert "2 个文件" in html
    assert "1 feeds failed" in html
    assert "“金额”不大于 1000" in html
    assert "本次没有新文件 Nothing new tonight: 贷款合同 corebank__loan" in html


def test_a_file_name_is_text_and_plays_no_tricks(passage: Passage) -> None:
    """F67, F69: names are the sender's."""
    html = data_docs.render(page_of(passage))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "\u202e" not in html
    assert "\\u202egnp.csv" in html


def test_a_page_names_nothing_outside(passage: Passage, tmp_path: Path) -> None:
    data_docs.write(page_of(passage), tmp_path)
    for path in tmp_path.iterdir():
        html = path.read_text(encoding="utf-8")
        assert "default-src 'none'" in html
        assert not re.search(r"https?:|//|<script|<link|<img|@import|url\(", html), path.name


def test_the_last_nights_are_kept_and_listed_newest_first(passage: Passage, tmp_path: Path) -> None:
    (tmp_path / "notes.html").write_text("somebody's own")
    for number in range(1, 13):
        data_docs.write(page_of(passage, number, dt.date(2026, 1, number)), tmp_path, keep=3)
    names = [f"2026-01-{number}-run{number}.html" for number in (12, 11, 10)]
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "notes.html", *names}
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert re.findall('href="(.*?)"', index) == names


def test_a_page_is_written_whole_or_not_at_all(
    passage: Passage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = data_docs.write(page_of(passage), tmp_path)
    before = page.read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        data_docs.write(page_of(Passage()), tmp_path)
    assert page.read_bytes() == before


@pytest.mark.skipif(CHROMIUM is None, reason="no browser on this machine")
def test_a_browser_shows_it_without_fetching_anything(passage: Passage, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    data_docs.write(page_of(passage), tmp_path)
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto((tmp_path / "index.html").as_uri())
        page.get_by_role("link", name="2026-01-05").click()
        assert page.locator("h1").inner_text() == "质量关卡 Quality gate · 2026-01-05"
        assert page.get_by_text("主键不唯一").is_visible(), "what failed is open"
        assert page.locator("tr").first.is_visible()
        browser.close()
    assert all(url.startswith(tmp_path.as_uri()) for url in asked), asked
    assert len(asked) == 2
    assert complaints == []
