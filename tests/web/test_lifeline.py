"""A process that was started by another one ends with it, and says nothing about a loop that has ended before."""

import subprocess
import sys
import textwrap

import pytest

HOLDS = """
import asyncio, sys, time
from web import lifeline

async def work():
    stop = asyncio.Event()
    lifeline.hold(asyncio.get_running_loop(), stop.set, within=30)
    print("held", flush=True)
    await stop.wait()
    print("stopped", flush=True)
"""
ENDS = f"{HOLDS}\nasyncio.run(work())\n"
ENDED_BEFORE = """
import asyncio, time
from web import lifeline

loop = asyncio.new_event_loop()
loop.close()
lifeline.hold(loop, print, within=0.01)
print("held", flush=True)
time.sleep(30)
"""


@pytest.mark.parametrize(
    ("script", "said", "code"),
    [
        pytest.param(ENDS, "held\nstopped\n", 0, id="it stops what runs"),
        pytest.param(ENDED_BEFORE, "held\n", 1, id="a loop that has ended is no fault"),
    ],
)
def test_a_process_ends_with_the_one_that_started_it(script: str, said: str, code: int):
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    out, err = child.communicate(timeout=60)  # closes its standard input, as the system does with ours
    assert (out, err, child.returncode) == (said, "", code)
