"""Passkeys in a real browser, with an authenticator that Chromium plays (by its debugging protocol)."""

import base64
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from csp.utils import build_policy
from playwright.async_api import CDPSession, Page, Route

from greenroom.http.content_security_policy import PAGE_POLICY
from tests.conftest import serving
from tests.servers import Server

PASSWORD = "a-right-Password-7"
PHONE = {"width": 360, "height": 740}
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory, "passkeys", SECOND_FACTOR_REQUIRED="1") as running:
        yield running


@pytest.fixture
def account(house, request) -> str:
    """A superuser of this test's own, without a second factor."""
    return new_account(house, request.node.name)


def new_account(house: Server, name: str) -> str:
    house.command(
        "shell",
        "-c",
        "from django.contrib.auth.models import User;"
        f"User.objects.create_superuser({name!r}, password={PASSWORD!r})",
    )
    return name


class Visit:
    """A page of the admin, and the authenticator of the machine it is on."""

    def __init__(self, page: Page, cdp: CDPSession, root: str):
        self.page, self.cdp, self.root = page, cdp, root
        self.device = ""
        self.complaints: list[str] = []

    async def plug_in(self, **other: Any) -> None:
        made = await self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {**DEVICE, **other}})
        self.device = made["authenticatorId"]

    async def unplug(self) -> None:
        await self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.device})

    async def credentials(self) -> list[dict[str, Any]]:
        found = await self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.device})
        return list(found["credentials"])

    async def put(self, **credential: Any) -> None:
        await self.cdp.send(
            "WebAuthn.addCredential", {"authenticatorId": self.device, "credential": credential}
        )

    async def sign_in(self, name: str) -> None:
        await self.page.context.clear_cookies()
        await self.page.goto(self.root + "/admin/login/")
        await self.page.fill("[name=username]", name)
        await self.page.fill("[name=password]", PASSWORD)
        await self.page.locator("[name=password]").press("Enter")
        await self.page.wait_for_url("**/admin/second-factor/**")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def add(self, name: str) -> None:
        await self.page.get_by_label("What to call it").last.fill(name)
        await self.press("Add a passkey")

    async def is_in(self) -> bool:
        answer = await self.page.context.request.get(self.root + "/admin/", max_redirects=0)
        return answer.status == 200


@pytest.fixture
def visit(house, browser_with_microphone):
    """Opens a browser with an authenticator; what its console complains about fails the test."""

    @contextlib.asynccontextmanager
    async def open_page(**context: Any) -> AsyncIterator[Visit]:
        async with browser_with_microphone(**{"bypass_csp": False, **context}) as page:
            cdp = await page.context.new_cdp_session(page)
            await cdp.send("WebAuthn.enable")
            visit = Visit(page, cdp, f"http://localhost:{house.port}")
            page.on("pageerror", lambda error: visit.complaints.append(str(error)))
            await visit.plug_in()
            yield visit
            assert visit.complaints == []

    return open_page


async def test_a_passkey_is_added_and_lets_in_and_confirms_on_a_telephone(house, account, visit):
    async with visit(viewport=PHONE) as at:
        await at.sign_in(account)
        await at.page.wait_for_url("**/second-factor/setup/")
        assert not await at.is_in()
        await at.add("My telephone")
        await at.page.get_by_role("link", name="I have kept them").wait_for()
        assert await at.page.locator(".desk-codes code").count() == 10
        assert await at.is_in()
        (made,) = await at.credentials()
        assert (made["rpId"], made["isResidentCredential"]) == ("localhost", True)

        await at.sign_in(account)
        assert not await at.is_in()
        await at.press("Use a passkey")
        await at.page.wait_for_url("**/admin/")
        assert await at.is_in()

        await at.page.goto(at.root + "/admin/account/")
        assert await at.page.locator("[name=name]").first.input_value() == "My telephone"
        wide = await at.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide == 0, "nothing sticks out at the side of a telephone"
        await at.page.goto(at.root + "/admin/confirm/?next=/admin/sessions_app/apikey/add/")
        await at.press("Use a passkey")
        await at.page.wait_for_url(at.root + "/admin/sessions_app/apikey/add/")

        await at.page.goto(at.root + "/admin/account/")
        await at.add("Another")
        await at.page.get_by_text("This passkey is in the list already.").wait_for()
    words = house.words()
    for event in ("passkey_registered", "second_factor_shown", "confirmed"):
        assert event in words, event


async def test_it_works_under_the_policy_of_our_own_pages_without_inline_scripts(account, visit):
    """The admin's theme needs more than that policy; what asks for a passkey does not."""
    async with visit() as at:
        await at.sign_in(account)
        await at.add("Key")
        await at.page.get_by_role("link", name="I have kept them").wait_for()
        await at.sign_in(account)

        async def strict(route: Route) -> None:
            if route.request.method != "GET":
                return await route.continue_()
            answer = await route.fetch()
            headers = {**answer.headers, "content-security-policy": build_policy(PAGE_POLICY)}
            return await route.fulfill(response=answer, headers=headers)

        await at.page.route("**/admin/second-factor/", strict)
        await at.page.goto(at.root + "/admin/second-factor/")
        # The theme does not run here, and leaves its search over the page: by the keyboard, then.
        await at.page.get_by_role("button", name="Use a passkey", exact=True).press("Enter")
        await at.page.wait_for_url("**/admin/")
        assert await at.is_in()
        at.complaints.clear()  # of the theme, about `unsafe-eval`


async def test_an_authenticator_with_another_key_is_refused(house, account, visit):
    async with visit() as at:
        await at.sign_in(account)
        await at.add("Key")
        await at.page.get_by_role("link", name="I have kept them").wait_for()
        (right,) = await at.credentials()
        await at.unplug()
        await at.plug_in()
        forged = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        await at.put(**{**right, "privateKey": base64.b64encode(forged).decode(), "signCount": 90})
        await at.sign_in(account)
        await at.press("Use a passkey")
        await at.page.get_by_text("That passkey was not accepted.").wait_for()
        assert not await at.is_in()
        assert "at=show reason=invalid" in house.words()
        # A copy of the right one, from before it was last used.
        await at.unplug()
        await at.plug_in()
        await at.put(**{**right, "signCount": 0})
        await at.page.goto(at.root + "/admin/second-factor/")
        await at.press("Use a passkey")
        await at.page.get_by_text("That passkey was not accepted.").wait_for()
        assert not await at.is_in()
        assert "at=show reason=sign_count" in house.words()
        await at.unplug()
        await at.plug_in()
        await at.put(**{**right, "signCount": 5})
        await at.press("Use a passkey")
        await at.page.wait_for_url("**/admin/")
        assert await at.is_in()


async def test_an_owner_who_is_not_verified_gets_a_sentence(account, visit):
    async with visit() as at:
        await at.sign_in(account)
        await at.add("Key")
        await at.page.get_by_role("link", name="I have kept them").wait_for()
        await at.sign_in(account)
        await at.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": at.device, "isUserVerified": False})
        await at.press("Use a passkey")
        await at.page.get_by_text("Nothing came of it").wait_for()
        assert not await at.is_in()


async def test_an_answer_that_was_overheard_lets_nobody_in(house, account, visit):
    async with visit() as at:
        await at.sign_in(account)
        await at.add("Key")
        await at.page.get_by_role("link", name="I have kept them").wait_for()
        await at.sign_in(account)
        heard: list[str] = []
        at.page.on(
            "request",
            lambda sent: (
                heard.append(sent.post_data or "")
                if sent.method == "POST" and sent.url.endswith("/second-factor/")
                else None
            ),
        )
        await at.press("Use a passkey")
        await at.page.wait_for_url("**/admin/")
        (answer,) = [parse_qs(text)["passkey"][0] for text in heard]
        await at.sign_in(account)
        await at.page.evaluate(
            "(answer) => { const form = document.querySelector('form[data-passkey]');"
            " form.elements.namedItem('passkey').value = answer; form.submit(); }",
            answer,
        )
        await at.page.get_by_text("That passkey was not accepted.").wait_for()
        assert not await at.is_in()
        assert "at=show reason=challenge" in house.words()


async def test_anothers_passkey_is_refused(house, account, visit):
    async with visit() as at:
        other = new_account(house, f"{account}-other")
        for name in (other, account):
            await at.sign_in(name)
            await at.add(name)
            await at.page.get_by_role("link", name="I have kept them").wait_for()
        # `other` signs in with the password of `account`, and makes the browser offer what is their own.
        theirs = next(each for each in await at.credentials() if each["userName"] == other)
        await at.sign_in(account)

        async def offer(route: Route) -> None:
            answer = await route.fetch()
            options = await answer.json()
            name = theirs["credentialId"].replace("+", "-").replace("/", "_").rstrip("=")
            options["allowCredentials"] = [{"type": "public-key", "id": name}]
            await route.fulfill(response=answer, body=json.dumps(options))

        await at.page.route("**/second-factor/passkey/", offer)
        await at.press("Use a passkey")
        await at.page.get_by_text("That passkey was not accepted.").wait_for()
        assert not await at.is_in()
        assert "at=show reason=not_of_this_account" in house.words()
