"""Products from Zettle to BigCommerce: what changed is read, planned and applied, in bulk.

`work` handles the work items of products; `library` reads Zettle's library; `preview` and `plans`
show what the next sync would do.

A stock level never lives here. The initial level of a new variant comes through
`sync.initial_levels`.
"""
