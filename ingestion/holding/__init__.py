"""Deliveries that wait: what puts one in doubt, which parts want each other, what people decide."""
