"""One page a file: what it shows as a frozen value, how that is gathered from the store, and what
its buttons leave behind.
"""
