"""One page per file: what it shows as a frozen value, how that is read from the database, and which
work items its buttons add.
"""
