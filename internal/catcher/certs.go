package catcher

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// SelfSigned makes a certificate authority of its own and a server certificate for localhost and the
// loopback addresses, signed by it. Whoever trusts the pool trusts the certificate; nobody else does.
func SelfSigned() (tls.Certificate, *x509.CertPool, error) {
	// Fixed dates: what is made for a test run need not read a clock.
	valid := x509.Certificate{
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:  time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	authority, server := valid, valid
	authority.SerialNumber = big.NewInt(1)
	authority.Subject = pkix.Name{CommonName: "Dripline mail catcher authority"}
	authority.IsCA, authority.BasicConstraintsValid = true, true
	authority.KeyUsage = x509.KeyUsageCertSign
	server.SerialNumber = big.NewInt(2)
	server.Subject = pkix.Name{CommonName: "localhost"}
	server.DNSNames = []string{"localhost"}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	server.KeyUsage = x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}

	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make a key: %w", err)
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make a key: %w", err)
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, &authority, &authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make an authority: %w", err)
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, &server, &authority, serverKey.Public(), authorityKey)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make a certificate: %w", err)
	}
	trusted, err := x509.ParseCertificate(authorityDER)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("read the authority back: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(trusted)
	return tls.Certificate{Certificate: [][]byte{serverDER}, PrivateKey: serverKey}, pool, nil
}
