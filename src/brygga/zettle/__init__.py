"""One platform: the Zettle till. Calls in `api`, JSON to values in `shapes`, sign-in in `oauth`,
webhooks in `events`.

Here lives everything that knows how Zettle speaks; what comes out are values of `core` or of
`values`, and one of the four failures with a code of `codes`.

Here never lives: a decision, a retry, a stored token, or a word of BigCommerce.
"""
