"""Delivered files become accepted rows in the lake, or quarantined rows with a reason."""
