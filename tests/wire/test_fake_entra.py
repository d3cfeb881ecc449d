"""The fake identity provider is what msal expects, and so are the refusals that it gives."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msal
import pytest
import requests

from tests.servers.entra import Entra
from tests.servers.ports import wait_until

READ = "https://outlook.office.com/POP.AccessAsUser.All"
SEND = "https://outlook.office.com/SMTP.Send"
EMAIL = "nfe@padaria.example"


@pytest.fixture
def http(entra: Entra) -> Iterator[requests.Session]:
    entra.add_account(EMAIL)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(entra.ca_file)
        yield session


def application(
    entra: Entra, http: requests.Session, tenant: str = "consumers", cache: Any = None
) -> Any:
    """A new one remembers no refusal of the last."""
    return msal.PublicClientApplication(
        entra.client_id,
        authority=f"{entra.base}/{tenant}",
        token_cache=cache,
        instance_discovery=False,
        http_client=http,
    )


def poll(app: Any, flow: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = app.acquire_token_by_device_flow(
        flow, exit_condition=lambda _flow: True
    )
    return answer


def sign_in(
    entra: Entra, http: requests.Session, email: str = EMAIL, tenant: str = "consumers"
) -> Any:
    """The cache of an application through which ``email`` signed in."""
    app = application(entra, http, tenant)
    flow = app.initiate_device_flow([READ, SEND])
    entra.approve(flow["user_code"], email)
    assert "error" not in poll(app, flow)
    return app.token_cache


def renew(
    entra: Entra, http: requests.Session, cache: Any, tenant: str = "consumers"
) -> dict[str, Any]:
    app = application(entra, http, tenant, cache)
    (account,) = app.get_accounts()
    answer: dict[str, Any] = app.acquire_token_silent_with_error(
        [READ], account, force_refresh=True
    )
    return answer


def kept(cache: Any) -> list[str]:
    return [each["secret"] for each in cache.search("RefreshToken")]


def test_a_device_code_waits_until_it_is_approved(entra: Entra, http: requests.Session) -> None:
    app = application(entra, http)
    flow = app.initiate_device_flow([READ, SEND], params={"mkt": "pt-BR"})
    assert flow["user_code"] == entra.wait_for_code()
    assert flow["expires_in"] == 900
    waiting = poll(app, flow)
    assert (waiting["error"], waiting["error_codes"]) == ("authorization_pending", [70016])
    entra.approve(flow["user_code"], "NFe@Padaria.example")
    answer = poll(app, flow)
    claims = answer["id_token_claims"]
    assert claims["preferred_username"] == EMAIL
    assert f"{claims['oid']}.{claims['tid']}" == entra.account_id(EMAIL)
    assert answer["expires_in"] == 3600
    (account,) = app.get_accounts()
    assert account["username"] == EMAIL
    assert app.acquire_token_silent([SEND], account)["access_token"] == answer["access_token"]
    form = next(r.form for r in entra.requests if r.path.endswith("/devicecode"))
    assert set(form["scope"].split()) == {READ, SEND, "openid", "profile", "offline_access"}
    secrets = (flow["device_code"], answer["access_token"])
    assert not any(secret in str(entra.requests) for secret in secrets)


@pytest.mark.parametrize(
    ("ending", "error"), [("decline", "authorization_declined"), ("expire", "expired_token")]
)
def test_a_device_code_that_will_not_be_approved(
    entra: Entra, http: requests.Session, ending: str, error: str
) -> None:
    app = application(entra, http)
    flow = app.initiate_device_flow([READ])
    getattr(entra, ending)(flow["user_code"])
    assert poll(app, flow)["error"] == error
    assert app.get_accounts() == []


def test_device_codes_can_be_blocked_and_tenants_missing(
    entra: Entra, http: requests.Session
) -> None:
    entra.refuse_start(9002331)
    assert application(entra, http).initiate_device_flow([READ])["error_codes"] == [9002331]
    entra.accept_start()
    assert application(entra, http).initiate_device_flow([READ])["user_code"]
    entra.without_tenant("nowhere.example")
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        application(entra, http, "nowhere.example")


def test_a_refresh_gives_new_tokens_and_old_ones_stay_good(
    entra: Entra, http: requests.Session
) -> None:
    cache = sign_in(entra, http)
    first = kept(cache)
    assert "access_token" in renew(entra, http, cache)
    second = kept(cache)
    assert second != first
    assert entra.refreshes[EMAIL] == 1
    for token in (*first, *second):
        answer = application(entra, http).acquire_token_by_refresh_token(token, [READ])
        assert "access_token" in answer
    assert entra.refreshes[EMAIL] == 3


def test_a_refusal_comes_through_in_its_own_form(entra: Entra, http: requests.Session) -> None:
    cache = sign_in(entra, http)
    entra.refuse(EMAIL, 700082)
    told = renew(entra, http, cache)
    assert (told["error"], told["error_codes"]) == ("invalid_grant", [700082])
    assert told["error_description"].startswith("AADSTS700082: The refresh token has expired")
    assert told["correlation_id"] in told["error_description"]
    assert {"timestamp", "trace_id"} < told.keys()
    entra.refuse(EMAIL, 50076, "interaction_required", "Use MFA.", "basic_action")
    told = renew(entra, http, cache)
    assert (told["error_codes"], told["suberror"]) == ([50076], "basic_action")
    assert told["error_description"].startswith("AADSTS50076: Use MFA. Trace ID: ")
    entra.accept(EMAIL)
    assert "access_token" in renew(entra, http, cache)


def test_what_was_revoked_takes_a_new_sign_in(entra: Entra, http: requests.Session) -> None:
    cache = sign_in(entra, http)
    entra.revoke(EMAIL)
    assert renew(entra, http, cache)["error_codes"] == [50173]
    assert "access_token" in renew(entra, http, sign_in(entra, http))


def test_a_personal_account_does_not_last_through_common(
    entra: Entra, http: requests.Session
) -> None:
    entra.add_account("ana@padaria.example", tenant="organizations")
    cache = sign_in(entra, http, tenant="common")
    assert renew(entra, http, cache, "common")["error_codes"] == [70000]
    cache = sign_in(entra, http, "ana@padaria.example", "organizations")
    assert "access_token" in renew(entra, http, cache, "organizations")


def test_any_answer_can_be_given(entra: Entra, http: requests.Session) -> None:
    cache = sign_in(entra, http)
    (refresh,) = kept(cache)
    form = {
        "client_id": entra.client_id,
        "grant_type": "refresh_token",
        "refresh_token": refresh,
    }
    url = f"{entra.base}/consumers/oauth2/v2.0/token"
    entra.answer(EMAIL, 429, "<html>", {"Retry-After": "7"})
    answer = http.post(url, data=form)
    assert (answer.status_code, answer.text) == (429, "<html>")
    assert answer.headers["Retry-After"] == "7"
    entra.silence(EMAIL)
    with pytest.raises(requests.ReadTimeout):
        http.post(url, data=form, timeout=0.2)
    with ThreadPoolExecutor(1) as pool:
        asked = entra.refreshes[EMAIL]
        waiting = pool.submit(http.post, url, data=form, timeout=20)
        wait_until(lambda: entra.refreshes[EMAIL] > asked, "a request that waits")
        entra.accept(EMAIL)
        with pytest.raises(requests.ConnectionError):
            waiting.result()
    assert http.post(url, data=form).ok
    assert http.post(url, data=form | {"refresh_token": "x"}).json()["error_codes"] == [9002313]
    del form["refresh_token"]
    assert http.post(url, data=form).json()["error_codes"] == [900144]


@pytest.mark.filterwarnings("ignore:response_mode")
def test_a_pasted_address_completes_a_sign_in(entra: Entra, http: requests.Session) -> None:
    app = application(entra, http)
    flow = app.initiate_auth_code_flow([READ], redirect_uri="http://localhost")
    ended = entra.code_for(flow["auth_uri"], EMAIL)
    assert ended.startswith("http://localhost/?code=")
    told = dict(parse_qsl(urlsplit(ended).query))
    answer = app.acquire_token_by_auth_code_flow(flow, told)
    assert answer["id_token_claims"]["preferred_username"] == EMAIL
    assert app.acquire_token_by_auth_code_flow(flow, told)["error"] == "invalid_grant"


def test_a_thousand_accounts_refresh_at_once(entra: Entra, http: requests.Session) -> None:
    emails = [f"nfe{number}@padaria.example" for number in range(1_000)]
    tokens = {}
    for email in emails:
        entra.add_account(email)
        tokens[email] = entra.tokens_for(email)["refresh_token"]

    def refresh(email: str) -> bool:
        form = {
            "client_id": entra.client_id,
            "grant_type": "refresh_token",
            "refresh_token": tokens[email],
        }
        return http.post(f"{entra.base}/consumers/oauth2/v2.0/token", data=form).ok

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(refresh, emails))
    assert entra.refreshes == dict.fromkeys(emails, 1)
