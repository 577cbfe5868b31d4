"""The door: pages for the merchant and receivers for the platforms' webhooks.

Here live routes, sessions, forms, templates, words in Swedish and English, and the small values
that templates take. Pages and hooks read the store, leave marks and show their state.

Here never lives: a call to a connected platform (sign-in and token exchange, handed in as
`WebDeps`, are the exception), SQL, or a rule that would hold without pages.
"""
