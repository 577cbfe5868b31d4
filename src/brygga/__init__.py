"""Brygga links a merchant's Zettle till with the merchant's BigCommerce store.

The packages, from the bottom up: `core` (the rules), `wire` (all HTTP), `zettle` and `bigcommerce`
(one platform each), `database` (all SQL), `sync` (the work), `web` (pages and webhooks),
`brygga_sandbox` (both platforms as a sandbox), and on top `wiring` and `cli`, which use them all.
"""
