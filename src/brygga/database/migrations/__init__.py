"""How the memory's shape came to be: one file per change, in order, run in process. A file that has
been released never changes.
"""
