"""A phone in real Chromium: offline, portals, lost answers, full and evicted storage, kills, wrong clocks, two tabs.

SEED repeats the choices of a run; how far each thing had come when the next one happened stays the machine's own.
"""

import os
import random
import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browsers import Phone
from tests.databases import Sessions
from tests.faulty_line import FaultyLine
from tests.servers import LiveServer
from tests.stories.chromium_machine import ChromiumMachine

# Nothing else in `make test` makes these happen; the soak draws from all.
ALWAYS = ("full", "no_worker", "page_killed")
RUNS_OF_EACH_ENGINE = int(os.environ.get("RUNS", "15"))


@pytest.fixture
def machine(
    live_server: LiveServer, line: FaultyLine, sessions: Sessions, phones: Callable[..., Phone], tmp_path: Path
) -> ChromiumMachine:
    return ChromiumMachine(live_server, line, sessions, phones, tmp_path)


@pytest.mark.parametrize("live_server", ["embedded"], indirect=True)
def test_whatever_happens_to_the_phone(machine: ChromiumMachine) -> None:
    seed = os.environ.get("SEED") or str(secrets.randbelow(2**32))
    order = random.Random(seed).sample(ALWAYS, k=len(ALWAYS))
    print(f"SEED={seed}: {machine.run(seed, order, evicting=True)}")


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_whatever_happens_to_the_phone_again_and_again(machine: ChromiumMachine) -> None:
    run(machine, runs=RUNS_OF_EACH_ENGINE, steps=8)


def run(machine: ChromiumMachine, *, runs: int, steps: int) -> None:
    seed = os.environ.get("SEED") or str(secrets.randbelow(2**32))
    print(f"SEED={seed}")
    happened: Counter[str] = Counter()
    for number in range(runs):
        # What a failure names, such as "91 4", is the seed of one phone.
        one = seed if " " in seed else f"{seed} {number}"
        happened.update(machine.run(one, steps, evicting=int(one.split()[1]) % 2 == 1))
    print(f"{runs} phones: {dict(happened)}")
