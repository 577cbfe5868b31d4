"""Mail and webhooks to merchants: whether they can be sent. Signs in, and sends nothing."""

from collections.abc import Iterator, Mapping

from brygga.cli.checkup.findings import Finding, look, well, wrong
from brygga.settings import AlertHooks, Settings
from brygga.wire.mail import Mailer
from brygga.wire.outward import NotDelivered


async def mail(settings: Settings) -> list[Finding]:
    found = []
    if settings.alert_hooks is not AlertHooks.PUBLIC:
        what = f"BRYGGA_ALERT_WEBHOOKS is {settings.alert_hooks.value}"
        mend = "unset it where merchants may have alerts sent to programs of their own"
        found.append(look(what, mend))
    smtp = settings.smtp
    if smtp is None:
        mend = "set BRYGGA_SMTP_HOST; until then merchants read of trouble on the pages only"
        return [*found, look("no mail is sent: BRYGGA_SMTP_HOST is unset", mend)]
    where = f"the mail server {smtp.host}:{smtp.port}"
    try:
        await Mailer(smtp).check()
    except NotDelivered as failed:
        mend = "compare BRYGGA_SMTP_HOST, _PORT, _SECURITY, _USERNAME and _PASSWORD with it"
        return [*found, wrong(f"{where} does not let us in: {failed.why}", mend)]
    return [*found, well(f"{where} lets us in")]


def undelivered(waiting: Mapping[str, int]) -> Iterator[Finding]:
    """`waiting` is how many alerts wait after a failed try, by channel."""
    for channel, count in sorted(waiting.items()):
        mend = "the worker's log says why; each is tried again for three days"
        yield look(f"{count} alerts by {channel} could not be sent yet", mend)
