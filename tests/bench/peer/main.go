// SPDX-License-Identifier: Apache-2.0

// usage: peer SOCKET BIND-DN PASSWORD-FILE
//
// The peer in Go, as one would write it: go-ldap and crypto/x509. It asks for the same entries as the daemon, makes the
// checks that the benchmark's policy turns on, and prints only how many entries it saw and how many violate each.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const minRSABits = 2048

type counts struct{ entries, malformed, version, name, expired, early, key, usage, authority int }

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func covers(presented, host string) bool {
	presented, host = strings.ToLower(presented), strings.TrimSuffix(strings.ToLower(host), ".")
	if strings.HasPrefix(presented, "*.") {
		at := strings.IndexByte(host, '.')
		return at >= 0 && host[at:] == presented[1:]
	}
	return presented == host
}

// The dNSNames, or the Common Name where there is none.
func isNamed(certificate *x509.Certificate, hosts []string) bool {
	names := certificate.DNSNames
	if len(names) == 0 {
		names = []string{certificate.Subject.CommonName}
	}
	for _, host := range hosts {
		found := false
		for _, name := range names {
			found = found || covers(name, host)
		}
		if !found {
			return false
		}
	}
	return true
}

func isStrong(key interface{}) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256()
	}
	return false
}

func isForServers(certificate *x509.Certificate) bool {
	for _, usage := range certificate.ExtKeyUsage {
		if usage == x509.ExtKeyUsageServerAuth {
			return true
		}
	}
	return false
}

func add(counter *int, violates bool) {
	if violates {
		*counter++
	}
}

// Without version 3 there are no extensions, of which no more is said.
func (c *counts) certificate(certificate *x509.Certificate, hosts []string, now time.Time) {
	add(&c.version, certificate.Version != 3)
	add(&c.usage, certificate.Version == 3 && !isForServers(certificate))
	add(&c.name, !isNamed(certificate, hosts))
	add(&c.expired, certificate.NotAfter.Before(now))
	add(&c.early, certificate.NotBefore.After(now))
	add(&c.key, !isStrong(certificate.PublicKey))
	add(&c.authority, certificate.IsCA || certificate.KeyUsage&x509.KeyUsageCertSign != 0)
}

func (c *counts) judge(entry *ldap.Entry, now time.Time) {
	c.entries++
	hosts := entry.GetEqualFoldAttributeValues("dNSHostName")
	ders := append(entry.GetRawAttributeValues("userCertificate;binary"), entry.GetRawAttributeValues("userCertificate")...)
	for _, der := range ders {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			c.malformed++
			continue
		}
		c.certificate(certificate, hosts, now)
	}
}

func main() {
	password, err := os.ReadFile(os.Args[3])
	fail(err)
	connection, err := ldap.DialURL("ldapi://" + os.Args[1])
	fail(err)
	defer connection.Close()
	fail(connection.Bind(os.Args[2], string(password)))
	result, err := connection.Search(ldap.NewSearchRequest("ou=servers,dc=example,dc=com", ldap.ScopeWholeSubtree,
		ldap.NeverDerefAliases, 0, 0, false, "(objectClass=dircertHost)",
		[]string{"entryUUID", "userCertificate", "dNSHostName"}, nil))
	fail(err)
	var c counts
	now := time.Now()
	for _, entry := range result.Entries {
		c.judge(entry, now)
	}
	fmt.Printf("entries %d malformed %d version %d name %d expired %d early %d key %d usage %d authority %d\n",
		c.entries, c.malformed, c.version, c.name, c.expired, c.early, c.key, c.usage, c.authority)
}
