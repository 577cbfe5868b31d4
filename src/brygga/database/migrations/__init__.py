"""The history of the database schema: one file per change, in order, run in process. A file that
has been released never changes.
"""
