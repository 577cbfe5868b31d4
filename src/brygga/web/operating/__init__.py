"""What an operator sees and does: on pages of their own, by an HTTP API, and by commands.

`status` reads, `acts` does; the commands use them too. `door` says who comes in, `pages` and `api`
answer, `openapi` describes the API. Nothing here shows a secret, what a product costs, or anything
of a shopper.
"""
