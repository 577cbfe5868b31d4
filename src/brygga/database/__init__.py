"""The database package: the only SQL.

It holds what outlasts a restart: connections, sealed tokens, the mirror of Zettle's library,
bindings, work items, the inbox, the sync log, sessions. There is one module per noun. Each function
takes the transaction first and the connection's id second, takes times as parameters, and returns
values.

It never holds a remote call, a decision about products or stock, a clock, or a sentence for people.
"""
