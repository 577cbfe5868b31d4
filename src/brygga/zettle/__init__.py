"""The Zettle platform: calls in `api`, JSON to values in `shapes`, sign-in in `oauth`, webhooks in
`events`.

All code that knows Zettle's API lives here. It returns values of `core` or of `values`, and raises
one of the four failures with a code of `codes`.

Never here: a decision, a retry, a stored token, or any knowledge of BigCommerce.
"""
