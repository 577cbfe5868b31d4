"""Brygga links a merchant's Zettle till with the merchant's BigCommerce shop.

The rooms, from the bottom up: `core` (the rules), `wire` (one HTTP door), `zettle` and
`bigcommerce` (one platform each), `store` (the memory), `sync` (the work), `web` (the door),
`sandbox` (both platforms as a toy town), and on top `wiring` and `cli`, which know them all.
"""
