"""The sandbox: both platforms as their documents describe them. It is strict, keeps its state in
memory, and runs on a clock that a test can advance.

This package holds a Zettle and a BigCommerce that refuse what the real platforms refuse, and the
parts they share: an HTTP layer, clocks, faults, a count of requests, and an outbox for webhooks. It
never imports anything from the rest of Brygga: an imitation that shared code with its client would
share the client's mistakes.
"""
