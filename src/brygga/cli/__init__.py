"""The commands, one file each.

Here is what an operator types and reads. Never here: a rule, a page, or a remote call to a
merchant's account.
"""
