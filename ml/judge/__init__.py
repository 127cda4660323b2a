"""How good a score is, and whether it still is."""
