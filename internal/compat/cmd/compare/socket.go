//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const socketSlice = 10 * time.Millisecond // longer than a switch between the two processes

// measureSocket measures calls over HTTP/1.1 on a loopback socket, each with the
// HTTP client that it has by default. The server is another process.
func measureSocket(n int) ([]row, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	server := exec.Command(self, "-serve")
	server.Stderr = os.Stderr
	until, err := server.StdinPipe()
	if err != nil {
		return nil, err
	}
	said, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	defer server.Wait()
	defer until.Close()
	url, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, items := range sizes {
		cfg := config()
		cfg.BaseEndpoint = aws.String(strings.TrimSpace(url) + fmt.Sprintf("/%d", items))
		r, err := measure(items, n, socketSlice, processTime, func(i int) call { return clients[i].new(cfg) })
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// servePages serves the pages of all sizes on a loopback socket, and prints its
// URL.
func servePages() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	for _, items := range sizes {
		page := []byte(pageOf(items))
		mux.HandleFunc(fmt.Sprintf("/%d/", items), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Amzn-Requestid", "request-1")
			w.Write(page)
		})
	}
	fmt.Printf("http://%s\n", listener.Addr())
	go http.Serve(listener, mux)
	io.Copy(io.Discard, os.Stdin)
}
