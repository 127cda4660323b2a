"""The assets of the house: feeds, warehouse, models, publication."""
