"""The work: what is done for a connection, and the only loop that does it.

`worker` takes a connection's lease and runs a turn over its work items. Each kind of work item has
a handler. The handler gathers from both platforms and the database, asks `core` what to do, and
does it. `session` is what a handler works with.

SQL, HTTP, pages, and rules about products or stock never live here. Only `judging` catches a
failure to decide about it.
"""
