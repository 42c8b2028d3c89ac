package main

// The few questions we ask an API server ourselves, and the kubeconfigs with
// which everybody else asks.

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

func (s *spec) server() string {
	return "https://" + net.JoinHostPort(s.Addresses.APIAddress, strconv.Itoa(s.Addresses.APIPort))
}

func (s *spec) writeKubeconfigs() error {
	ca, err := os.ReadFile(s.path(fileCA))
	if err != nil {
		return err
	}
	for _, user := range []struct{ file, name, token string }{
		{fileKubeconfig, "admin", s.AdminToken},
		{fileKubeconfigLimited, "limited", s.LimitedToken},
	} {
		text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
users:
- name: %[4]s
  user:
    token: %[5]s
contexts:
- name: %[1]s
  context:
    cluster: %[1]s
    user: %[4]s
current-context: %[1]s
`, s.Name, s.server(), base64.StdEncoding.EncodeToString(ca), user.name, user.token)
		if err := os.WriteFile(s.path(user.file), []byte(text), 0o600); err != nil {
			return err
		}
	}
	tokens := fmt.Sprintf("%s,admin,admin,\"system:masters\"\n%s,limited,limited\n", s.AdminToken, s.LimitedToken)
	return os.WriteFile(s.path(fileTokens), []byte(tokens), 0o600)
}

// apiClient asks as the admin and trusts the cluster's own CA only, so another
// server on the same address is never mistaken for this cluster.
type apiClient struct {
	server, token string
	http          http.Client
}

func (s *spec) client() (*apiClient, error) {
	ca, err := os.ReadFile(s.path(fileCA))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &apiClient{server: s.server(), token: s.AdminToken, http: http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots},
			// A proxy that is set for the outside world does not know us.
			Proxy: nil,
		},
	}}, nil
}

func (c *apiClient) do(method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequest(method, c.server+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err == nil && response.StatusCode >= 400 {
		err = fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	return answer, err
}

func (c *apiClient) ready() error {
	_, err := c.do(http.MethodGet, "/readyz", nil)
	return err
}

// nodeReady says whether some node takes pods; the error says why not.
func (c *apiClient) nodeReady() error {
	answer, err := c.do(http.MethodGet, "/api/v1/nodes", nil)
	if err != nil {
		return err
	}
	var nodes struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct {
				Conditions []struct{ Type, Status, Message string }
			}
		}
	}
	if err := json.Unmarshal(answer, &nodes); err != nil {
		return err
	}
	reason := "no node has registered"
	for _, node := range nodes.Items {
		reason = "node " + node.Metadata.Name + " has not reported yet"
		for _, condition := range node.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == "True" {
				return nil
			}
			if condition.Type == "Ready" {
				reason = "node " + node.Metadata.Name + ": " + condition.Message
			}
		}
	}
	return fmt.Errorf("no node is ready: %s", reason)
}

// addKwokNode adds the node that kwok pretends to run.
func (c *apiClient) addKwokNode() error {
	amounts := map[string]string{"cpu": "64", "memory": "256Gi", "pods": "5000"}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "v1",
		"kind":       "Node",
		"metadata": map[string]any{
			"name":        "kwok",
			"annotations": map[string]string{"kwok.x-k8s.io/node": "fake"},
			"labels":      map[string]string{"kubernetes.io/hostname": "kwok", "kubernetes.io/os": "linux", "type": "kwok"},
		},
		"status": map[string]any{"allocatable": amounts, "capacity": amounts},
	})
	if err != nil {
		return err
	}
	_, err = c.do(http.MethodPost, "/api/v1/nodes", body)
	return err
}
