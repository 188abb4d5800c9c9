"""Freed memory stays with the process until it is given back: seen from outside, in a process of its own."""

import json
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import json, resource, sys, threading
import torch
from explorer.device import heap

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

def fill():
    for _ in range(8):
        torch.ones(megabytes, 2**20, dtype=torch.uint8)

def work():
    fill()  # what comes for the first time is new in any case
    before = faults()
    fill()
    told["faults"], told["kept"] = faults() - before, resident() - at_first

if sys.argv[1] == "keep":
    heap.keep_freed()
megabytes, told = 100, {}
torch.ones(1)
at_first = resident()
thread = threading.Thread(target=work)  # as the worker's
thread.start()
thread.join()
heap.give_back()
told["given back"] = resident() - at_first
print(json.dumps(told))
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told so")


@pytest.fixture(scope="module")
def told():
    def run(way):
        output = subprocess.run(
            [sys.executable, "-c", PROGRAM, way], capture_output=True, check=True, text=True
        )
        return json.loads(output.stdout)

    return {way: run(way) for way in ("leave", "keep")}


def test_freed_memory_is_kept_for_the_next_tensor(told):
    assert told["keep"]["faults"] * 20 < told["leave"]["faults"]
    assert told["keep"]["kept"] > 90 > 20 > told["leave"]["kept"]


def test_it_can_be_given_back(told):
    assert told["keep"]["given back"] < 20
