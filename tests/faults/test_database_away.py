"""The database goes, freezes, is full, is slow or takes no writes, and comes back: what the real web server answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest
from django.db import connections

from config.stack.postgres import SUPERUSER
from passcodes.codes import code_of
from passcodes.rules import TRIES
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.faults.database_line import DatabaseLine, database_line
from tests.races.test_over_http import a_tab_that_waits_for_a_code, paid, reasons, state
from tests.races.web import ANSWERS_WITHIN, NO_TLS, Tab, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

FIRST_GOOD_ANSWER = 5.0
"""Seconds after the database's return (B10)."""

ANSWERED_WITHIN = 3.0
"""Seconds for the page that says so; a busy machine gets as many again."""


@pytest.fixture(scope="module")
def line(django_db_setup: None) -> Iterator[DatabaseLine]:
    with database_line() as made:
        yield made


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def web(line: DatabaseLine, logs: Path, django_db_blocker: pytest.FixtureRequest) -> Iterator[str]:
    """The origin of a granian whose way to PostgreSQL is the line."""
    with django_db_blocker.unblock(), serving(logs, DATABASE_URL=line.url) as origin:  # type: ignore[attr-defined]
        yield origin


@pytest.fixture(autouse=True)
def _whole_line(line: DatabaseLine, web: str) -> Iterator[None]:
    yield
    line.cuts_at = b""
    line.thaw()
    if not line.is_open:
        line.open()
    wait_for_page(web, within=30)


def get(origin: str, path: str) -> httpx.Response:
    return httpx.get(f"{origin}{path}", timeout=ANSWERS_WITHIN, verify=NO_TLS, follow_redirects=True)


def wait_for_page(origin: str, *, within: float, path: str = "/nobody.example") -> float:
    """Seconds until a page that asks the database is answered by every process: eight times without a 503 between.

    (404: there is no such tenant.)
    """
    began = last_bad = time.monotonic()
    good = 0
    while good < 8:
        status = get(origin, path).status_code
        assert status in (200, 404, 503), status
        good = 0 if status == 503 else good + 1
        if status == 503:
            last_bad = time.monotonic()
            assert last_bad - began < within, f"still 503 after {last_bad - began:.1f} s"
            time.sleep(0.1)
    return last_bad - began


def says_so(answer: httpx.Response) -> None:
    assert answer.status_code == 503, (answer.status_code, answer.text[:300])
    assert answer.headers["Retry-After"] == "5"
    assert "This page is not available right now" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in answer.headers
    assert answer.elapsed.total_seconds() < 2 * ANSWERED_WITHIN


@contextmanager
def as_owner() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection that may change the test's database."""
    params = connections["owner"].get_connection_params()
    login = {name: params[name] for name in ("dbname", "user", "host", "port", "password") if name in params}
    with psycopg.connect(**login, autocommit=True) as made:
        yield made


def test_B10_a_stopped_database_is_told_at_once_and_found_again_at_once(
    web: str, line: DatabaseLine, logs: Path, fabrikam: Tenant
) -> None:
    assert get(web, "/fabrikam.example").status_code == 200
    line.close()
    gone_until = time.monotonic() + 8  # the stock pool would by then wait for another 8 s
    answers = []
    while time.monotonic() < gone_until:
        answers.append(get(web, "/fabrikam.example"))
        time.sleep(0.1)
    for answer in answers:
        says_so(answer)
        assert answer.elapsed.total_seconds() < ANSWERED_WITHIN  # nobody waits for a refused connection
    assert len(answers) > 20  # refused at once, most of them without asking again
    as_json = httpx.get(f"{web}/fabrikam.example", headers={"Accept": "application/json"}, verify=NO_TLS)
    assert (as_json.status_code, as_json.json()["error"]) == (503, "temporarily_unavailable")
    assert get(web, "/livez").status_code == 200
    unready = get(web, "/readyz")
    assert (unready.status_code, unready.json()["missing"]) == (503, ["database"])

    line.open()
    assert wait_for_page(web, path="/fabrikam.example", within=FIRST_GOOD_ANSWER) < FIRST_GOOD_ANSWER
    said = "\n".join(path.read_text() for path in logs.glob("*.log"))
    assert "Traceback" not in said
    assert 1 <= said.count("The database cannot be reached") <= 4  # two processes
    assert "Service Unavailable" not in said  # no line for each probe


def test_B10_a_frozen_database_holds_nobody_longer_than_three_seconds(web: str, line: DatabaseLine, fabrikam: Tenant):
    assert get(web, "/fabrikam.example").status_code == 200
    line.freeze()
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(get(web, "/fabrikam.example"))) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        says_so(answer)
    unready = get(web, "/readyz")
    assert unready.status_code == 503
    assert unready.elapsed.total_seconds() < 2 * ANSWERED_WITHIN
    line.thaw()
    wait_for_page(web, path="/fabrikam.example", within=FIRST_GOOD_ANSWER)


def test_connections_that_are_used_up_are_told_and_a_slow_statement_too(web: str, line: DatabaseLine, fabrikam: Tenant):
    name = connections["default"].settings_dict["NAME"]
    with as_owner() as owner:
        owner.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
        try:
            line.cut()
            says_so(get(web, "/fabrikam.example"))
            assert get(web, "/readyz").status_code == 503
        finally:
            owner.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
        wait_for_page(web, path="/fabrikam.example", within=FIRST_GOOD_ANSWER)
        with owner.transaction():
            owner.execute("LOCK TABLE tenants_tenant IN ACCESS EXCLUSIVE MODE")
            slow = get(web, "/fabrikam.example")
            says_so(slow)
            assert slow.elapsed.total_seconds() > 1.5  # the statement was waited for
        assert get(web, "/fabrikam.example").status_code == 200


def test_a_database_that_takes_no_writes_is_not_ready(web: str, line: DatabaseLine, fabrikam: Tenant) -> None:
    name = connections["default"].settings_dict["NAME"]
    with a_tab_that_waits_for_a_code(web, fabrikam) as (tab, challenge), as_owner() as owner:
        owner.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        try:
            line.cut()
            deadline = time.monotonic() + 30
            while (answer := get(web, "/readyz")).status_code == 200 and time.monotonic() < deadline:
                time.sleep(0.2)  # an answer stands for two seconds
            assert answer.json()["missing"] == ["writable database"]
            says_so(tab.press(code="12345678"))
        finally:
            owner.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
            line.cut()
        wait_for_page(web, path="/fabrikam.example", within=FIRST_GOOD_ANSWER)
        assert state(fabrikam, challenge) == (0, 0)


def test_B6_a_role_that_row_security_does_not_bind_is_not_ready(tmp_path: Path, fabrikam: Tenant) -> None:
    settings = connections["default"].settings_dict
    as_superuser = f"postgres://{SUPERUSER}@{quote(settings['HOST'], safe='')}:{settings['PORT']}/{settings['NAME']}"
    with serving(tmp_path, DATABASE_URL=as_superuser) as origin:
        answer = get(origin, "/readyz")
        assert (answer.status_code, answer.json()["missing"]) == (503, ["application role"])


@pytest.mark.parametrize(
    ("cut_at", "spent"),
    [(b"SET attempts = attempts + 1", 0), (b'SET "used_at"', 1)],
    ids=["R14-before the try is stored nothing is spent", "R14-afterwards it stays spent"],
)
def test_R14_the_right_code_opens_after_an_outage(
    web: str, line: DatabaseLine, fabrikam: Tenant, cut_at: bytes, spent: int
) -> None:
    with a_tab_that_waits_for_a_code(web, fabrikam) as (tab, challenge):
        with tenant_scope(fabrikam.id):
            right = code_of(challenge)
        line.cuts, line.cuts_at = 0, cut_at
        says_so(tab.press(code=right))
        line.cuts_at = b""
        assert line.cuts == 1
        assert state(fabrikam, challenge) == (spent, 0)
        assert paid(fabrikam, challenge) == spent
        assert press_until_answered(tab, right) == 302
        assert state(fabrikam, challenge) == (spent + 1, 1)


def test_B1_R14_fifty_wrong_codes_under_a_failing_database_are_evaluated_five_times(
    web: str, line: DatabaseLine, fabrikam: Tenant
) -> None:
    with a_tab_that_waits_for_a_code(web, fabrikam) as (tab, challenge):
        with tenant_scope(fabrikam.id):
            right = code_of(challenge)
        stop = threading.Event()

        def cut_again_and_again() -> None:
            while not stop.wait(0.15):
                line.cut()

        cutting = threading.Thread(target=cut_again_and_again)
        cutting.start()
        try:
            statuses = {tab.press(code=f"{(int(right) + by) % 10**8:08d}").status_code for by in range(1, 51)}
        finally:
            stop.set()
            cutting.join()
        assert statuses <= {422, 503}
        wait_for_page(web, path="/fabrikam.example", within=FIRST_GOOD_ANSWER)
        assert reasons(fabrikam, challenge)["wrong"] <= TRIES
        assert state(fabrikam, challenge)[0] <= TRIES


def press_until_answered(tab: Tab, code: str) -> int:
    """Send the code again while the database comes back."""
    deadline = datetime.now(UTC).timestamp() + 30
    while (status := tab.press(code=code).status_code) == 503 and datetime.now(UTC).timestamp() < deadline:
        time.sleep(0.2)
    return status
