// Command app is the application the demo and the end-to-end tests deploy.
//
// It shows which configuration it runs with by digests only: the directory it
// is given may hold secrets, so no content ever reaches its output.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const usage = "usage: app serve | sleep SECONDS | exit CODE [MESSAGE] | api [PATH]"

func main() {
	args := os.Args[1:]
	if len(args) == 0 {
		args = []string{"serve"}
	}
	code, err := run(args[0], args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
	}
	os.Exit(code)
}

func run(command string, args []string) (int, error) {
	switch command {
	case "serve":
		return serve()
	case "sleep":
		return sleep(args)
	case "exit":
		return exit(args)
	case "api":
		return askAPI(args)
	}
	return 2, errors.New(usage)
}

// exit ends with the given code, after a message for the log.
func exit(args []string) (int, error) {
	if len(args) != 1 && len(args) != 2 {
		return 2, errors.New(usage)
	}
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return 2, errors.New(usage)
	}
	if len(args) == 2 {
		return code, errors.New(args[1])
	}
	return code, nil
}

// serve answers on :8080 until it is told to end: /healthz, and on every
// other path the digests of the configuration as it is now.
func serve() (int, error) {
	if text, err := digests(); err != nil {
		return 1, err
	} else if text != "" {
		fmt.Print(text)
	}
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "ok %s\n", os.Getenv("APP_VERSION"))
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		text, err := digests()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, text)
	})
	failed := make(chan error, 1)
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 10 * time.Second}
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return 1, err
	case <-ended():
		return 0, nil
	}
}

// digests is one line "SHA256  NAME" per file of $CONFIG_DIR, in name order.
func digests() (string, error) {
	dir := os.Getenv("CONFIG_DIR")
	if dir == "" {
		return "", nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var lines strings.Builder
	for _, entry := range entries {
		// "..data" and its like are how a kubelet swaps a volume's
		// content at once; the names people gave link into them.
		if strings.HasPrefix(entry.Name(), "..") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if errors.Is(err, syscall.EISDIR) {
			continue
		}
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(content), entry.Name())
	}
	return lines.String(), nil
}

func sleep(args []string) (int, error) {
	if len(args) != 1 {
		return 2, errors.New(usage)
	}
	seconds, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return 2, errors.New(usage)
	}
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return 0, nil
	case <-ended():
		return 143, nil
	}
}

func ended() <-chan os.Signal {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	return signals
}

// askAPI asks the API server as a pod does: by the service's address, trusting
// the mounted CA only, with the mounted token. Any answer below 400 is success.
func askAPI(args []string) (int, error) {
	path := "/version"
	if len(args) > 0 {
		path = args[0]
	}
	const mounted = "/var/run/secrets/kubernetes.io/serviceaccount/"
	token, err := os.ReadFile(mounted + "token")
	if err != nil {
		return 1, err
	}
	ca, err := os.ReadFile(mounted + "ca.crt")
	if err != nil {
		return 1, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	address := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	request, err := http.NewRequest(http.MethodGet, "https://"+address+path, nil)
	if err != nil {
		return 2, err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	client := http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
	}
	response, err := client.Do(request)
	if err != nil {
		return 1, err
	}
	defer response.Body.Close()
	size, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		return 1, err
	}
	fmt.Printf("%s %s: %d bytes\n", path, response.Status, size)
	if response.StatusCode >= 400 {
		return 1, nil
	}
	return 0, nil
}
