package main

// The cluster's keys: a CA, the API server's certificate and the key that
// signs service-account tokens. Made new for every cluster, so a client of one
// cluster never takes another for it.

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// File names below a cluster's folder.
const (
	fileCA             = "ca.crt"
	fileServingCert    = "apiserver.crt"
	fileServingKey     = "apiserver.key"
	fileServiceAccount = "service-account.key"
	fileTokens         = "tokens.csv"
)

// writeKeys makes the keys of a cluster whose API server answers on addresses.
func writeKeys(dir string, addresses []net.IP) error {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	// An hour back: the clocks of pods and of the host are the same, those
	// of machines that read the kubeconfig over a network may not be.
	start := time.Now().Add(-time.Hour)
	ca := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "throwaway-cluster-ca"},
		NotBefore:             start,
		NotAfter:              start.AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	serving := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "kube-apiserver"},
		NotBefore:    start,
		NotAfter:     start.AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost", "kubernetes", "kubernetes.default",
			"kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		IPAddresses: addresses,
	}
	servingKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	tokenKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if err := writeCertificate(filepath.Join(dir, fileCA), ca, ca, caKey, caKey); err != nil {
		return err
	}
	if err := writeCertificate(filepath.Join(dir, fileServingCert), serving, ca, servingKey, caKey); err != nil {
		return err
	}
	if err := writeKey(filepath.Join(dir, fileServingKey), servingKey); err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, fileServiceAccount), tokenKey)
}

func writeCertificate(file string, certificate, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, certificate, parent, key.Public(), parentKey)
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

func writeKey(file string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

func newToken() string {
	random := make([]byte, 16)
	// crypto/rand.Read never returns an error since Go 1.24.
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}
