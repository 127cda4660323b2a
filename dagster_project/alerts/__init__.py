"""Alerts: what somebody should hear of a night, sent where the bank says."""
