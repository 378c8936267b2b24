"""The return from a provider costs a token request or the verification of XML, so it has a budget (R17).

The figures are logged: pytest tests/peers/test_return_budget.py --log-cli-level=INFO.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from guests.models import SignInFlow
from providers.models import IdentityProvider
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.conftest import Invite
from tests.peers.processes import OAuthToolkit
from tests.peers.saml_idp import needs_xmlsec1
from tests.peers.surfing import Surfer
from tests.peers.test_redeeming import NICOLE, accept, at_the_library, at_the_toolkit
from tests.races.web import ANSWERS_WITHIN, NO_TLS

REPLAYS = 150
AT_ONCE = 16
MOST = 5

Surf = Callable[[], Surfer]

pytestmark = pytest.mark.django_db(transaction=True)
log = logging.getLogger(__name__)


def state_of(tenant: Tenant, surfer: Surfer) -> httpx.URL:
    """The address at which the browser would come back now with a code that the provider never gave."""
    asked = dict(surfer.page.url.params)
    if "redirect_uri" not in asked:  # the sign-in page keeps the request in its own `next`
        asked = dict(httpx.URL(asked["next"]).params)
    return httpx.URL(asked["redirect_uri"], params={"state": asked["state"], "code": "made-up"})


@pytest.mark.parametrize("at_once", [1, AT_ONCE])
def test_R17_150_replays_of_one_state_make_at_most_5_token_requests(
    origin: str,
    fabrikam: Tenant,
    toolkit: OAuthToolkit,
    at_toolkit: IdentityProvider,
    invite: Invite,
    surf: Surf,
    at_once: int,
) -> None:
    surfer = surf().open(invite(fabrikam, NICOLE).link)
    surfer.press("Continue to Adatum")
    url, cookies, before = state_of(fabrikam, surfer), dict(surfer.client.cookies), toolkit.token_requests()

    def replay(_: int) -> int:
        return httpx.get(url, cookies=cookies, timeout=ANSWERS_WITHIN, verify=NO_TLS, trust_env=False).status_code

    with ThreadPoolExecutor(at_once) as pool:
        statuses = Counter(pool.map(replay, range(REPLAYS)))
    asked = toolkit.token_requests() - before
    log.info("%s replays, %s at once: %s token requests, answers %s", REPLAYS, at_once, asked, dict(statuses))
    assert 1 <= asked <= MOST
    assert statuses[502] == asked
    assert set(statuses) <= {403, 429, 502}
    with tenant_scope(fabrikam.id):
        assert SignInFlow.objects.get().ended_at is not None


@needs_xmlsec1
def test_R17_150_replays_of_one_posted_answer_are_read_5_times(
    origin: str, fabrikam: Tenant, at_wsfed: IdentityProvider, invite: Invite, surf: Surf
) -> None:
    surfer = surf().open(invite(fabrikam, NICOLE).link)
    surfer.press("Continue to Adatum")
    surfer.runs_scripts = False
    at_the_library(surfer, NICOLE)
    kept: Counter[int] = Counter()
    read: Counter[int] = Counter()
    for _ in range(REPLAYS):
        answer = surfer.post()
        kept[answer.status_code] += 1
        if answer.is_redirect:
            read[surfer.client.get(f"{origin}{answer.headers['Location']}").status_code] += 1
    log.info("%s posts of one answer: %s when posted, %s when read", REPLAYS, dict(kept), dict(read))
    assert read[502] <= MOST
    assert kept[303] + kept[302] <= MOST


def test_back_and_reload_after_a_good_return_lead_on(
    origin: str, fabrikam: Tenant, toolkit: OAuthToolkit, at_toolkit: IdentityProvider, invite: Invite, surf: Surf
) -> None:
    surfer = surf().open(invite(fabrikam, NICOLE).link)
    surfer.press("Continue to Adatum")
    url = state_of(fabrikam, surfer)
    at_the_toolkit(surfer, NICOLE)
    before = toolkit.token_requests()
    for _ in range(10):
        assert surfer.open(str(url)).heading == "Review permissions"
    accept(surfer)
    assert surfer.open(str(url)).heading == "My Apps"
    assert toolkit.token_requests() == before


def test_R17_a_good_answer_after_some_failures_still_signs_in_and_two_tabs_do(
    origin: str, fabrikam: Tenant, at_toolkit: IdentityProvider, invite: Invite, surf: Surf
) -> None:
    link = invite(fabrikam, NICOLE).link
    surfer = surf().open(link)
    surfer.press("Continue to Adatum")
    first_tab, url = surfer.page, state_of(fabrikam, surfer)
    for _ in range(MOST):  # the other tab's sign-in fails and ends
        surfer.open(str(url))
    assert surfer.page.status_code == 502
    surfer.open(link).press("Continue to Adatum")
    for _ in range(MOST - 1):
        httpx.get(state_of(fabrikam, surfer), cookies=dict(surfer.client.cookies), verify=NO_TLS, trust_env=False)
    at_the_toolkit(surfer, NICOLE)
    accept(surfer)
    surfer.page = first_tab
    assert surfer.open(str(url)).heading == "My Apps"
