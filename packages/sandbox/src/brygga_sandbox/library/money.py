"""Prices and VAT rates of the demo library in the currencies of Zettle's markets."""

from __future__ import annotations

# (numerator, denominator, step): the approximate value of an öre in the currency's own minor unit,
# and the step to which prices are rounded.
_WORTH = {
    "SEK": (1, 1, 1),
    "NOK": (1, 1, 100),
    "DKK": (7, 10, 100),
    "EUR": (1, 11, 10),
    "GBP": (1, 13, 10),
    "USD": (1, 10, 10),
    "MXN": (2, 1, 100),
}

# Standard, food and book rate of the country that stands for the currency. Zettle writes one
# decimal (zettle facts 2.9).
_RATES = {
    "SEK": {25: "25.0", 12: "12.0", 6: "6.0"},
    "NOK": {25: "25.0", 12: "15.0", 6: "0.0"},
    "DKK": {25: "25.0", 12: "25.0", 6: "25.0"},
    "EUR": {25: "25.5", 12: "13.5", 6: "10.0"},
    "GBP": {25: "20.0", 12: "0.0", 6: "0.0"},
    "USD": {25: "0.0", 12: "0.0", 6: "0.0"},
    "MXN": {25: "16.0", 12: "0.0", 6: "0.0"},
}


def amount(ore: int, currency: str) -> int:
    """A price in öre, converted to minor units of the currency. All markets of Zettle have two
    decimals (zettle facts 2.3).
    """
    numerator, denominator, step = _WORTH[currency]
    return max(ore * numerator // denominator // step * step, min(ore, step))


def vat_rate(percent: int, currency: str) -> str:
    """The rate of the currency's country for a Swedish rate, a string with one decimal."""
    return _RATES[currency][percent]


def rates(currency: str) -> tuple[str, ...]:
    """All rates a merchant with this currency uses, highest first."""
    return tuple(dict.fromkeys(_RATES[currency].values()))
