"""The work: what is done for a connection, and the only loop that does it.

`worker` takes a connection's lease and drains its marks; each kind of mark has a handler that
gathers from both platforms and the store, asks `core` what to do, and does it. `session` is what a
handler works with.

Here never lives: SQL, HTTP, a rule about products or stock, a page. Nobody here catches a failure
to decide about it but `judging`.
"""
