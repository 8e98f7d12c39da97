"""Wrong logins wait ever longer; sessions that hold do not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from hub.accounts.domain import (
    FREE_TRIES,
    LONGEST_WAIT,
    ThrottleScope,
    Tries,
    after_failure,
)
from hub.accounts.login import LoginService
from hub.accounts.passwords import Passwords
from hub.accounts.service import AccountsService
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.web.problems import TOO_MANY_TRIES, Problem
from hub.web.rights import SYSTEM, Role

PASSWORD = "correct horse battery"


@pytest.fixture
def login(hub: Hub) -> LoginService:
    """Logs in against two users; argon2 is made cheap, its cost is not what is tested here."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    accounts = AccountsService(hub.core, passwords)
    for name in ("hana", "taro"):
        accounts.add_user(SYSTEM, login=name, name=name, password=PASSWORD, role=Role.VIEWER)
    return LoginService(hub.core, passwords, hub.meters)


def _wait_s(login: LoginService, name: str, address: str, password: str = "wrong") -> int:
    """How long the hub says one must wait: 0 if it looked at the password."""
    try:
        login.log_in(name, password, address)
    except Problem as problem:
        assert problem.kind is TOO_MANY_TRIES
        return int(problem.headers["Retry-After"])
    return 0


def test_the_sixth_wrong_try_waits_and_a_right_password_does_not_help(
    login: LoginService, clock: HandMovedClock
) -> None:
    assert [_wait_s(login, "hana", "192.0.2.1") for _ in range(6)] == [0, 0, 0, 0, 0, 30]
    assert _wait_s(login, "hana", "192.0.2.1", PASSWORD) == 30
    clock.advance(timedelta(seconds=30))
    assert login.log_in("hana", PASSWORD, "192.0.2.1") is not None


def test_somebody_elses_wrong_tries_do_not_keep_one_out(login: LoginService) -> None:
    for _ in range(6):
        _wait_s(login, "hana", "192.0.2.1")
    assert login.log_in("hana", PASSWORD, "198.51.100.7") is not None
    assert login.log_in("taro", PASSWORD, "192.0.2.1") is not None


def test_one_address_over_many_accounts_waits_as_well(login: LoginService) -> None:
    free = FREE_TRIES[ThrottleScope.ADDRESS]
    waits = [_wait_s(login, f"user{n}", "192.0.2.1") for n in range(free + 1)]
    assert waits == [0] * free + [30]


def test_good_logins_of_an_office_behind_one_address_never_wait(login: LoginService) -> None:
    for _ in range(30):
        assert login.log_in("hana", PASSWORD, "192.0.2.1") is not None


def test_a_guesser_with_an_account_of_their_own_does_not_start_afresh(
    login: LoginService,
) -> None:
    waits = []
    for n in range(24):
        waits.append(_wait_s(login, f"victim{n}", "192.0.2.1"))
        if not waits[-1]:
            _wait_s(login, "taro", "192.0.2.1", PASSWORD)
    assert any(waits)


def test_many_addresses_after_one_account_wait_as_well(login: LoginService) -> None:
    free = FREE_TRIES[ThrottleScope.ACCOUNT]
    waits = [_wait_s(login, "hana", f"192.0.2.{n}") for n in range(free + 1)]
    assert waits == [0] * free + [30]


def test_a_session_that_holds_goes_on_while_its_account_is_throttled(
    login: LoginService, hub: Hub
) -> None:
    entered = login.log_in("hana", PASSWORD, "192.0.2.9")
    assert entered is not None
    for _ in range(8):
        _wait_s(login, "hana", "192.0.2.1")
    assert hub.services.get(AccountsService).by_session(entered.cookie) is not None


def test_the_wait_doubles_up_to_the_longest_and_is_forgotten_after_an_hour(
    clock: HandMovedClock,
) -> None:
    tries, waits = Tries(), []
    for _ in range(14):
        tries = after_failure(tries, ThrottleScope.PAIR, clock.now())
        waits.append(tries.waiting(clock.now()).total_seconds())
    assert waits[:9] == [0, 0, 0, 0, 30, 60, 120, 240, 480]
    assert set(waits[9:]) == {LONGEST_WAIT.total_seconds()}
    clock.advance(timedelta(hours=1))
    assert after_failure(tries, ThrottleScope.PAIR, clock.now()).failures == 1


def test_no_address_and_no_login_name_is_kept(login: LoginService, hub: Hub) -> None:
    _wait_s(login, "my-password-by-mistake", "192.0.2.77")
    with hub.core.db.read() as scope:
        kept = str(scope.connection.exec_driver_sql("SELECT * FROM login_tries").all())
    assert "192.0.2.77" not in kept
    assert "my-password" not in kept


def test_an_unknown_user_costs_as_much_work_as_a_known_one() -> None:
    counted: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
            counted.append(str(hash))
            return super().verify(hash, password)

    passwords = Passwords(Counting(time_cost=1, memory_cost=64, parallelism=1))
    stored = passwords.hash(PASSWORD)
    assert passwords.verify(stored, PASSWORD) is True
    assert passwords.verify(stored, "wrong") is False
    assert passwords.verify(None, PASSWORD) is False
    assert len(counted) == 3
    assert passwords.verify(None, "nobody's password") is False
