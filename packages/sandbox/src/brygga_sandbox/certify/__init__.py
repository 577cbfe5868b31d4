"""The contract of both platforms as questions that can be put to any address: the sandbox, or a
real test account and store.

Here live the questions, the hands that ask them, and the report. Nothing here knows how the sandbox
answers, and nothing here is used by the service: it is a second, independent reading of the
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
