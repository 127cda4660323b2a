"""The examples in the docstrings of the package hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import ingestion


def test_the_examples_in_docstrings_hold() -> None:
    """Nothing else runs them: the example of `batch_id_of` showed an id that it never gives."""
    tried = 0
    for module in pkgutil.walk_packages(ingestion.__path__, "ingestion."):
        if not module.name.endswith("__main__"):
            failed, count = doctest.testmod(importlib.import_module(module.name))
            assert failed == 0, module.name
            tried += count
    assert tried > 20
