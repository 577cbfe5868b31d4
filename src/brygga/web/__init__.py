"""The web package: pages for the merchant and receivers for the platforms' webhooks.

It holds routes, sessions, forms, templates, texts in six languages, and the small values that
templates take. Pages and hooks read the database, add work items and show state.

It never holds a call to a connected platform (except sign-in and token exchange, which it gets in
`WebDeps`), SQL, or a rule that would apply without pages.
"""
