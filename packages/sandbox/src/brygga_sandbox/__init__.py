"""Toy town: both platforms as their documents describe them, strict, in memory, on a clock that can
be moved.

Here live a Zettle and a BigCommerce that refuse what the real ones refuse, and the small things
they share: an HTTP layer, clocks, faults, a count of requests, and an outbox for webhooks. Nothing
of the rest of Brygga is ever imported here: a stand-in that shared code with its client would share
its mistakes.
"""
