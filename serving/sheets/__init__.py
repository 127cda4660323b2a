"""Sheets for people: one small definition each in `catalogue/`, one renderer for all of them."""
