// Fakeserver serves a fake of Amazon AppIntegrations for clients in any language.
// It prints what a shell needs to point them at it; paste it into another one:
//
//	go run ./examples/fakeserver
//
//	export AWS_ENDPOINT_URL_APPINTEGRATIONS=...
//	aws appintegrations list-data-integration-associations --data-integration-identifier example
//
// It logs each request to stderr, and ends on SIGINT or SIGTERM with status 0.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on")
	n := flag.Int("associations", 7, "associations of the data integration \"example\"")
	rate := flag.Float64("rate", 0, "requests a second, beyond which clients are throttled; 0: no limit")
	burst := flag.Int("burst", 1, "requests at once within the rate")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	srv := appintegrationstest.New(func(o *appintegrationstest.Options) { o.Quota.PerSecond, o.Quota.Burst = *rate, *burst })
	srv.Put("example", associations(*n)...)
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	h := &http.Server{Handler: logging(srv)}
	context.AfterFunc(ctx, func() { _ = h.Close() })

	cfg := srv.Config()
	creds, _ := cfg.Credentials.Retrieve(ctx) // static
	// Python clients know the Region by its second name only; an empty session
	// token shadows one that the shell may have.
	fmt.Printf("export AWS_ENDPOINT_URL_APPINTEGRATIONS=http://%s\nexport AWS_REGION=%s\nexport AWS_DEFAULT_REGION=%[2]s\n"+
		"export AWS_ACCESS_KEY_ID=%[3]s\nexport AWS_SECRET_ACCESS_KEY=%[4]s\nexport AWS_SESSION_TOKEN=\n",
		ln.Addr(), cfg.Region, creds.AccessKeyID, creds.SecretAccessKey)
	if err := h.Serve(ln); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	srv.Close()
}
