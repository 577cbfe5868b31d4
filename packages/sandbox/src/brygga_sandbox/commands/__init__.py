"""The commands of `brygga-sandbox` besides starting the sandbox: one module per command, with `add`
and `run`.
"""
