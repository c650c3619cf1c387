#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: peer.py URI BIND-DN PASSWORD-FILE

The peer in Python, as one would write it: python-ldap and cryptography.  It asks for the same entries as the daemon,
judges version, name and expiry, and prints only how many entries it saw and how many violate each.
"""

import datetime
import sys

import ldap
from cryptography import x509
from cryptography.x509.oid import NameOID


def covers(presented, host):
    presented, host = presented.lower(), host.lower().rstrip(".")
    if presented.startswith("*."):
        return "." in host and host.partition(".")[2] == presented[2:]
    return presented == host


def names_of(certificate):
    """The dNSNames, or the Common Names where there is none."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    return names or [a.value for a in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]


def judge(attributes, now, counts):
    hosts = [value.decode() for value in attributes.get("dNSHostName", [])]
    for der in attributes.get("userCertificate;binary", []) + attributes.get("userCertificate", []):
        certificate = x509.load_der_x509_certificate(der)
        if certificate.version != x509.Version.v3:
            counts["version"] += 1
        names = names_of(certificate)
        if not all(any(covers(name, host) for name in names) for host in hosts):
            counts["name"] += 1
        if certificate.not_valid_after < now:
            counts["expired"] += 1


def main():
    uri, dn, password = sys.argv[1:]
    connection = ldap.initialize(uri)
    with open(password, encoding="utf-8") as file:
        connection.simple_bind_s(dn, file.read())
    message = connection.search_ext("ou=servers,dc=example,dc=com", ldap.SCOPE_SUBTREE, "(objectClass=dircertHost)",
                                    ["entryUUID", "userCertificate", "dNSHostName"])
    counts = {"entries": 0, "version": 0, "name": 0, "expired": 0}
    now = datetime.datetime.utcnow()
    while True:
        kind, entries = connection.result(message, all=0)[:2]
        if kind == ldap.RES_SEARCH_RESULT:
            break
        for _, attributes in entries:
            counts["entries"] += 1
            judge(attributes, now, counts)
    print(" ".join(f"{name} {count}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
