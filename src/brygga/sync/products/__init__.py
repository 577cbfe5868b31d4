"""Products from Zettle to BigCommerce: what changed is read, planned and carried out, in bulk.

`work` answers the work items of products; `library` reads Zettle's library; `preview` and `plans`
tell what the next sync would do.

Here never lives: a stock level. What a new variant starts with comes through `sync.initial_levels`.
"""
