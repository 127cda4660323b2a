"""Models as unfitted pipelines, how each is taught, and why it gives the score it gives."""
