"""The stages of a night, each a few calls into the room that does the work."""
