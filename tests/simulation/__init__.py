"""Whole stories with crashes, faults and chance, checked from outside: by what the platforms and
the memory hold at the end.
"""
