"""Delivered files become rows of text, each with its place of origin and nothing guessed."""
