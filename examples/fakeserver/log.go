package main

import (
	"fmt"
	"strings"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// describe returns a line on a request and its response. The page stands for the
// token, which is a secret of the client.
func describe(r appintegrationstest.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", r.Proto, r.Method, r.Path)
	if r.Page > 0 {
		fmt.Fprintf(&b, " page %d", r.Page)
	}
	if r.Status == 0 {
		b.WriteString(": no response")
	} else {
		fmt.Fprintf(&b, ": %d", r.Status)
	}
	if r.Refused != "" {
		code, _, _ := strings.Cut(r.Refused, ":")
		b.WriteString(" " + code)
	}
	if r.Fault != "" {
		b.WriteString(", fault: " + r.Fault)
	}
	b.WriteString(", request id " + r.RequestID)
	return b.String()
}
