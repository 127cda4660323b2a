"""The sheet that goes back to its sender with what was refused, and comes home corrected."""
