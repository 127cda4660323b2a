"""Customer numbers become parties: who is the same person or company, and why.

The room knows frames that it is handed: names and documents come in, pairs of pseudonyms with
weights go out. Nothing that leaves it says who anybody is.

    pairs = match(records, rules)          # every pair worth looking at, explained per field
    parties = join(pairs, decisions)       # one party for each number, human words first
"""
