"""What Zettle's refusals mean, and how calls leave: tokens, links, sign-in."""

import pytest

from brygga.core.failures import Failure, NeedsMerchant, Refused, Unanswered, Unreachable
from brygga.wire import Call, OpenGate
from brygga.zettle import oauth
from brygga.zettle.api import Zettle
from brygga.zettle.api.door import following, next_link
from brygga.zettle.codes import Code
from brygga.zettle.oauth import ZettleApp
from brygga.zettle.values import ZettleUrls
from tests.wire.doubles import FarEnd, Step, far_end, says
from tests.zettle.account import FixedTokens

APP = ZettleApp("client", "https://brygga.example/back", "app-secret-value")


def zettle(*steps: Step) -> tuple[Zettle, FarEnd]:
    wire, end = far_end(*steps)
    return Zettle(wire, OpenGate(), ZettleUrls(), FixedTokens("first-token", "second-token")), end


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, {"errorType": "PRODUCT_NOT_TRACKED"}, Refused, Code.NOT_TRACKED),
        (404, {"errorType": "ENTITY_NOT_FOUND"}, Refused, Code.ITEM_UNKNOWN),
        (
            404,
            {"developerMessage": "XXX not found", "errorType": None, "violations": []},
            Refused,
            Code.ITEM_UNKNOWN,
        ),
        (409, {"errorType": "ITEM_ALREADY_EXIST"}, Refused, Code.PRODUCT_EXISTS),
        (400, {"errorType": "SUBSCRIPTION_ALREADY_EXIST"}, Refused, Code.SUBSCRIPTION_EXISTS),
        (404, {"errorType": "SUBSCRIPTION_NOT_FOUND"}, Refused, Code.SUBSCRIPTION_GONE),
        (
            400,
            {"errorType": "DESTINATION_NOT_ACCESSIBLE"},
            Unreachable,
            Code.DESTINATION_UNREACHABLE,
        ),
        (422, {"developerMessage": "bad"}, Refused, Code.INPUT_REFUSED),
        (400, None, Refused, Code.INPUT_REFUSED),
        (405, "Method Not Allowed", Refused, Code.REFUSED),
        (403, None, NeedsMerchant, Code.SCOPE_MISSING),
    ],
)
async def test_each_refusal_has_its_code(
    status: int, body: object, kind: type[Failure], code: Code
) -> None:
    room, _ = zettle(says(status, body))

    with pytest.raises(Failure) as caught:
        await room.set_tracking(["p"], enabled=True)

    assert (type(caught.value), caught.value.code) == (kind, code)


async def test_a_refusal_names_the_fields_and_its_words_are_cleaned() -> None:
    body = {
        "developerMessage": "no\ngood second-token",
        "violations": [{"propertyName": "name", "developerMessage": "too\nlong"}],
    }
    room, _ = zettle(says(401), says(422, body))

    with pytest.raises(Refused) as caught:
        await room.set_tracking(["p"], enabled=True)

    assert caught.value.errors == {"name": "too long"}
    assert caught.value.detail == "POST /v3/products: 422 no good second-token"


async def test_a_refused_token_is_renewed_once_and_then_access_is_gone() -> None:
    room, end = zettle(says(401), says(401))

    with pytest.raises(NeedsMerchant) as caught:
        await room.user()

    assert caught.value.code == Code.ACCESS_GONE
    assert [request.headers["authorization"] for request in end.asked] == [
        "Bearer first-token",
        "Bearer second-token",
    ]


async def test_a_new_token_that_is_called_too_old_is_zettles_fault_and_no_end() -> None:
    """The sign-in honoured us a moment ago: a merchant is not asked to sign in again for that."""
    expired = says(
        401,
        headers={
            "WWW-Authenticate": (
                'Bearer error="invalid_request", error_description="ACCESS_TOKEN_EXPIRED"'
            )
        },
    )
    room, _ = zettle(expired, expired)

    with pytest.raises(Unreachable):
        await room.user()


async def test_a_list_that_is_no_list_counts_as_lost() -> None:
    room, _ = zettle(says(200, {"unexpected": True}))

    with pytest.raises(Unreachable):
        await room.products()


async def test_stock_of_many_falls_back_to_one_by_one() -> None:
    balance = {"variantUuid": "v", "productUuid": "p", "inventoryUuid": "i", "balance": 2}
    room, end = zettle(
        says(400), says(200, [balance]), says(404, {"errorType": "PRODUCT_NOT_TRACKED"})
    )

    rows = (await room.stock_of_many("i", ["p", "q"])).rows

    assert [row.balance for row in rows] == [2]
    assert [request.method for request in end.asked] == ["POST", "GET", "GET"]


LINK = '<https://h/a?x=1>; rel="prev", <https://h/a?x=2&y=3>; rel="next"'


@pytest.mark.parametrize(
    ("header", "url"),
    [
        (LINK, "https://h/a?x=2&y=3"),
        ("<https://h/a>; rel=next", "https://h/a"),
        ('<https://h/a>; title="x"; rel="last next"', "https://h/a"),
        ('<https://h/a>; rel="prev"', ""),
        ("", ""),
    ],
)
def test_the_next_page_is_found_among_other_links(header: str, url: str) -> None:
    assert next_link(header) == url


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://own.example/v3/stock?cursor=2", "https://own.example/v3/stock?cursor=2"),
        ("/v3/stock?cursor=2", "https://own.example/v3/stock?cursor=2"),
        ("https://evil.example/steal?cursor=2", "https://own.example/v3/stock?cursor=2"),
        ("http://own.example/v3/stock?cursor=2", "https://own.example/v3/stock?cursor=2"),
    ],
)
async def test_a_token_never_follows_a_link_to_another_host(link: str, url: str) -> None:
    wire, _ = far_end(says(200, [], {"Link": f'<{link}>; rel="next"'}))
    call = Call("zettle", "GET", "https://own.example/v3/stock", params=(("limit", "1000"),))

    page = following(call, await wire.send(call, OpenGate()))

    assert page is not None
    assert (page.url, page.params) == (url, ())


# ---- Sign-in -------------------------------------------------------------------------------------


def test_the_sign_in_address_separates_scopes_by_percent_20() -> None:
    url = oauth.authorize_url(APP, "a+b/c")

    assert url.startswith(
        "https://oauth.zettle.com/authorize?response_type=code&client_id=client&"
        "scope=READ%3APRODUCT%20"
    )
    assert "+" not in url
    assert url.endswith("&redirect_uri=https%3A%2F%2Fbrygga.example%2Fback&state=a%2Bb%2Fc")


async def test_an_exchange_sends_the_form_and_reads_the_pair() -> None:
    wire, end = far_end(
        says(
            200,
            {"access_token": "A", "refresh_token": "R", "expires_in": 7200, "token_type": "Bearer"},
        )
    )

    grant = await oauth.exchange(wire, APP, "the code")

    assert (grant.access_token, grant.refresh_token, grant.lifetime_s) == ("A", "R", 7200)
    sent = end.asked[0]
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sent.content == (
        b"grant_type=authorization_code&code=the+code&"
        b"redirect_uri=https%3A%2F%2Fbrygga.example%2Fback"
        b"&client_id=client&client_secret=app-secret-value"
    )


async def test_a_refresh_that_returns_no_new_token_keeps_the_old_one() -> None:
    wire, _ = far_end(says(200, {"access_token": "A"}))

    assert (await oauth.refresh(wire, APP, "old")).refresh_token == "old"


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (
            says(400, {"error": "invalid_grant", "error_description": "invalid refresh_token"}),
            NeedsMerchant,
        ),
        (says(400, {"error": "invalid_client"}), Unreachable),
        (says(401, {"error": "invalid_client"}), Unreachable),
        (says(429), Unreachable),
        (says(500), Unanswered),
        (says(200, "<html>"), Unanswered),
        (says(200, {"expires_in": 7200}), Unanswered),
    ],
)
async def test_only_invalid_grant_ends_a_connection(step: Step, kind: type[Failure]) -> None:
    wire, _ = far_end(step)

    with pytest.raises(Failure) as caught:
        await oauth.refresh(wire, APP, "old-refresh-token")

    assert type(caught.value) is kind
    assert "app-secret" not in str(caught.value)
    assert "old-refresh" not in str(caught.value)


def test_no_secret_shows_in_a_repr() -> None:
    reported = f"{APP!r} {oauth.Grant('access-1', 'refresh-1')!r}"

    assert "app-secret-value" not in reported
    assert "access-1" not in reported
    assert "refresh-1" not in reported


def test_the_codes_of_the_wire_are_among_ours() -> None:
    assert {"zettle_unreachable", "zettle_busy", "zettle_unanswered"} <= {
        code.value for code in Code
    }
