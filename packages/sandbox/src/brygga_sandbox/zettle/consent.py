"""The consent page: a merchant signs in, sees which app requests which scopes, and confirms or
declines (zettle facts 1.2).
"""

from typing import Final

from brygga_sandbox.http import Request, Response, Router, redirect
from brygga_sandbox.pages import show
from brygga_sandbox.zettle.accounts import give_code, grant_for, query_url
from brygga_sandbox.zettle.core import Core
from brygga_sandbox.zettle.state import App

WORDS: Final = {
    "title": ("Logga in hos Zettle", "Sign in to Zettle"),
    "who": ("Logga in som", "Sign in as"),
    "asks": ("{app} vill ha åtkomst till ditt konto", "{app} asks for access to your account"),
    "may": ("Appen får:", "The app may:"),
    "confirm": ("Bekräfta", "Confirm"),
    "decline": ("Avbryt", "Decline"),
    "practice": (
        "Det här är en övningsmiljö. Välj en av de påhittade handlarna.",
        "This is for practice. Choose one of its made-up merchants.",
    ),
    "broken": ("Den här länken går inte att använda", "This link cannot be used"),
    "client": ("Appen är inte registrerad.", "The app is not registered."),
    "redirect": (
        "Återvändsadressen är inte registrerad för appen.",
        "The return address is not registered for the app.",
    ),
    "language": ("English", "Svenska"),
    "READ:PRODUCT": ("läsa produkter och lager", "read products and stock"),
    "WRITE:PRODUCT": ("ändra produkter och lager", "change products and stock"),
    "READ:PURCHASE": ("läsa köp", "read purchases"),
    "READ:FINANCE": ("läsa ekonomi", "read finances"),
    "READ:USERINFO": ("läsa uppgifter om företaget", "read details of the company"),
    "WRITE:USERINFO": ("ändra uppgifter om företaget", "change details of the company"),
    "READ:PAYMENT": ("läsa betalningar", "read payments"),
    "WRITE:PAYMENT": ("ta betalt", "take payments"),
}
ASKED: Final = (
    "response_type",
    "client_id",
    "scope",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
)


def mount(router: Router, core: Core) -> None:
    """The page, and the form it sends."""
    page = Consent(core)
    router.add("GET", "/oauth/authorize", page.ask, control=True)
    router.add("POST", "/oauth/authorize", page.decide, control=True)


class Consent:
    """The handlers. The form carries the request, and the handlers check it again."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def checked(self, request: Request, asked: dict[str, str]) -> App | Response:
        """The app that makes the request, or the answer to an invalid request.

        The browser is never sent to an address that is not registered. Other errors are reported to
        the app (RFC 6749 4.1.2.1).
        """
        app = self.core.apps.get(asked.get("client_id", ""))
        if app is None:
            return show(request, "till_problem.html", WORDS, status=400, reason="client")
        plain = self.core.switches.http_redirects_refused and asked.get(
            "redirect_uri", ""
        ).startswith("http:")
        if asked.get("redirect_uri") not in app.redirect_uris or plain:
            return show(request, "till_problem.html", WORDS, status=400, reason="redirect")
        scopes = asked.get("scope", "").split()
        if asked.get("response_type") != "code":
            return self.back(asked, error="unsupported_response_type")
        if not scopes or set(scopes) - set(app.scopes):
            return self.back(asked, error="invalid_scope")
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            return self.back(asked, error="invalid_request")
        return app

    def back(self, asked: dict[str, str], **values: str) -> Response:
        """Send the browser back to the app, with its own state."""
        return redirect(
            query_url(asked["redirect_uri"], {**values, "state": asked.get("state")}), 303
        )

    async def ask(self, request: Request) -> Response:
        asked = {name: value for name, value in request.query if name in ASKED}
        app = self.checked(request, asked)
        if isinstance(app, Response):
            return app
        people = [(one, user) for one in self.core.organizations.values() for user in one.users]
        scopes = asked["scope"].split()
        return show(
            request, "till_consent.html", WORDS, app=app, asked=asked, people=people, scopes=scopes
        )

    async def decide(self, request: Request) -> Response:
        form = request.form()
        asked = {name: value for name, value in form.items() if name in ASKED}
        app = self.checked(request, asked)
        if isinstance(app, Response):
            return app
        if form.get("decision") != "confirm":
            silent = self.core.switches.decline_without_error
            return self.back(asked) if silent else self.back(asked, error="access_denied")
        user = form.get("user", "")
        organization = next(
            (
                one
                for one in self.core.organizations.values()
                if user in {u.uuid for u in one.users}
            ),
            None,
        )
        if organization is None:
            return redirect(query_url("/oauth/authorize", dict(asked)), 303)
        scopes = tuple(dict.fromkeys(asked["scope"].split()))
        grant = grant_for(self.core, organization, app, user, scopes)
        code = give_code(
            self.core, grant, scopes, asked["redirect_uri"], asked.get("code_challenge")
        )
        return self.back(asked, code=code)
