package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// writeCertificate makes a certificate with a serial number of its own.
func writeCertificate(t *testing.T, dir string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "node.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000+serial, 0) // two in one tick of the disk's clock still differ
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: private}} {
		path := filepath.Join(dir, name)
		if err = errors.Join(os.WriteFile(path, pem.EncodeToMemory(block), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
}

// A certificate ends every few weeks; a gateway that must be started again for
// it is one that forgets.
func TestRun_HTTPS(t *testing.T) {
	dir, now := t.TempDir(), testkit.NewClock()
	writeCertificate(t, dir, 1)
	b := newBench(t, func(s *Settings, _ *Services) {
		s.Now, s.CertFile, s.KeyFile = now.Now, filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	})
	running(t, func(ctx context.Context, ready func()) error { return b.Run(ctx, ready) })
	serial := func(least uint16) string {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: least}}
		conn, err := d.DialContext(t.Context(), "tcp", b.Address())
		if err != nil {
			return "refused"
		}
		defer shut(t, conn)
		secure, ok := conn.(*tls.Conn)
		if !ok {
			return "clear"
		}
		return secure.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	if got := serial(tls.VersionTLS13); got != "1" {
		t.Errorf("certificate %s", got)
	}
	if got := serial(tls.VersionTLS11); got != "refused" {
		t.Errorf("TLS 1.1 is spoken, with certificate %s", got)
	}
	writeCertificate(t, dir, 2)
	now.Pass(certificateCheck)
	if got := serial(tls.VersionTLS12); got != "2" {
		t.Errorf("after the renewal: certificate %s", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "tls.crt"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	now.Pass(certificateCheck)
	if got := serial(tls.VersionTLS12); got != "2" {
		t.Errorf("with a half-written file: certificate %s", got)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
	res, err := client.Get(b.URL() + "/v1/version")
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, res.Body)
	if res.StatusCode != 200 || res.ProtoMajor != 2 {
		t.Errorf("%d over %s", res.StatusCode, res.Proto)
	}
	if a := raw(t, b.Address(), "GET /v1/version HTTP/1.1\r\nHost: "+b.Address()+"\r\n\r\n"); a != "400" {
		t.Errorf("clear text is answered with %s", a)
	}
}
