"""A merchant's webhook goes where the merchant said, and never into our own network."""

from collections.abc import Sequence

import httpx2
import pytest

from brygga.wire.outward import NotDelivered, Outward, is_public, open_outward, refusal
from tests.wire.doubles import FarEnd, says

URL = "https://shop.example/alerts?x=1"


def outward(far: FarEnd, *addresses: str, local: bool = False) -> Outward:
    async def resolve(host: str, port: int) -> Sequence[str]:
        if not addresses:
            raise OSError("no such host")
        return addresses

    return Outward(open_outward(httpx2.MockTransport(far)), local, resolve)


async def why(url: str, far: FarEnd, *addresses: str, local: bool = False) -> NotDelivered:
    with pytest.raises(NotDelivered) as failed:
        await outward(far, *addresses, local=local).post(url, {}, b"{}")
    return failed.value


async def test_the_call_goes_to_the_address_that_was_checked() -> None:
    """A name cannot mean another address between the check and the call."""
    far = FarEnd([says(204)])

    await outward(far, "2606:4700::1", "1.2.3.4").post(URL, {"webhook-id": "m1"}, b'{"a":1}')

    (asked,) = far.asked
    assert ("https://1.2.3.4:443/alerts?x=1", "shop.example", "shop.example") == (
        str(asked.url).replace("1.2.3.4/", "1.2.3.4:443/"),
        asked.headers["host"],
        asked.extensions["sni_hostname"],
    )
    assert ("m1", b'{"a":1}', "application/json") == (
        asked.headers["webhook-id"],
        asked.content,
        asked.headers["content-type"],
    )


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "64:ff9b:1::7f00:1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "fec0::1",
    ],
)
async def test_no_address_inside_a_network_is_called(address: str) -> None:
    """Also where only one of a name's addresses is inside."""
    far = FarEnd([])

    assert not is_public(address)
    assert "address_private" == (await why(URL, far, "1.2.3.4", address)).why
    assert [] == far.asked


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://shop.example/x", ""),
        ("https://shop.example:8443/x", ""),
        ("http://shop.example/x", "scheme"),
        ("ftp://shop.example/x", "scheme"),
        ("https://me:hush@shop.example/x", "secrets"),
        ("https://shop.example/x#part", "secrets"),
        ("https://127.0.0.1/x", "private"),
        ("https://[::1]/x", "private"),
        ("https://127.1/x", "private"),
        ("https://0x7f.1/x", "private"),
        ("https://2130706433/x", "private"),
        ("https://017700000001/x", "private"),
        ("https://0/x", "private"),
        ("https://localhost/x", "private"),
        ("https://printer.local/x", "private"),
        ("https://a.localhost./x", "private"),
        ("https:///x", "url"),
        ("https://shop.example:port/", "url"),
        ("https://shop.example:0/", "url"),
        ("https://[::1/x", "url"),
        ("https://shop.example/a b", "url"),
        ("https://shöp.example/", "url"),
        ("https://shop.example/\nx", "url"),
        ("https://shop.example/" + "x" * 500, "url"),
        ("nonsense", "url"),
        ("", "url"),
    ],
)
async def test_an_address_is_refused_before_anything_is_looked_up(url: str, word: str) -> None:
    assert word == refusal(url)
    if word:
        failed = await why(url, FarEnd([]), "1.2.3.4")
        assert (f"address_{word}", True) == (failed.why, failed.final)


def test_where_development_allows_it_this_machine_is_called() -> None:
    assert ["", "", "secrets"] == [
        refusal(url, local=True)
        for url in ("http://127.0.0.1:9/x", "https://shop.example/", "http://me:x@127.0.0.1/")
    ]


@pytest.mark.parametrize(
    ("status", "final"), [(301, False), (404, False), (410, True), (500, False)]
)
async def test_only_an_answer_of_200_to_299_is_a_delivery(status: int, *, final: bool) -> None:
    """A redirect is not followed: it could lead inside."""
    far = FarEnd([says(status, headers={"location": "https://10.0.0.1/"})])

    failed = await why(URL, far, "1.2.3.4")

    assert (str(status), final, 1) == (failed.why, failed.final, len(far.asked))


async def test_a_receiver_that_is_away_is_tried_again() -> None:
    assert "no_such_host" == (await why(URL, FarEnd([]))).why
    assert "ConnectError" == (await why(URL, FarEnd([httpx2.ConnectError("x")]), "1.2.3.4")).why


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would reach what we may not."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

    client = open_outward()

    assert [] == [mount for mount in client._mounts.values() if mount is not None]
    await client.aclose()
