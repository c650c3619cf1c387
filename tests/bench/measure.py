# SPDX-License-Identifier: Apache-2.0
"""Running commands, and what they cost with all that they start."""

import ctypes
import os
import resource
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
servers = set()  # process ids of ours that are nobody's to reap here


def say(text):
    print(text, file=sys.stderr, flush=True)


def adopt_orphans():
    """A process whose parent ended becomes our child, so that we wait for it and its CPU time is counted."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass
    return found


def family(pid):
    """The process and all its descendants."""
    found = [pid]
    for parent in found:
        found += children(parent)
    return found


def reap_orphans():
    deadline = time.monotonic() + 5
    while True:
        left = [pid for pid in children(os.getpid()) if pid not in servers]
        if not left:
            return
        if time.monotonic() > deadline:
            say(f"  {len(left)} processes outlived the command; their CPU time is not counted")
            return
        for pid in left:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
        time.sleep(0.001)


class Cost:
    """Wall seconds until the command ended; CPU seconds (user and system) of it and all its descendants; its code."""

    def __init__(self, wall, cpu, code):
        self.wall, self.cpu, self.code = wall, cpu, code


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def environment():
    """The clients' own settings on this machine count for nothing."""
    return dict(os.environ, LDAPNOINIT="1")


def run(command, output=None):
    before = cpu_of_children()
    begun = time.monotonic()
    code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output or subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env=environment(), check=False).returncode
    wall = time.monotonic() - begun
    reap_orphans()
    return Cost(wall, cpu_of_children() - before, code)


def need(command, *allowed):
    """As run, for what has to succeed."""
    cost = run(command)
    if cost.code not in (0, *allowed):
        sys.exit(f"{' '.join(command)}: ended with {cost.code}")
    return cost


def text_of(command):
    """What it printed; a failure says what it said last."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment(), check=False, encoding="utf-8")
    if done.returncode != 0:
        said = done.stderr.strip().rsplit("\n", 1)[-1] or "it said nothing"
        raise RuntimeError(f"{os.path.basename(command[0])} ended with {done.returncode}: {said}")
    return done.stdout


def field(pid, file, name):
    try:
        with open(f"/proc/{pid}/{file}", encoding="ascii") as lines:
            for line in lines:
                if line.startswith(name):
                    return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0


def peak_mib(command):
    """
    Two peaks over the time of a command: of the sum of its living processes' VmHWM, where pages that processes share
    count for each; and of the sum of their PSS, where they count once, looked at ten times more rarely.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=environment())
    high, shared, looks = 0, 0, 0
    while process.poll() is None:
        pids = family(process.pid)
        high = max(high, sum(field(pid, "status", "VmHWM:") for pid in pids))
        if looks % 10 == 0:
            shared = max(shared, sum(field(pid, "smaps_rollup", "Pss:") for pid in pids))
        looks += 1
        time.sleep(0.004)
    reap_orphans()
    return high / 1024, shared / 1024
