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
WHOLE_BANK: Final = ("全行", "the whole bank")
#: Populations as pages and sentences name them, in Chinese as the table of codes does; who is of no
#: population on record is one too.
POPULATIONS: Final = {
    "merchant": ("商户", "merchants"),
    "town_resident": ("城镇居民", "town residents"),
    "village_resident": ("村庄居民", "village residents"),
    "company": ("企业", "companies"),
    "institution": ("机关单位", "institutions"),
    "unknown": ("未登记", "not recorded"),
}


def called(name: str, version: str) -> tuple[str, str]:
    """A version of a model as a sentence names it, in Chinese and in English."""
    return f"模型 {name} 的版本 {version}", f"Model {name} {version}"
