"""Names that are said in several places; a command needs some of them before it loads a model."""

from __future__ import annotations

from typing import Final

#: Groups of products that somebody may come to open; which products belong to one is the rule
#: ``product_group``.
PRODUCT_GROUPS: Final = ("time_deposit", "wealth", "loan", "electronic_account")
PROPENSITY: Final = "propensity_"
MODEL_NAMES: Final = (
    "churn",
    "value",
    "survival",
    "default",
    *(f"{PROPENSITY}{group}" for group in PRODUCT_GROUPS),
)

#: The whole bank, among its parts: populations of customers, size classes.
EVERYBODY: Final = "all"


def called(name: str, version: str) -> tuple[str, str]:
    """A version of a model as a sentence names it, in Chinese and in English."""
    return f"模型 {name} 的版本 {version}", f"Model {name} {version}"
