"""The BigCommerce platform.

Calls in `api`, JSON to values in `shapes` and back in `bodies`, sign-in in `oauth`, webhooks in
`events`. All code that knows BigCommerce's API lives here. It returns values of `core` or of
`values`, and raises one of the four failures with a code of `codes` (its table says what each
means).

Never here: a decision, a retry, a stored token, or any knowledge of Zettle.
"""
