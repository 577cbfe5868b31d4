"""What `brygga bench` measures, and with what.

Three kinds of processes: the one that asks and measures (`homes`, `load`), one with both sandboxes
(`platforms`), and one or more with the service (`house`), each with figures of its own. Never here:
a shortcut that the service takes only while it is measured.
"""
