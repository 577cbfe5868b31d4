"""What `brygga doctor` examines, one file a subject. Each returns findings and changes nothing.

Never here: what prints them, or a check that calls a merchant's account.
"""
