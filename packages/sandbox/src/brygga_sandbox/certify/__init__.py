"""The contract of both platforms as questions for any address: the sandbox, or a real test account
and store.

This package holds the questions, the client that asks them, and the report. Nothing here knows how
the sandbox answers, and the service uses nothing of it: it is a second, independent reading of the
platforms' documents.
"""

from brygga_sandbox.certify.asking import Answered, Certificate, certify
from brygga_sandbox.certify.bench import Bench, Place
from brygga_sandbox.certify.journal import Journal
from brygga_sandbox.certify.rehearsal import rehearse
from brygga_sandbox.certify.report import as_json, as_markdown

__all__ = [
    "Answered",
    "Bench",
    "Certificate",
    "Journal",
    "Place",
    "as_json",
    "as_markdown",
    "certify",
    "rehearse",
]
