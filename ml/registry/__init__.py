"""Signed versions of models: stored whole, loaded only when every promise holds."""
