package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const asMain = "FAKESERVER_TEST_AS_MAIN"

// TestMain lets the test start itself as the program.
func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is the program while it runs.
type program struct {
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	env    map[string]string
}

func command(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMain+"=1", "TMPDIR="+t.TempDir())
	stderr := new(bytes.Buffer)
	cmd.Stderr = stderr
	return cmd, stderr
}

// start runs the program until it has printed n variables.
func start(t *testing.T, n int, stdin string, args ...string) *program {
	t.Helper()
	p := &program{env: map[string]string{}}
	p.cmd, p.stderr = command(t, args...)
	p.cmd.Stdin = strings.NewReader(stdin)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	for lines := bufio.NewScanner(stdout); len(p.env) < n && lines.Scan(); {
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		require.True(t, ok && strings.HasPrefix(lines.Text(), "export "), lines.Text())
		p.env[name] = strings.Trim(value, "'")
	}
	require.Len(t, p.env, n, p.stderr)
	return p
}

// stop ends the program, and returns what it wrote to stderr.
func (p *program) stop(t *testing.T, signal os.Signal) string {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(signal))
	require.NoError(t, p.cmd.Wait(), "exit status")
	return p.stderr.String()
}

func (p *program) client(optFns ...func(*appintegrations.Options)) *appintegrations.Client {
	return appintegrations.NewFromConfig(aws.Config{
		Region:       p.env["AWS_REGION"],
		BaseEndpoint: aws.String(p.env["AWS_ENDPOINT_URL_APPINTEGRATIONS"]),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: p.env["AWS_ACCESS_KEY_ID"], SecretAccessKey: p.env["AWS_SECRET_ACCESS_KEY"]}, nil
		}),
	}, optFns...)
}

func list(t *testing.T, client *appintegrations.Client, identifier string) (all []appintegrations.DataIntegrationAssociationSummary, err error) {
	for a, err := range client.Associations(t.Context(), &appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: &identifier}) {
		if err != nil {
			return all, err
		}
		all = append(all, a)
	}
	return all, nil
}

func TestFakeserver(t *testing.T) {
	for _, test := range []struct {
		args []string
		want int
		says string // the start line
	}{
		{nil, 7, `^fakeserver: listening on http://127\.0\.0\.1:\d+ \(HTTP/1\.1\); data integrations: example \(associations: 7, arn:aws:app-integrations:us-east-1:111122223333:data-integration/[0-9a-f-]{36}\); stop it with Ctrl-C or kill \d+\n`},
		{[]string{"-associations", "120", "-page-size", "50"}, 120, `: example \(associations: 120, arn:`},
		{[]string{"-associations", "0"}, 0, `: example \(associations: 0, arn:`},
		{[]string{"-data-integration", "crm", "-data-integration", "example", "-associations", "3"}, 3, `: crm \(associations: 3, arn:[^)]*\), example \(associations: 3, arn:[^)]*\); stop`},
	} {
		p := start(t, 6, "", test.args...)
		all, err := list(t, p.client(), "example")
		require.NoError(t, err)
		assert.Len(t, all, test.want)
		stderr := p.stop(t, syscall.SIGINT)
		assert.Regexp(t, test.says, stderr)
		assert.Regexp(t, `HTTP/1\.1 GET /dataIntegrations/example/associations page 1: 200, request id [0-9a-f-]{36}\n`, stderr)
		assert.NotContains(t, stderr, "nextToken")
	}
}

func TestRate(t *testing.T) {
	p := start(t, 6, "", "-rate", "0.001", "-burst", "2", "-associations", "120")
	_, err := list(t, p.client(func(o *appintegrations.Options) { o.Retryer = aws.NopRetryer{} }), "example")
	var throttled *appintegrations.ThrottlingException
	assert.ErrorAs(t, err, &throttled)
	assert.Contains(t, p.stop(t, syscall.SIGTERM), " page 3: 429 ThrottlingException, request id ")
}

// TestFaultsInOrder has two faults queued, of which the second is for page 2.
func TestFaultsInOrder(t *testing.T) {
	p := start(t, 6, "", "-associations", "60", "-fault", "proxy-page=502", "-fault", "cut-body=20,page=2,times=2", "-fault", "denied,for=other")
	client := p.client(func(o *appintegrations.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
	})
	all, err := list(t, client, "example")
	require.NoError(t, err)
	assert.Len(t, all, 60)
	stderr := p.stop(t, syscall.SIGINT)
	for text, times := range map[string]int{
		" page 1: 502, fault: HTML of a proxy (502), request id ": 1, " page 2: 200, fault: body cut at 20 by close, request id ": 2, "fault": 3, " page ": 6,
	} {
		assert.Equal(t, times, strings.Count(stderr, text), "%s in\n%s", text, stderr)
	}
}

func TestFaultEvery(t *testing.T) {
	p := start(t, 6, "", "-associations", "50", "-page-size", "5", "-fault", "gateway-timeout", "-fault-every", "4")
	all, err := list(t, p.client(), "example")
	require.NoError(t, err)
	assert.Len(t, all, 50)
	stderr := p.stop(t, syscall.SIGINT)
	assert.Equal(t, 13, strings.Count(stderr, " page "), "10 pages and 3 faults:\n%s", stderr)
	assert.Equal(t, 3, strings.Count(stderr, "fault: API Gateway: timeout (504)"))
}

// TestTLS lists over HTTP/2, and finds no file left.
func TestTLS(t *testing.T) {
	p := start(t, 8, "", "-tls", "-http2")
	name := p.env["AWS_CA_BUNDLE"]
	assert.Equal(t, name, p.env["NODE_EXTRA_CA_CERTS"])
	pem, err := os.ReadFile(name)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	client := p.client(func(o *appintegrations.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.TLSClientConfig.RootCAs = roots })
	})
	all, err := list(t, client, "example")
	require.NoError(t, err)
	assert.Len(t, all, 7)
	stderr := p.stop(t, syscall.SIGINT)
	assert.Contains(t, stderr, "HTTP/2.0 GET ")
	assert.Contains(t, stderr, "(HTTP/1.1 and HTTP/2 with TLS)")
	assert.NoFileExists(t, name)
}

// TestFile gives the program what examples/list -json prints, of two data
// integrations, and lists it again.
func TestFile(t *testing.T) {
	const arn = "arn:aws:app-integrations:eu-west-1:123456789012:data-integration/"
	want := []appintegrations.DataIntegrationAssociationSummary{
		{ClientId: aws.String("a"), DataIntegrationArn: aws.String(arn + "1"), LastExecutionStatus: &appintegrations.LastExecutionStatus{ExecutionStatus: "FAILED", StatusMessage: aws.String("<no>\n")}},
		{ClientId: aws.String("b"), DataIntegrationArn: aws.String(arn + "1"), ExecutionConfiguration: &appintegrations.ExecutionConfiguration{
			ExecutionMode: "SCHEDULED", ScheduleConfiguration: &appintegrations.ScheduleConfiguration{Object: aws.String("Article")},
			OnDemandConfiguration: &appintegrations.OnDemandConfiguration{StartTime: aws.String("1790000000000")},
		}},
		{ClientId: aws.String("c"), DataIntegrationArn: aws.String(arn + "2"), DestinationURI: aws.String("s3://b/k"), DataIntegrationAssociationArn: aws.String(arn + "2/a")},
	}
	var text strings.Builder
	for _, a := range want {
		require.NoError(t, json.NewEncoder(&text).Encode(a))
	}
	named := filepath.Join(t.TempDir(), "named.jsonl")
	require.NoError(t, os.WriteFile(named, []byte("\n{\"ClientId\":\"d\"}\r\n  \n"), 0o600))

	p := start(t, 6, text.String(), "-file", "-", "-file", "crm="+named)
	for identifier, want := range map[string][]appintegrations.DataIntegrationAssociationSummary{
		arn + "1": want[:2], "1": want[:2], arn + "2": want[2:], "crm": {{ClientId: aws.String("d")}},
	} {
		all, err := list(t, p.client(), identifier)
		require.NoError(t, err, identifier)
		assert.Equal(t, want, all, identifier)
	}
	assert.Contains(t, p.stop(t, syscall.SIGINT), ": 1 (associations: 2, "+arn+"1), 2 (associations: 1, "+arn+"2), crm (associations: 1, arn:aws:app-integrations:us-east-1:111122223333:data-integration/")
}

// TestRefused has what ends the program at once: with status 2 and one line that
// names the flag and its value.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for want, args := range map[string][]string{
		`-associations -5: it must be 0 or more`:                          {"-associations", "-5"},
		`-rate -5: it must be a number of 0 or more`:                      {"-rate", "-5"},
		`-rate NaN: it must be a number of 0 or more`:                     {"-rate", "NaN"},
		`-list-rate +Inf: it must be a number of 0 or more`:               {"-list-rate", "inf"},
		`-burst 0: it must be 1 or more`:                                  {"-rate", "1", "-burst", "0"},
		`-burst 2: it must come with -rate`:                               {"-burst", "2"},
		`-list-burst 2: it must come with -list-rate`:                     {"-list-burst", "2"},
		`-page-size 51: it must be between 1 and 50`:                      {"-page-size", "51"},
		`-fault-every 0: it must be 1 or more`:                            {"-fault-every", "0", "-fault", "close"},
		`-fault-every 3: it must come with -fault`:                        {"-fault-every", "3"},
		`-data-integration "": it must be a name`:                         {"-data-integration", ""},
		`unknown argument "more"`:                                         {"-rate", "1", "more"},
		`flag provided but not defined: -rat`:                             {"-rat", "1"},
		`invalid value "x" for flag -associations`:                        {"-associations", "x"},
		`-fault "thrott": there is no fault "thrott"; see -fault help`:    {"-fault", "thrott"},
		`-fault "": there is no fault ""; see -fault help`:                {"-fault", ""},
		`-fault "close=3": close has no value`:                            {"-fault", "close=3"},
		`-fault "stall=": it needs a value: stall[=DURATION]`:             {"-fault", "stall="},
		`-fault "cut-body": it needs a value: cut-body=BYTES`:             {"-fault", "cut-body"},
		`-fault "status=99": "99" must be a number between 200 and 599`:   {"-fault", "status=99"},
		`-fault "cut-body=-1": "-1" must be a number between 0 and`:       {"-fault", "cut-body=-1"},
		`-fault "stall=5": "5" must be a duration such as 1.5s or 2m`:     {"-fault", "stall=5"},
		`-fault "stall=-5s": the duration -5s must not be negative`:       {"-fault", "stall=-5s"},
		`-fault "close,page=0": "0" must be a number between 1 and`:       {"-fault", "close,page=0"},
		`-fault "close,page": "page" is not of the form key=value`:        {"-fault", "close,page"},
		`-fault "close,page=": the key "page" has no value`:               {"-fault", "close,page="},
		`-fault "close,page=1,page=2": the key "page" is there twice`:     {"-fault", "close,page=1,page=2"},
		`-fault "close,times=never": "never" must be a number between 1`:  {"-fault", "close,times=never"},
		`-fault "close,on=all": on=all: it must be list`:                  {"-fault", "close,on=all"},
		`-fault "close,body=x": close has no key "body"; see -fault help`: {"-fault", "close,body=x"},
		`-file none: open none: no such file`:                             {"-file", "none"},
		`: there is no association in it`:                                 {"-file", file("empty", "\n")},
		`: line 2: the association has no DataIntegrationArn`:             {"-file", file("no-arn", "{\"DataIntegrationArn\":\"a\"}\n{}")},
		`: line 2: the association is of b, earlier ones are of a`:        {"-file", "x=" + file("two", "{\"DataIntegrationArn\":\"a\"}\n{\"DataIntegrationArn\":\"b\"}")},
		`: line 1: "[" is not a JSON object on a line of its own`:         {"-file", file("array", "[\n{}]")},
		`: line 1: not an association: json: unknown field "Client"`:      {"-file", file("member", "{\"Client\":\"a\"}")},
		`: line 1: there is more than one JSON object on the line`:        {"-file", file("double", "{\"DataIntegrationArn\":\"a\"}{}")},
		`: line 1: not an association: unexpected EOF`:                    {"-file", file("open", "{\"DataIntegrationArn\":")},
	} {
		cmd, stderr := command(t, args...)
		err := cmd.Run()
		require.Error(t, err, args)
		assert.Equal(t, 2, cmd.ProcessState.ExitCode(), "%s: %s", args, stderr)
		assert.Contains(t, stderr.String(), want)
		assert.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr)
		assert.True(t, strings.HasPrefix(stderr.String(), "fakeserver: "), stderr)
	}
	cmd, stderr := command(t, "-addr", "127.0.0.1:99999")
	require.Error(t, cmd.Run())
	assert.Equal(t, 1, cmd.ProcessState.ExitCode())
	assert.Contains(t, stderr.String(), "99999")
}

func TestHelp(t *testing.T) {
	cmd, stderr := command(t, "-h")
	require.NoError(t, cmd.Run())
	assert.Contains(t, stderr.String(), "-fault-every")
	cmd, stderr = command(t, "-fault", "help")
	stdout, err := cmd.Output()
	require.NoError(t, err)
	assert.Empty(t, stderr.String())
	for _, kind := range faultKinds {
		assert.Contains(t, string(stdout), "  "+kind.form+" ")
	}
}

// TestFaultKinds parses each fault as its form says, and all keys with it.
func TestFaultKinds(t *testing.T) {
	example := strings.NewReplacer("[", "", "]", "", "DURATION", "1500ms", "BYTES", "7", "STATUS", "301", "PAGES", "4", "CODE", "Odd", "LOCATION", "https://example.com/?a=b", "TEXT", "busy")
	names := map[string]bool{}
	for _, kind := range faultKinds {
		value, keys, more := strings.Cut(example.Replace(kind.form), ",")
		if more {
			keys = "," + keys
		}
		f, err := parseFault(value+",page=3,times=2,for=crm,on=list"+keys, 0)
		require.NoError(t, err, kind.form)
		assert.NotEqual(t, "custom", f.String())
		assert.False(t, names[f.String()], "%s is there twice", f)
		names[f.String()] = true
		assert.Equal(t, []any{3, 2, "crm", true, 0}, []any{f.Page, f.Times, f.Identifier, f.DataIntegrations, f.Nth}, kind.form)

		every, err := parseFault(value+keys, 10)
		require.NoError(t, err)
		assert.Equal(t, []int{-1, 10}, []int{every.Times, every.Nth}, kind.form)
	}
	for text, want := range map[string]string{
		"throttle": "throttle", "throttle=2s": "throttle with Retry-After 2s", "stall": "stall without end", "stall=2s": "stall of 2s",
		"redirect=/x": "redirect (307) to /x", "redirect=/x,status=301": "redirect (301) to /x", "stall-body=3": "stall without end at byte 3",
		"drip=2": "drip of 2 bytes every 1s", "clock-skew=-1h": "clock skew of -1h0m0s", "error=ThrottlingException,message=a, b": "ThrottlingException (429)",
	} {
		f, err := parseFault(text, 0)
		require.NoError(t, err, text)
		assert.Equal(t, want, f.String(), text)
	}
	always, err := parseFault("close,times=always", 0)
	require.NoError(t, err)
	assert.Equal(t, -1, always.Times)
	twice, err := parseFault("close,times=2", 10)
	require.NoError(t, err)
	assert.Equal(t, []int{2, 10}, []int{twice.Times, twice.Nth})
}
