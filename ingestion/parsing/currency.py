"""Currencies: the letters of ISO 4217, also where a source writes a name or the number."""

from __future__ import annotations

from typing import Final

from ingestion.sql import literal

# ISO 4217, list one, without the codes of tests and of no currency; with two codes that went out
# of use in 2025 and 2026 and stand in older books.
# fmt: off
CODES: Final = (
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
    "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD",
    "CAD", "CDF", "CHE", "CHF", "CHW", "CLF", "CLP", "CNY", "COP", "COU", "CRC", "CUP", "CVE",
    "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL",
    "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR",
    "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD",
    "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK",
    "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO",
    "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON",
    "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD",
    "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD",
    "TZS", "UAH", "UGX", "USD", "USN", "UYI", "UYU", "UYW", "UZS", "VED", "VES", "VND", "VUV",
    "WST", "XAF", "XAG", "XAU", "XCD", "XCG", "XDR", "XOF", "XPD", "XPF", "XPT", "XSU", "XUA",
    "YER", "ZAR", "ZMW", "ZWG",
)
# fmt: on
# RMB has the look of a code and is none; the other names mean one currency only (元 does not).
_NAMES: Final = {
    "CNY": ("RMB", "人民币", "人民币元", "156"),
    "USD": ("美元", "美金", "840"),
    "HKD": ("港币", "港元", "344"),
    "EUR": ("欧元", "978"),
    "GBP": ("英镑", "826"),
    "JPY": ("日元", "392"),
}


def macros() -> list[str]:
    """The SQL macro `parse_currency(x, day)`."""
    names = " ".join(
        f"WHEN {literal(name)} THEN {literal(code)}"
        for code, names in _NAMES.items()
        for name in names
    )
    codes = ", ".join(map(literal, CODES))
    return [
        f"""CREATE OR REPLACE TEMP MACRO parse_currency(x, day) AS
            CASE WHEN x = 'CNY' OR x IN ({codes}) THEN x
                 WHEN x <> '' THEN list_transform([upper(listed_form(x))], lambda s:
                      CASE s {names} ELSE CASE WHEN s IN ({codes}) THEN s END END)[1] END""",
    ]
