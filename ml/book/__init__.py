"""The model book: one page per version, drawn from its signed report."""
