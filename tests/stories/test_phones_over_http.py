"""Two phones, a reviewer and a server that is killed, in any order: what a phone was told is so.

SEED repeats the choices; the order in which threads and processes run stays the machine's own.
"""

import os
import secrets

import pytest

from tests.databases import Sessions
from tests.faulty_line import FaultyLine
from tests.servers import LiveServer
from tests.soak.wire_machine import WireMachine

SEQUENCES_OF_EACH_ENGINE = int(os.environ.get("RUNS", "150"))


@pytest.mark.parametrize("live_server", ["embedded"], indirect=True)
def test_promises_are_kept_in_a_few_orders(sessions: Sessions, live_server: LiveServer, line: FaultyLine) -> None:
    keep_promises(sessions, live_server, line, sequences=4)


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_promises_are_kept_in_many_orders(sessions: Sessions, live_server: LiveServer, line: FaultyLine) -> None:
    keep_promises(sessions, live_server, line, sequences=SEQUENCES_OF_EACH_ENGINE)


def keep_promises(sessions: Sessions, server: LiveServer, line: FaultyLine, *, sequences: int) -> None:
    seed = os.environ.get("SEED") or str(secrets.randbelow(2**32))
    print(f"SEED={seed}")
    machine = WireMachine(server, line, sessions)
    for number in range(sequences):
        machine.run(f"{seed} {number}")
    counts = f"{machine.resumed} photos resumed, photos of begun visits looked at {machine.kept} times"
    print(f"{sequences} sequences, {machine.kills} kills, {counts}")
