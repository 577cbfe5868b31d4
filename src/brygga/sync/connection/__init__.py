"""The life of a connection: set-up, access, webhooks, the sweep, and disconnection.

A decision about products or stock never lives here. The sweep and the set-up call the packages that
decide.
"""
