"""Columns of the feeds that :mod:`ml.lifetimes` fills, in their order."""

from __future__ import annotations

import polars as pl

#: Columns of the feed ml__customer_lifetime, in their order.
CUSTOMER_SCHEMA = {
    "customer_key": pl.Int64,
    "observation_date": pl.Date,
    "population_code": pl.String,
    "history_month_count": pl.Int64,
    "act_day_count": pl.Int64,
    "idle_day_count": pl.Int64,
    "alive_probability": pl.Float64,
    "expected_act_count": pl.Float64,
    "stayed_month_count": pl.Int64,
    "remaining_months": pl.Float64,
    "remaining_months_low": pl.Float64,
    "remaining_months_high": pl.Float64,
    "state_number": pl.Int64,
    "lifetime_value": pl.Float64,
    "lifetime_value_low": pl.Float64,
    "lifetime_value_high": pl.Float64,
    "renewal_value": pl.Float64,
    "renewal_value_low": pl.Float64,
    "renewal_value_high": pl.Float64,
}
#: Columns of the feed ml__lifetime_fit.
FIT_SCHEMA = {
    "observation_date": pl.Date,
    "population_code": pl.String,
    "acting_count": pl.Int64,
    "alive_r": pl.Float64,
    "alive_alpha": pl.Float64,
    "alive_a": pl.Float64,
    "alive_b": pl.Float64,
    "alive_log_likelihood": pl.Float64,
    "stay_count": pl.Int64,
    "lost_count": pl.Int64,
    "stay_a": pl.Float64,
    "stay_b": pl.Float64,
    "stay_log_likelihood": pl.Float64,
    "note_zh": pl.String,
    "note_en": pl.String,
}
#: Columns of the feed ml__value_state.
STATE_SCHEMA = {
    "observation_date": pl.Date,
    "state_number": pl.Int64,
    "rule_zh": pl.String,
    "rule_en": pl.String,
    "customer_count": pl.Int64,
    "margin": pl.Float64,
    "leave_rate": pl.Float64,
    "lifetime_value": pl.Float64,
    "lifetime_value_low": pl.Float64,
    "lifetime_value_high": pl.Float64,
}
