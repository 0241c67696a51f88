package appintegrations_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// records keeps what a slog.Handler is given. It is safe for concurrent use.
type records struct {
	level slog.Level

	mu   sync.Mutex
	list []slog.Record
	ctx  []context.Context
}

func (r *records) Enabled(_ context.Context, level slog.Level) bool { return level >= r.level }
func (r *records) WithAttrs([]slog.Attr) slog.Handler               { return r }
func (r *records) WithGroup(string) slog.Handler                    { return r }
func (r *records) Handle(ctx context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list, r.ctx = append(r.list, record), append(r.ctx, ctx)
	return nil
}

// lines are the level, the message and the names of the attributes of each
// record.
func (r *records) lines() (lines []string) {
	for _, record := range r.list {
		names := []string{}
		record.Attrs(func(a slog.Attr) bool { names = append(names, a.Key); return true })
		lines = append(lines, fmt.Sprintf("%v %s: %s", record.Level, record.Message, strings.Join(names, " ")))
	}
	return lines
}

func attrsOf(record slog.Record) map[string]slog.Value {
	attrs := map[string]slog.Value{}
	record.Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value; return true })
	return attrs
}

func withSlog(r *records) func(*appintegrations.Options) {
	return func(o *appintegrations.Options) { o.Logger = appintegrations.NewSlogLogger(slog.New(r)) }
}

const (
	callAttrs  = "rpc.system rpc.service rpc.method data_integration server.address attempt duration"
	answerAttr = " http.response.status_code aws.request_id"
	errorAttrs = " error.type class error"
)

func TestSlogRecords(t *testing.T) {
	throttle, page := typed(429, "ThrottlingException", "Rate exceeded"), reply(200, "{}")
	succeeded := "DEBUG call succeeded: " + callAttrs + answerAttr
	failed := "ERROR call failed: " + callAttrs + answerAttr + errorAttrs
	retrying := "WARN attempt failed, retrying: " + callAttrs + " delay" + answerAttr + errorAttrs
	waited := strings.NewReplacer(" duration", " duration waited")
	for _, row := range []struct {
		name    string
		answers []doFunc
		options []func(*appintegrations.Options)
		want    []string
	}{
		{"a page", []doFunc{page}, nil, []string{succeeded}},
		{"a retry", []doFunc{throttle, page}, nil, []string{retrying, waited.Replace(succeeded)}},
		{"a failure", []doFunc{typed(404, "ResourceNotFoundException", "no")}, nil, []string{failed}},
		{"a failure after retries", []doFunc{throttle}, nil, []string{retrying, retrying, waited.Replace(failed)}},
		{"no response", []doFunc{breaks(errShutdown)}, []func(*appintegrations.Options){once}, []string{"ERROR call failed: " + callAttrs + errorAttrs}},
		{"a configuration", []doFunc{page}, []func(*appintegrations.Options){func(o *appintegrations.Options) { o.Region = "a b" }}, []string{"ERROR call failed: rpc.system rpc.service rpc.method data_integration attempt duration" + errorAttrs}},
		{"LogRetries writes nothing twice", []doFunc{throttle, page}, []func(*appintegrations.Options){func(o *appintegrations.Options) { o.ClientLogMode = aws.LogRetries }}, []string{retrying, waited.Replace(succeeded)}},
		{"LogRequest as text", []doFunc{page}, []func(*appintegrations.Options){func(o *appintegrations.Options) { o.ClientLogMode = aws.LogRequest }}, []string{"DEBUG " + "Request\n", succeeded}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				type key struct{}
				r := &records{level: slog.LevelDebug}
				ctx := context.WithValue(t.Context(), key{}, "trace")
				_, _ = scripted(row.answers...).client(append(row.options, withSlog(r))...).ListDataIntegrationAssociations(ctx, input("example"))
				got := r.lines()
				require.Len(t, got, len(row.want), "%q", got)
				for i, want := range row.want {
					assert.True(t, strings.HasPrefix(got[i], want), "%q; want %q", got[i], want)
					assert.Equal(t, "trace", r.ctx[i].Value(key{}), "the context is handed on")
				}
			})
		})
	}
}

func TestSlogAttributes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &records{level: slog.LevelDebug}
		client := scripted(reply(503, "", "Retry-After", "2"), reply(200, "{}")).client(withSlog(r), func(o *appintegrations.Options) { o.BaseEndpoint = aws.String("http://localhost:4566") })
		_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		require.NoError(t, err)
		got := attrsOf(r.list[0])
		for name, want := range map[string]any{
			"rpc.system": "aws-api", "rpc.service": "AppIntegrations", "rpc.method": "ListDataIntegrationAssociations", "data_integration": "example",
			"server.address": "localhost", "server.port": int64(4566), "attempt": int64(1), "delay": 2 * time.Second, "http.response.status_code": int64(503),
			"aws.request_id": "request-1", "error.type": "ServiceUnavailable", "class": "unavailable",
		} {
			assert.Equal(t, want, got[name].Any(), name)
		}
		got = attrsOf(r.list[1])
		assert.Equal(t, int64(2), got["attempt"].Any())
		assert.Equal(t, 2*time.Second, got["duration"].Any())
		assert.Equal(t, 2*time.Second, got["waited"].Any())
		assert.Equal(t, int64(200), got["http.response.status_code"].Any())
	})
}

// TestSlogNil writes to the default logger, as it is at the time.
func TestSlogNil(t *testing.T) {
	client := scripted(reply(404, "")).client(func(o *appintegrations.Options) { o.Logger = appintegrations.NewSlogLogger(nil) })
	before := slog.Default()
	defer slog.SetDefault(before)
	var b bytes.Buffer
	slog.SetDefault(slog.New(slog.NewJSONHandler(&b, nil)))
	_, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
	require.Error(t, err)
	var record map[string]any
	require.NoError(t, json.Unmarshal(b.Bytes(), &record))
	assert.Equal(t, err.Error(), record["error"])
}

// TestSlogOnce writes one record for each of many calls at once.
func TestSlogOnce(t *testing.T) {
	r := &records{level: slog.LevelDebug}
	client := stubClient("{}", withSlog(r))
	var calls sync.WaitGroup
	for range 64 {
		calls.Go(func() { _, _ = client.ListDataIntegrationAssociations(t.Context(), input("example")) })
	}
	calls.Wait()
	assert.Len(t, r.list, 64)
}

// TestAnotherLoggerGetsText by ClientLogMode alone.
func TestAnotherLoggerGetsText(t *testing.T) {
	for _, row := range []struct {
		mode  aws.ClientLogMode
		lines int
	}{{0, 0}, {aws.LogRetries, 1}, {aws.LogRequest, 2}, {aws.LogResponse, 2}, {aws.LogSigning, 2}, {aws.LogRetries | aws.LogResponseWithBody, 3}} {
		synctest.Test(t, func(t *testing.T) {
			lines := 0
			_, err := scripted(typed(429, "ThrottlingException", "no"), reply(200, "{}")).client(func(o *appintegrations.Options) {
				o.ClientLogMode = row.mode
				o.Logger = logging.LoggerFunc(func(logging.Classification, string, ...any) { lines++ })
			}).ListDataIntegrationAssociations(t.Context(), input("example"))
			require.NoError(t, err)
			assert.Equal(t, row.lines, lines, "%d", row.mode)
		})
	}
}
