"""An audited build becomes a published generation, and the door through which it is read.

Knows the published tables; never the rules of the bank, and never how the night is conducted.
"""
