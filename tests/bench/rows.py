# SPDX-License-Identifier: Apache-2.0
"""What is measured, what one measurement costs, and the rows that are made of the medians."""

import os
import re
import subprocess
import time

import measure
import server
from measure import say
from server import BENCH, BIN, Server

WRITES = 10000  # the requests of writes_vs_sync: of 20000 entries each second violates
CHANGE_SECONDS, CHANGES_PER_SECOND = 10, 100
CHANGES_FIRST, CHANGES_TURNS = 60, 40  # of each hundred servers, one in each round
PEER_ENTRIES_MOST = 100000

# Name, unit, what the issue asks for.
ROWS = [
    ("pass_vs_ldapsearch", "ratio", "<= 0.70"),
    ("pass_17_vs_ldapsearch", "ratio", "<= 0.90"),
    ("pass_tcp_vs_ldapsearch", "ratio", "<= 1.0"),
    ("floor_vs_ldapsearch", "ratio", ""),
    ("floor_17_vs_ldapsearch", "ratio", ""),
    ("cpu_s_per_100k", "s", "<= 0.30"),
    ("rss_mib", "MiB", "<= 24"),
    ("pss_mib", "MiB", ""),
    ("writes_vs_sync", "ratio", ">= 1.3"),
    ("writes_txn_vs_sync", "ratio", ">= 4"),
    ("vs_python_ldap", "ratio", ">= 45"),
    ("vs_go", "ratio", ">= 5"),
    ("sync_idle_ms", "ms", "<= 1"),
    ("sync_100_changes_ms", "ms", "<= 10"),
    ("change_to_request_p99_ms", "ms", "<= 25"),
    ("instructions_per_certificate", "count", ""),
]


def expect(cost, *codes):
    if cost.code not in codes:
        raise RuntimeError(f"ended with {cost.code}")
    return cost


def written(event):
    """How many requests a pass wrote, by its event."""
    verbs = ("created", "reopened", "revised", "moved", "repaired", "purged")
    return sum(int(re.search(rf" {verb}=(\d+)", event).group(1)) for verb in verbs)


class Directories:
    """The servers that measurements share; each is started when it is first asked for."""

    def __init__(self, entries):
        self.entries = entries
        self.running = {}
        self.copied = None

    def get(self, entries, per_cent):
        key = (entries, per_cent)
        if key not in self.running:
            found = Server(entries, per_cent)
            found.start()
            self.running[key] = found
            expect(measure.run(found.daemon()), 0)  # what another version made may have to be put right once
        return self.running[key]

    def copy(self):
        """One that may be changed; it does not outlive the benchmark."""
        if not self.copied:
            self.copied = Server(self.entries, 1).copy("work")
            self.copied.start()
        return self.copied

    def stop(self):
        for found in self.running.values():
            found.stop()
        self.running = {}
        if self.copied:
            self.copied.remove()
            self.copied = None


class Measurement:
    """One thing that is measured once in each round; `needed_for`: the rows that its medians go into."""

    needed_for = ()

    def __init__(self, directories):
        self.directories = directories
        self.samples = {}

    def prepare(self):
        pass

    def measure(self):
        """Figures by name."""
        raise NotImplementedError

    def sample(self, counts=True):
        for name, value in self.measure().items():
            if counts:
                self.samples.setdefault(name, []).append(value)


class Search(Measurement):
    """ldapsearch and the daemon's pass over the same entries, one after the other."""

    def __init__(self, directories, entries, per_cent, tag, uri):
        super().__init__(directories)
        self.entries, self.per_cent, self.tag, self.uri = entries, per_cent, tag, uri

    def measure(self):
        s = self.directories.get(self.entries, self.per_cent)
        uri = getattr(s, self.uri)
        theirs = expect(measure.run(s.search(uri)), 0)
        ours = expect(measure.run(s.daemon(uri)), 0)
        if written(s.pass_event()):
            raise RuntimeError("the pass wrote requests: " + s.pass_event())
        return {"search" + self.tag: theirs.wall, "pass" + self.tag: ours.wall, "cpu" + self.tag: ours.cpu}


class Floor(Measurement):
    """A client that throws away what the server sends of the same requests and entries."""

    def __init__(self, directories, entries, per_cent, tag):
        super().__init__(directories)
        self.entries, self.per_cent, self.tag = entries, per_cent, tag

    def measure(self):
        s = self.directories.get(self.entries, self.per_cent)
        command = [os.path.join(BIN, "bench_floor"), s.ldapi, server.DAEMON, os.path.join(s.folder, "password")]
        return {"floor" + self.tag: expect(measure.run(command), 0).wall}


class Memory(Measurement):
    needed_for = ("rss_mib", "pss_mib")

    def measure(self):
        s = self.directories.get(self.directories.entries, 1)
        high, shared = measure.peak_mib(s.daemon())
        return {"rss": high, "pss": shared}


class Peers(Measurement):
    """The peers, and a pass over the same directory, whose counts have to agree."""

    def __init__(self, directories, wanted):
        super().__init__(directories)
        self.wanted = wanted

    def prepare(self):
        if "vs_go" in self.wanted:
            environment = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="",
                               GOCACHE=os.path.join(BENCH, "go"))
            subprocess.run(["go", "build", "-o", os.path.join(BENCH, "peer"),
                            os.path.join(server.ROOT, "tests", "bench", "peer", "main.go")], env=environment,
                           check=True)

    def counted(self, s, command):
        path = os.path.join(BENCH, "peer.out")
        with open(path, "wb") as output:
            wall = expect(measure.run(command, output), 0).wall
        with open(path, encoding="ascii") as file:
            words = file.read().split()
        counts = {name: int(value) for name, value in zip(words[::2], words[1::2])}
        event = s.pass_event()
        ours = [int(re.search(rf" {name}=(\d+)", event).group(1)) for name in ("subjects", "findings")]
        theirs = [counts["entries"], sum(counts.values()) - counts["entries"]]
        if ours != theirs:
            raise RuntimeError(f"the daemon counts {ours} entries and findings, {command[0]} {theirs}")
        return wall

    def measure(self):
        s = self.directories.get(min(self.directories.entries, PEER_ENTRIES_MOST), 1)
        account = [server.DAEMON, os.path.join(s.folder, "password")]
        found = {"pass_peer": expect(measure.run(s.daemon()), 0).wall}
        if "vs_python_ldap" in self.wanted:
            script = os.path.join(server.ROOT, "tests", "bench", "peer.py")
            found["python"] = self.counted(s, ["/usr/bin/python3", script, s.ldapi, *account])
        if "vs_go" in self.wanted:
            found["go"] = self.counted(s, [os.path.join(BENCH, "peer"), s.socket, *account])
        return found


class Writes(Measurement):
    """A pass that writes 10,000 requests, and ldapadd of the same entries, each into a fresh copy of the data."""

    def __init__(self, directories, wanted):
        super().__init__(directories)
        self.wanted = wanted
        self.pristine = None
        self.requests = os.path.join(BENCH, "requests.ldif")
        self.transactions = True

    def prepare(self):
        self.pristine = Server(2 * WRITES, 50, settled=False)

    def on_copy(self, work):
        s = self.pristine.copy("work")
        try:
            s.start()
            return work(s)
        finally:
            s.remove()

    def one_pass(self, directory=""):
        def work(s):
            cost = measure.run(s.daemon(directory=directory))
            if directory and cost.code == 1:
                return None
            expect(cost, 0)
            if f" created={WRITES} " not in s.pass_event():
                raise RuntimeError("not all requests were written: " + s.pass_event())
            if not directory:
                with open(self.requests, "wb") as file:
                    expect(measure.run(["ldapsearch", "-LLL", "-o", "ldif-wrap=no", *s.bind(), "-H", s.ldapi, "-b",
                                        "ou=requests," + server.BASE, "(objectClass=dircertRequest)"], file), 0)
            return cost.wall

        return self.on_copy(work)

    def measure(self):
        found = {"write": self.one_pass()}
        if "writes_txn_vs_sync" in self.wanted and self.transactions:
            wall = self.one_pass("  writes_per_transaction: 50\n")
            if wall is None:
                say("  writes_txn_vs_sync: this build does not know directory.writes_per_transaction yet")
                self.transactions = False
            else:
                found["write_txn"] = wall
        found["sync"] = self.on_copy(
            lambda s: expect(measure.run(["ldapadd", *s.bind(), "-H", s.ldapi, "-f", self.requests]), 0).wall)
        return found


class Changes(Measurement):
    """The daemon in the foreground while certificates go wrong, a hundred each second."""

    turn = 0

    def wait_for_pass(self, s, daemon):
        deadline = time.monotonic() + 120
        while not s.pass_event() or " result=complete" not in s.events("pass")[-1]:
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the daemon made no pass")
            time.sleep(0.1)
        time.sleep(1)

    def change(self, s):
        """Other servers in each round; bench_sync has its own, and those that violate come first of each hundred."""
        self.turn += 1
        count = min(CHANGE_SECONDS * CHANGES_PER_SECOND, s.entries // 100)
        text = measure.text_of([os.path.join(BIN, "bench_change"), s.ldapi, server.ADMIN,
                                os.path.join(s.folder, "password"), str(count), str(CHANGES_PER_SECOND),
                                str(CHANGES_FIRST + self.turn % CHANGES_TURNS), "100"])
        words = text.split()
        found = {name: float(value) for name, value in zip(words[::2], words[1::2])}
        if found["requests"] == 0:
            raise RuntimeError("none of the requests came within the time")
        if found["requests"] < found["changes"]:
            say(f"  only {found['requests']:.0f} of {found['changes']:.0f} requests came within the time")
        return {"change_p50": found["p50"], "change_p99": found["p99"]}

    def measure(self):
        s = self.directories.copy()
        with open(os.path.join(s.folder, "stderr"), "wb") as log:
            daemon = subprocess.Popen(s.daemon(once=False, more="full_interval_s: 86400\n"),
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=measure.environment())
        try:
            self.wait_for_pass(s, daemon)
            return self.change(s)
        finally:
            daemon.terminate()
            daemon.wait()
            measure.reap_orphans()


class Sync(Measurement):
    """A refresh with a cookie and a look at who changed: bench_sync prints both times."""

    LEAST = 10000  # it changes 100 servers, one of each hundred

    def measure(self):
        if self.directories.entries < self.LEAST:
            raise RuntimeError(f"100 changes are made among {self.LEAST} entries or more")
        s = self.directories.copy()
        text = measure.text_of([os.path.join(BIN, "bench_sync"), s.ldapi, os.path.join(s.folder, "password")])
        words = text.split()
        return {f"sync_{name}": float(value) for name, value in zip(words[::2], words[1::2])}


class Instructions(Measurement):
    """Reading and judging 4,000 certificates under callgrind, less the same with 2,000."""

    COUNT = 2000

    def prepare(self):
        self.path = os.path.join(BENCH, "certificates.der")
        with open(self.path, "wb") as file:
            expect(measure.run([os.path.join(BIN, "bench_generate"), "--der", str(2 * self.COUNT), "1"], file), 0)

    def total(self, count):
        out = os.path.join(BENCH, "callgrind.out")
        measure.need(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
                      os.path.join(BIN, "bench_judge"), self.path, str(count)])
        with open(out, encoding="utf-8", errors="replace") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(("summary:", "totals:")))

    def sample(self, counts=True):
        if counts and not self.samples:  # it is the same each time
            self.samples["instructions"] = [(self.total(2 * self.COUNT) - self.total(self.COUNT)) / self.COUNT]


def measurements(directories, wanted):
    """Those that the wanted rows need, in the order in which each round makes them."""
    entries = directories.entries
    found = []

    def add(measurement, *rows):
        if wanted.intersection(rows):
            found.append(measurement)

    add(Search(directories, entries, 1, "", "ldapi"), "pass_vs_ldapsearch", "cpu_s_per_100k", "floor_vs_ldapsearch")
    add(Floor(directories, entries, 1, ""), "floor_vs_ldapsearch")
    add(Search(directories, entries, 17, "_17", "ldapi"), "pass_17_vs_ldapsearch", "floor_17_vs_ldapsearch")
    add(Floor(directories, entries, 17, "_17"), "floor_17_vs_ldapsearch")
    add(Search(directories, entries, 1, "_tcp", "tcp"), "pass_tcp_vs_ldapsearch")
    add(Memory(directories), "rss_mib", "pss_mib")
    add(Peers(directories, wanted), "vs_python_ldap", "vs_go")
    add(Writes(directories, wanted), "writes_vs_sync", "writes_txn_vs_sync")
    add(Sync(directories), "sync_idle_ms", "sync_100_changes_ms")
    add(Changes(directories), "change_to_request_p99_ms")
    add(Instructions(directories), "instructions_per_certificate")
    return found


def row_values(medians, entries):
    """The value of each row of which everything was measured."""
    formulas = {
        "pass_vs_ldapsearch": lambda m: m["pass"] / m["search"],
        "pass_17_vs_ldapsearch": lambda m: m["pass_17"] / m["search_17"],
        "pass_tcp_vs_ldapsearch": lambda m: m["pass_tcp"] / m["search_tcp"],
        "floor_vs_ldapsearch": lambda m: m["floor"] / m["search"],
        "floor_17_vs_ldapsearch": lambda m: m["floor_17"] / m["search_17"],
        "cpu_s_per_100k": lambda m: m["cpu"] * 100000 / entries,
        "rss_mib": lambda m: m["rss"],
        "pss_mib": lambda m: m["pss"],
        "writes_vs_sync": lambda m: m["sync"] / m["write"],
        "writes_txn_vs_sync": lambda m: m["sync"] / m["write_txn"],
        "vs_python_ldap": lambda m: m["python"] / m["pass_peer"],
        "vs_go": lambda m: m["go"] / m["pass_peer"],
        "sync_idle_ms": lambda m: m["sync_idle_ms"],
        "sync_100_changes_ms": lambda m: m["sync_100_changes_ms"],
        "change_to_request_p99_ms": lambda m: m["change_p99"],
        "instructions_per_certificate": lambda m: m["instructions"],
    }
    found = {}
    for name, _, _ in ROWS:
        try:
            found[name] = formulas[name](medians)
        except KeyError:
            pass
    return found
