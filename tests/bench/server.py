# SPDX-License-Identifier: Apache-2.0
"""A private slapd over a directory that is made once and kept."""

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import measure
from measure import say

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BENCH = os.path.join(ROOT, "build-bench")
BIN = os.path.join(BENCH, "release", "bin")
SUFFIX = "dc=example,dc=com"
ADMIN = "cn=admin," + SUFFIX
BASE = "ou=dircertd," + SUFFIX
SERVERS = "ou=servers," + SUFFIX
DAEMON = "cn=dircertd,ou=daemons," + SUFFIX
PASSWORD = "only-for-this-benchmark"
FILTER = "(objectClass=dircertHost)"
ATTRIBUTES = ["entryUUID", "userCertificate", "dNSHostName"]

# The indices that the README and conf/ recommend, and what a directory has anyway.
INDICES = "objectClass,entryUUID,entryCSN,modifyTimestamp,cn,dircertRequestId,dircertSubjectId,dircertState"

# As an administrator would have it: the project's own access control, the indices, syncprov, and the monitor that the
# README recommends for transactions.
CONFIGURATION = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include {root}/schema/dnshostname.schema
include {root}/schema/dircertd.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload back_monitor
moduleload syncprov
tool-threads 2
loglevel none
database monitor
access to dn.subtree="cn=Connections,cn=Monitor"
    attrs=entry,children,monitorConnectionOpsReceived,monitorConnectionOpsExecuting
    by dn.exact="{daemon}" read
    by * break
database mdb
suffix "{suffix}"
rootdn "{admin}"
rootpw {password}
directory {folder}/data
maxsize 17179869184
{durability}
index {indices} eq
include {root}/conf/slapd-acl.conf
overlay syncprov
syncprov-checkpoint 1000 10
syncprov-sessionlog 10000
"""

SUBJECTS = """dn: ou=servers,{suffix}
objectClass: organizationalUnit
ou: servers

dn: cn=servers,ou=policies,{base}
objectClass: dircertPolicy
cn: servers
dircertTarget: ldap:///ou=servers,{suffix}??sub?{filter}
dircertMode: enforce
dircertAllowedVersion: 3
dircertNameMatch: cn-or-san
dircertWildcard: allow
dircertMinRSABits: 2048
dircertAllowedCurve: P-256
dircertRequiredEKU: serverAuth
dircertAllowCA: FALSE
dircertOnFinding: version reissue
dircertOnFinding: cn-mismatch reissue
dircertOnFinding: san-mismatch reissue
dircertOnFinding: expired reissue
dircertApproval: reissue manual
dircertConfirmations: 1
dircertMaxRequests: 100000000
dircertMaxPercent: 100

"""

DAEMON_FILE = """directory:
  uri: ["{uri}"]
  bind: {{method: simple, dn: "{daemon}", password_file: "{folder}/password"}}
  allow_plaintext: true
  timeout_s: 120
{directory}base: {base}
interval_s: 300
{more}log: {{format: logfmt, level: info, to: "{log}"}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """The directory of so many entries, that share of which violate; `settled`: all requests about them exist."""

    def __init__(self, entries, per_cent, settled=True):
        self.entries, self.per_cent = entries, per_cent
        self.folder = os.path.join(BENCH, f"data-{entries}-{per_cent}")
        self.process = self.socket_folder = self.tcp = self.ldapi = self.socket = None
        if self.kept() != INDICES:
            self.make()
        if settled and not os.path.exists(os.path.join(self.folder, "settled")):
            self.settle()

    # Making it.

    def write(self, name, text, **words):
        path = os.path.join(self.folder, name)
        known = {"root": ROOT, "folder": self.folder, "suffix": SUFFIX, "base": BASE, "daemon": DAEMON, "admin": ADMIN,
                 "password": PASSWORD, "filter": FILTER, "indices": INDICES, **words}
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text.format(**known))
        return path

    def configure(self, durability=""):
        self.write("slapd.conf", CONFIGURATION, durability=durability)
        self.write("password", "{password}")

    def tree(self):
        """The project's own example, with a password for the daemon."""
        with open(os.path.join(ROOT, "conf", "tree.ldif"), encoding="utf-8") as file:
            text = file.read()
        at = text.index("userPassword:", text.index("dn: " + DAEMON))
        stored = base64.b64encode(PASSWORD.encode()).decode()
        text = text[:at] + "userPassword:: " + stored + text[text.index("\n", at):]
        root = f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n"
        return root + text + "\n" + SUBJECTS.format(suffix=SUFFIX, base=BASE, filter=FILTER)

    def make(self):
        say(f"making {self.entries} entries, {self.per_cent} % of which violate")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(os.path.join(self.folder, "data"))
        self.configure("dbnosync")
        with subprocess.Popen(["/usr/sbin/slapadd", "-q", "-f", os.path.join(self.folder, "slapd.conf")],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as slapadd:
            slapadd.stdin.write(self.tree().encode())
            slapadd.stdin.flush()
            subprocess.run([os.path.join(BIN, "bench_generate"), str(self.entries), str(self.per_cent)],
                           stdout=slapadd.stdin, check=True)
            slapadd.stdin.close()
        if slapadd.returncode != 0:
            sys.exit("slapadd failed")
        self.write("made", "{indices}")

    def kept(self):
        """With which indices it was made: others would find nothing in it."""
        try:
            with open(os.path.join(self.folder, "made"), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def settle(self):
        """Lets the daemon write all requests, without waiting for the disk, until a pass writes none."""
        say(f"writing the requests about {self.entries} entries")
        self.start("dbnosync")
        try:
            for _ in range(3):
                measure.need(self.daemon())
                if " created=0 " in self.pass_event() + " ":
                    break
            else:
                sys.exit("after three passes requests are still made: " + self.pass_event())
        finally:
            self.stop()
        self.write("settled", "")

    def copy(self, name):
        """A second one over a copy of the data, which the caller removes."""
        other = Server.__new__(Server)
        other.__dict__.update(self.__dict__)
        other.folder = os.path.join(BENCH, f"{name}-{self.entries}-{self.per_cent}")
        shutil.rmtree(other.folder, ignore_errors=True)
        subprocess.run(["cp", "-r", "--sparse=always", self.folder, other.folder], check=True)
        other.process = None
        return other

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Running it.

    def start(self, durability=""):
        self.configure(durability)
        self.socket_folder = tempfile.mkdtemp(prefix="dircertd-bench.")
        self.socket = os.path.join(self.socket_folder, "ldapi")
        self.ldapi = "ldapi://" + self.socket.replace("/", "%2F")
        self.tcp = f"ldap://127.0.0.1:{free_port()}"
        with open(os.path.join(self.folder, "slapd.log"), "wb") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/slapd", "-d", "0", "-f", os.path.join(self.folder, "slapd.conf"), "-h",
                 f"{self.ldapi} {self.tcp}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        measure.servers.add(self.process.pid)
        for _ in range(1200):
            if measure.run(self.search(self.ldapi, scope="base")).code == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit(f"slapd did not start, see {self.folder}/slapd.log")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
            measure.servers.discard(self.process.pid)
            self.process = None
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def bind(self, who=DAEMON):
        return ["-x", "-D", who, "-y", os.path.join(self.folder, "password")]

    def search(self, uri, scope="sub"):
        """What the daemon asks for, by ldapsearch."""
        return ["ldapsearch", "-LLL", "-o", "ldif-wrap=no", *self.bind(), "-H", uri, "-b", SERVERS, "-s", scope,
                FILTER if scope == "sub" else "(objectClass=*)", *ATTRIBUTES]

    def log(self):
        return os.path.join(self.folder, "dircertd.log")

    def daemon(self, uri=None, once=True, directory="", more=""):
        """The daemon's command; its log begins anew."""
        path = self.write("dircertd.yaml", DAEMON_FILE, uri=uri or self.ldapi, log=self.log(), directory=directory,
                          more=more)
        with open(self.log(), "w", encoding="utf-8"):
            pass
        return [os.path.join(BIN, "dircertd"), "-c", path, *(["--once"] if once else ["--foreground"])]

    def events(self, name):
        with open(self.log(), encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in file if f" event={name} " in " " + line]

    def pass_event(self):
        """What the last pass said of the policy."""
        found = [line for line in self.events("pass") if " created=" in line]
        return found[-1] if found else ""
