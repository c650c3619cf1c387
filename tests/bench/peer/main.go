// SPDX-License-Identifier: Apache-2.0

// usage: peer SOCKET BIND-DN PASSWORD-FILE
//
// The peer in Go, as one would write it: go-ldap and crypto/x509. It asks for the same entries as the daemon, judges
// version, name and expiry, and prints only how many entries it saw and how many violate each.
package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

type counts struct{ entries, version, name, expired int }

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

func (c *counts) judge(entry *ldap.Entry, now time.Time) {
	c.entries++
	hosts := entry.GetEqualFoldAttributeValues("dNSHostName")
	ders := append(entry.GetRawAttributeValues("userCertificate;binary"), entry.GetRawAttributeValues("userCertificate")...)
	for _, der := range ders {
		certificate, err := x509.ParseCertificate(der)
		fail(err)
		if certificate.Version != 3 {
			c.version++
		}
		if !isNamed(certificate, hosts) {
			c.name++
		}
		if certificate.NotAfter.Before(now) {
			c.expired++
		}
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
	fmt.Printf("entries %d version %d name %d expired %d\n", c.entries, c.version, c.name, c.expired)
}
