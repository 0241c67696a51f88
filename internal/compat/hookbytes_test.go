package compat

import (
	"testing"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"

	"github.com/aws/smithy-go/tracing"
)

// Ours sends the same bytes with hooks as without: the signature too, once the
// random id of the call is taken out and it is signed again.
func TestBytesWithHooks(t *testing.T) {
	hooks := [][]option{
		{apiOption(func(*middleware.Stack) error { return nil })},
		{interceptors(func(r *smithyhttp.InterceptorRegistry) { r.AddAfterAttempt(&watcher{}) })},
		{set("TracerProvider", struct{ tracing.NopTracerProvider }{}), set("MeterProvider", &meter{})},
	}
	const first = 1 << 20 // none of the scenarios of TestRequests
	requests, refused := 0, 0
	for from := uint64(first); from < first+hookedScenarios; from += batch {
		var all []*scenario
		for n := from; n < from+batch; n++ {
			all = append(all, generate(n))
		}
		plain := calls(t, ourPeer, all)
		for n, s := range all {
			s.hooks = hooks[n%len(hooks)]
		}
		for n, o := range calls(t, ourPeer, all) {
			if !sameBytes(t, all[n], plain[n], o) {
				t.Fatalf("scenario %d: %v\nplain: %.300v\nhooked: %.300v", from+uint64(n), all[n], plain[n].err, o.err)
			}
			requests += len(o.sent)
			if len(o.sent) == 0 {
				refused++
			}
		}
	}
	t.Logf("counted: %d calls without and with hooks: %d requests are equal, %d calls are refused", hookedScenarios, requests, refused)
	assert.Greater(t, requests, hookedScenarios/2, "the generator must not be refused all the time")
}

// sameBytes compares all attempts, and what came of the call.
func sameBytes(t *testing.T, s *scenario, plain, hooked outcome) bool {
	if !assert.Len(t, hooked.sent, len(plain.sent), "requests") || !assert.Equal(t, links(plain.err), links(hooked.err)) || !assert.Equal(t, plain.page == nil, hooked.page == nil) {
		return false
	}
	if plain.page != nil && !assert.Equal(t, plain.page.Items, hooked.page.Items) {
		return false
	}
	singleEscape := s.endpoint != nil && s.endpoint.singleEscape
	for i := range plain.sent {
		a, err := pinned(plain.sent[i], keys(s.sessionToken), singleEscape)
		if !assert.NoError(t, err, "plain") {
			return false
		}
		b, err := pinned(hooked.sent[i], keys(s.sessionToken), singleEscape)
		if !assert.NoError(t, err, "hooked") || !assert.Empty(t, unlike(a, b)) || !assert.Equal(t, a.Header.Get("User-Agent"), b.Header.Get("User-Agent")) {
			return false
		}
	}
	return true
}
