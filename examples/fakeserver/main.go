// Fakeserver serves a fake of Amazon AppIntegrations to clients in any language.
// It prints the environment variables that lead a client to it:
//
//	go build -o /tmp/fakeserver ./examples/fakeserver
//	/tmp/fakeserver -associations 120 -fault throttle,page=2,times=3
//
// Paste what it prints into another shell, and list:
//
//	aws appintegrations list-data-integration-associations --data-integration-identifier example
//
// It logs each request to stderr. SIGINT and SIGTERM end it with status 0; a flag
// that is wrong ends it with status 2. -h lists the flags, -fault help the faults.
package main

import (
	"context"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	f, err := parseFlags(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err == nil && f.help:
		fmt.Print(faultHelp())
		return
	case err == nil:
		var found []found
		if found, err = f.load(os.Stdin); err == nil {
			if err := serve(ctx, f, found, os.Stdout, os.Stderr); err != nil {
				fmt.Fprintln(os.Stderr, "fakeserver:", err)
				os.Exit(1)
			}
			return
		}
	}
	fmt.Fprintln(os.Stderr, "fakeserver:", err)
	os.Exit(2)
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, f *flags, data []found, stdout, stderr io.Writer) error {
	logger := log.New(stderr, "", log.LstdFlags)
	srv, err := appintegrationstest.Start(f.options, func(o *appintegrationstest.Options) {
		o.OnRequest = func(r appintegrationstest.Request) { logger.Print(describe(r)) }
		o.MaxRequests = 1 // they are in the log
	})
	if err != nil {
		return err
	}
	defer srv.Close()
	put := f.put(srv, data)
	srv.Fail(f.faults...)

	env, err := environment(ctx, srv)
	if err != nil {
		return err
	}
	if srv.Certificate() != nil {
		name, err := writeCertificate(srv)
		if err != nil {
			return err
		}
		defer os.Remove(name)
		for _, variable := range []string{"AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
			env += fmt.Sprintf("export %s='%s'\n", variable, strings.ReplaceAll(name, "'", `'\''`))
		}
	}
	fmt.Fprintf(stderr, "fakeserver: listening on %s (%s); data integrations: %s; stop it with Ctrl-C or kill %d\n",
		srv.URL(), f.protocols(), put, os.Getpid())
	if _, err := io.WriteString(stdout, env); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// environment returns what a shell needs to lead clients to the server.
func environment(ctx context.Context, srv *appintegrationstest.Server) (string, error) {
	cfg := srv.Config()
	creds, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", err
	}
	// Python clients know the Region by its second name only. The session token is
	// set to nothing, since the shell may have one.
	return fmt.Sprintf("export AWS_ENDPOINT_URL_APPINTEGRATIONS=%s\nexport AWS_REGION=%s\nexport AWS_DEFAULT_REGION=%[2]s\n"+
		"export AWS_ACCESS_KEY_ID=%[3]s\nexport AWS_SECRET_ACCESS_KEY=%[4]s\nexport AWS_SESSION_TOKEN=\n",
		srv.URL(), cfg.Region, creds.AccessKeyID, creds.SecretAccessKey), nil
}

// writeCertificate writes the server's certificate into a temporary file, for
// clients that read the authorities they trust from one.
func writeCertificate(srv *appintegrationstest.Server) (name string, err error) {
	file, err := os.CreateTemp("", "fakeserver-*.pem")
	if err != nil {
		return "", err
	}
	err = pem.Encode(file, &pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(file.Name())
	}
	return file.Name(), err
}
