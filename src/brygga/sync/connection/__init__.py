"""The life of a connection: set-up, access, webhooks, the sweep, and leaving.

Here never lives: a decision about products or stock. The sweep and the set-up call those rooms.
"""
