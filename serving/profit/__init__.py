"""What a customer earns the bank, opened to its rows, told on a page, and tried with other terms.

The arithmetic here is the second opinion on the warehouse: plain whole numbers over delivered rows
and published rules, without a line of its SQL. Rows are handed in; this room opens no lake.
"""
