"""The gate every batch goes through before anything is built on it."""
