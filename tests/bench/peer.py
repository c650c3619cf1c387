#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: peer.py URI BIND-DN PASSWORD-FILE

The peer in Python, as one would write it: python-ldap and cryptography.  It asks for the same entries as the daemon,
makes the checks that the benchmark's policy turns on, and prints only how many entries it saw and how many violate each.
"""

import datetime
import sys

import ldap
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

MIN_RSA_BITS = 2048
CHECKS = ("malformed", "version", "name", "expired", "early", "key", "usage", "authority")


def covers(presented, host):
    presented, host = presented.lower(), host.lower().rstrip(".")
    if presented.startswith("*."):
        return "." in host and host.partition(".")[2] == presented[2:]
    return presented == host


def extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def is_named(certificate, hosts):
    """By its dNSNames, or by its Common Names where it has none."""
    value = extension(certificate, x509.SubjectAlternativeName)
    names = value.get_values_for_type(x509.DNSName) if value else []
    names = names or [a.value for a in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return all(any(covers(name, host) for name in names) for host in hosts)


def is_strong(key):
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= MIN_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"


def is_for_servers(certificate):
    value = extension(certificate, x509.ExtendedKeyUsage)
    return value is not None and ExtendedKeyUsageOID.SERVER_AUTH in value


def is_authority(certificate):
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    return bool(constraints and constraints.ca or usage and usage.key_cert_sign)


def violations(certificate, hosts, now):
    """Without version 3 there are no extensions, of which no more is said."""
    if certificate.version != x509.Version.v3:
        yield "version"
    elif not is_for_servers(certificate):
        yield "usage"
    if not is_named(certificate, hosts):
        yield "name"
    if certificate.not_valid_after < now:
        yield "expired"
    if certificate.not_valid_before > now:
        yield "early"
    if not is_strong(certificate.public_key()):
        yield "key"
    if is_authority(certificate):
        yield "authority"


def judge(attributes, now, counts):
    hosts = [value.decode() for value in attributes.get("dNSHostName", [])]
    for der in attributes.get("userCertificate;binary", []) + attributes.get("userCertificate", []):
        try:
            found = list(violations(x509.load_der_x509_certificate(der), hosts, now))
        except ValueError:
            found = ["malformed"]
        for name in found:
            counts[name] += 1


def main():
    uri, dn, password = sys.argv[1:]
    connection = ldap.initialize(uri)
    with open(password, encoding="utf-8") as file:
        connection.simple_bind_s(dn, file.read())
    message = connection.search_ext("ou=servers,dc=example,dc=com", ldap.SCOPE_SUBTREE, "(objectClass=dircertHost)",
                                    ["entryUUID", "userCertificate", "dNSHostName"])
    counts = dict.fromkeys(("entries", *CHECKS), 0)
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
