"""The doctor says whether merchants can be told by mail and webhook."""

from dataclasses import replace

from brygga.cli import demo_stack
from brygga.cli.checkup.findings import Finding, Verdict
from brygga.cli.checkup.mail import mail, undelivered
from brygga.settings import AlertHooks, Settings, Smtp
from brygga_sandbox.clock import RealClock
from brygga_sandbox.sandbox import Plan, Sandbox
from tests.wire.test_mail import Server, served


def settings_with(smtp: Smtp | None) -> Settings:
    made = demo_stack.settings_for(Sandbox(Plan(products=0), RealClock()), "https://b.example")
    return replace(made, smtp=smtp, alert_hooks=AlertHooks.PUBLIC)


async def test_mail_that_is_unset_is_said_with_the_setting_that_mends_it() -> None:
    (found,) = await mail(settings_with(None))

    assert (Verdict.LOOK, "no mail is sent: BRYGGA_SMTP_HOST is unset") == (
        found.verdict,
        found.what,
    )
    assert "set BRYGGA_SMTP_HOST" in found.mend


async def test_a_mail_server_is_signed_in_to_and_gets_no_mail() -> None:
    server = Server()
    async with served(server) as smtp:
        found = await mail(settings_with(replace(smtp, username="me", password="hush")))

    assert [Verdict.WELL] == [one.verdict for one in found]
    assert [] == server.mails
    assert any(line.startswith("AUTH") for line in server.received)


async def test_a_mail_server_that_refuses_us_is_wrong() -> None:
    async with served(Server({"AUTH": "535 no", "NOOP": "421 closed"})) as smtp:
        refused = await mail(settings_with(replace(smtp, username="me", password="hush")))
    (gone,) = await mail(settings_with(smtp))

    found = [*refused, gone]
    assert {Verdict.WRONG} == {one.verdict for one in found}
    assert "sign_in_refused" in refused[0].what
    assert "hush" not in str(found)


async def test_webhooks_that_an_operator_opened_or_closed_are_named() -> None:
    for how in (AlertHooks.OFF, AlertHooks.LOCAL):
        found = await mail(replace(settings_with(None), alert_hooks=how))

        assert f"BRYGGA_ALERT_WEBHOOKS is {how.value}" == found[0].what


def test_alerts_that_wait_are_counted() -> None:
    found: list[Finding] = [*undelivered({"webhook": 2, "mail": 1})]

    assert [
        "1 alerts by mail could not be sent yet",
        "2 alerts by webhook could not be sent yet",
    ] == [one.what for one in found]
