"""The platforms' messages of the last 24 hours that do not reach us, or not as they should."""

from collections.abc import Sequence

from brygga.cli.checkup.findings import Finding, Verdict
from brygga.database.deliveries import Deliveries, Outcome


def webhooks(received: Sequence[Deliveries], elsewhere: Sequence[int]) -> list[Finding]:
    """One finding for each kind of trouble of a connection."""
    found = []
    for number in elsewhere:
        mend = (
            "start a worker with this BRYGGA_PUBLIC_URL: it moves them at once, unless the "
            "connection is paused"
        )
        found.append(
            Finding(
                Verdict.WRONG, f"connection {number}: its webhooks point to another address", mend
            )
        )
    for one in received:
        name = f"connection {one.connection_id}, {one.platform.value}"
        if one.failed:
            what = (
                f"{name}: {one.of(Outcome.REFUSED)} webhooks refused, {one.of(Outcome.ASTRAY)} at "
                "a wrong address, "
                f"{one.accepted} accepted"
            )
            mend = (
                f"run `brygga sync {one.connection_id} --webhooks`, which makes them anew; if it "
                "comes back, see that all "
                "processes have the same settings and the same database, and that no proxy changes "
                "bodies or headers"
            )
            found.append(Finding(Verdict.WRONG if one.is_alarming else Verdict.LOOK, what, mend))
        if unverified := one.of(Outcome.UNVERIFIED):
            what = (
                f"{name}: {unverified} webhooks bear our secret, and a signature that does not "
                "verify"
            )
            mend = (
                "they are accepted; compare BRYGGA_BIGCOMMERCE_CLIENT_SECRET with the app, and "
                "this machine's clock"
            )
            found.append(Finding(Verdict.LOOK, what, mend))
        if ended := one.of(Outcome.ENDED):
            what = (
                f"{name}: the platform had switched off or deleted {ended} webhooks; they are "
                "renewed"
            )
            mend = (
                "see that the public address is reached from outside and answers within ten "
                "seconds, also at night"
            )
            found.append(Finding(Verdict.LOOK, what, mend))
    return found
