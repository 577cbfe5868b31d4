"""What `brygga-sandbox` does besides opening the sandbox: one module a command, with `add` and
`run`.
"""
