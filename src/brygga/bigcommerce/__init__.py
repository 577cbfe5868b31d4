"""One platform: the BigCommerce shop.

Calls in `api`, JSON to values in `shapes` and back in `bodies`, sign-in in `oauth`, webhooks in
`events`. Here lives everything that knows how BigCommerce speaks; what comes out are values of
`core` or of `values`, and one of the four failures with a code of `codes` (its table says what each
means for the world).

Here never lives: a decision, a retry, a stored token, or a word of Zettle.
"""
