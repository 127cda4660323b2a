"""Each feature is told under one heading, and no heading is empty."""

from ml.frames.catalogue import FEATURES
from ml.frames.themes import THEMES, theme_of
from scripts.feature_names import PATH, as_csv


def test_each_feature_is_in_exactly_one_theme():
    for feature in FEATURES:
        found = [theme.code for theme in THEMES if feature.name.startswith(theme.starts)]
        assert len(found) == 1, (feature.name, found)


def test_each_beginning_of_a_theme_is_that_of_a_feature():
    names = [feature.name for feature in FEATURES]
    for theme in THEMES:
        for start in theme.starts:
            assert any(name.startswith(start) for name in names), (theme.code, start)
    assert {theme_of(name).code for name in names} == {theme.code for theme in THEMES}


def test_the_marts_call_each_feature_what_the_catalogue_calls_it():
    assert PATH.read_text(encoding="utf-8") == as_csv(), "run python -m scripts.feature_names"
