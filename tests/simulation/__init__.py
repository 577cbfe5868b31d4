"""Whole days with crashes, faults and chance. They are checked from outside: by what the platforms
and the database hold at the end.
"""
