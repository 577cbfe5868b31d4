"""The commands, one file each.

Here lives what an operator types and reads; never a rule, a page, or a remote call to a merchant's
account.
"""
