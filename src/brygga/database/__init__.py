"""The memory: the only SQL.

Here lives what outlasts a restart: connections, sealed tokens, the mirror of the till's library,
bindings, dirty marks, the inbox, the sync log, sessions. One module per noun; each function takes
the transaction first and the connection's id second, takes times as parameters, and answers with
values.

Here never lives: a remote call, a decision about products or stock, a clock, or a sentence for
people.
"""
