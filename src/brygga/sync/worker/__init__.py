"""The loop over connections, and what a handler works with.

`loop` takes jobs and leases. `turn` runs the handlers of one connection's due work items. `judging`
alone decides what a failure means. `session` is what a handler is given. `pace` holds the times,
`program` the version.

What a handler does never lives here.
"""
