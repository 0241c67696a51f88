package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/seed-10600c52/appintegrations/appintegrationstest"
)

// flags are the program's, checked.
type flags struct {
	addr                 string
	tls, http2           bool
	pageSize             int
	quota, listQuota     appintegrationstest.Quota
	names, files, specs  stringList
	associations, everyN int
	faults               []appintegrationstest.Fault
	help                 bool // of the faults
}

// stringList is a flag that may be repeated.
type stringList []string

func (l *stringList) String() string         { return strings.Join(*l, " ") }
func (l *stringList) Set(value string) error { *l = append(*l, value); return nil }

const usage = `Usage: fakeserver [flags]

Fakeserver serves a fake of Amazon AppIntegrations, prints the environment variables that lead a client to it,
and logs each request to stderr. SIGINT and SIGTERM end it.

`

// parseFlags returns the flags, or an error that names the flag, its value and
// what it must be. It writes the usage to w if that is asked for.
func parseFlags(args []string, w io.Writer) (*flags, error) {
	f := &flags{}
	set := flag.NewFlagSet("fakeserver", flag.ContinueOnError)
	set.SetOutput(io.Discard) // the caller prints the error, once
	set.StringVar(&f.addr, "addr", "127.0.0.1:0", "`address` to listen on; port 0: a free one")
	set.BoolVar(&f.tls, "tls", false, "use TLS; the certificate is in a temporary file, which the printed variables name")
	set.BoolVar(&f.http2, "http2", false, "accept HTTP/2 besides HTTP/1.1; without -tls: h2c with prior knowledge")
	set.Var(&f.names, "data-integration", "`name` of a data integration with -associations associations; may be repeated (default \"example\", unless there is a -file)")
	set.IntVar(&f.associations, "associations", 7, "number of associations of each -data-integration")
	set.Var(&f.files, "file", "`[name=]path` of a file with a JSON object on each line, as examples/list -json prints them; \"-\" is stdin; without a name "+
		"each association belongs to the data integration of its DataIntegrationArn; may be repeated")
	set.IntVar(&f.pageSize, "page-size", 25, "number of items on a page if the client does not ask for another one")
	set.Float64Var(&f.quota.PerSecond, "rate", 0, "requests for associations a second, beyond which clients are throttled; 0: no limit")
	set.IntVar(&f.quota.Burst, "burst", 1, "requests for associations at once within -rate")
	set.Float64Var(&f.listQuota.PerSecond, "list-rate", 0, "requests for the list of data integrations a second; 0: no limit")
	set.IntVar(&f.listQuota.Burst, "list-burst", 1, "requests for the list of data integrations at once within -list-rate")
	set.Var(&f.specs, "fault", "`fault` that a request meets, for example throttle,page=2,times=3; may be repeated: they are queued in this order; \"help\" lists all faults")
	set.IntVar(&f.everyN, "fault-every", 0, "each n-th request that matches a fault meets it, for ever unless the fault has times")
	if err := set.Parse(args); err != nil {
		if err == flag.ErrHelp {
			fmt.Fprint(w, usage)
			set.SetOutput(w)
			set.PrintDefaults()
		}
		return nil, err
	}
	if set.NArg() > 0 {
		return nil, fmt.Errorf("unknown argument %q: all arguments are flags, see -h", set.Arg(0))
	}
	given := map[string]bool{}
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	return f, f.check(given)
}

func (f *flags) check(given map[string]bool) error {
	for _, row := range []struct {
		wrong bool
		name  string
		value any
		must  string
	}{
		{f.associations < 0, "associations", f.associations, "be 0 or more"},
		{f.pageSize < 1 || f.pageSize > 50, "page-size", f.pageSize, "be between 1 and 50"},
		{badRate(f.quota.PerSecond), "rate", f.quota.PerSecond, "be a number of 0 or more"},
		{badRate(f.listQuota.PerSecond), "list-rate", f.listQuota.PerSecond, "be a number of 0 or more"},
		{f.quota.Burst < 1, "burst", f.quota.Burst, "be 1 or more"},
		{f.listQuota.Burst < 1, "list-burst", f.listQuota.Burst, "be 1 or more"},
		{given["burst"] && f.quota.PerSecond == 0, "burst", f.quota.Burst, "come with -rate"},
		{given["list-burst"] && f.listQuota.PerSecond == 0, "list-burst", f.listQuota.Burst, "come with -list-rate"},
		{given["fault-every"] && f.everyN < 1, "fault-every", f.everyN, "be 1 or more"},
		{given["fault-every"] && len(f.specs) == 0, "fault-every", f.everyN, "come with -fault"},
		{slices.Contains(f.names, ""), "data-integration", `""`, "be a name"},
	} {
		if row.wrong {
			return fmt.Errorf("-%s %v: it must %s", row.name, row.value, row.must)
		}
	}
	if len(f.names) == 0 && (len(f.files) == 0 || given["associations"]) {
		f.names = stringList{"example"}
	}
	for _, spec := range f.specs {
		if spec == "help" {
			f.help = true
			continue
		}
		fault, err := parseFault(spec, f.everyN)
		if err != nil {
			return fmt.Errorf("-fault %q: %w", spec, err)
		}
		f.faults = append(f.faults, fault)
	}
	return nil
}

func badRate(r float64) bool { return r < 0 || math.IsNaN(r) || math.IsInf(r, 0) }

func (f *flags) options(o *appintegrationstest.Options) {
	o.Addr, o.TLS, o.HTTP2, o.PageSize = f.addr, f.tls, f.http2, f.pageSize
	o.Quota, o.DataIntegrationsQuota = f.quota, f.listQuota
}

// protocols describes what the listener speaks.
func (f *flags) protocols() string {
	return map[[2]bool]string{
		{false, false}: "HTTP/1.1", {true, false}: "HTTP/1.1 with TLS",
		{false, true}: "HTTP/1.1 and h2c", {true, true}: "HTTP/1.1 and HTTP/2 with TLS",
	}[[2]bool{f.tls, f.http2}]
}
