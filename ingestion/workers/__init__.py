"""Child processes that read delivered files, so that no file can take the night down."""
