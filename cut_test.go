package appintegrations_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A cut is a way to end an answer too early.
type cut struct {
	name    string
	tls     bool
	offsets int                                   // 0 to offsets-1 are tried
	do      func(c *faultConn, n int)             // in HTTP/1
	h2      func(c *h2Conn, stream uint32, n int) // in HTTP/2
}

func sized(n int) string { return fmt.Sprintf(ok200+"Content-Length: %d\r\n\r\n", n) }

const chunkedHead = ok200 + "Transfer-Encoding: chunked\r\n\r\n"

// chunks writes s in chunks of 7 bytes, without a last one.
func chunks(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		n := min(len(s), 7)
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, s[:n])
		s = s[n:]
	}
	return b.String()
}

var zipped = sync.OnceValue(func() string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(whole))
	w.Close()
	return b.String()
})

const gzipHead = ok200 + "Content-Encoding: gzip\r\n"

func gzipSized(n int) string { return fmt.Sprintf(gzipHead+"Content-Length: %d\r\n\r\n", n) }

func cuts() []cut {
	head, chunked, z := sized(len(whole)), chunkedHead+chunks(whole)+"0\r\n\r\n", zipped()
	end := (*faultConn).hangUp
	after := func(text string, end func(*faultConn)) func(*faultConn, int) {
		return func(c *faultConn, n int) { c.say(text[:n]); end(c) }
	}
	body := func(head, text string, end func(*faultConn)) func(*faultConn, int) {
		return func(c *faultConn, n int) { c.say(head + text[:n]); end(c) }
	}
	return []cut{
		{"headers, FIN", false, len(head), after(head, end), nil},
		{"headers, reset", false, len(head), after(head, (*faultConn).reset), nil},
		{"body, FIN", false, len(whole), body(head, whole, end), nil},
		{"body, reset", false, len(whole), body(head, whole, (*faultConn).reset), nil},
		{"body, TLS, FIN", true, len(whole), body(head, whole, end), nil},
		{"body, TLS, reset", true, len(whole), body(head, whole, (*faultConn).reset), nil},
		{"chunked, FIN", false, len(chunked), after(chunked, end), nil},
		{"chunked, reset", false, len(chunked), after(chunked, (*faultConn).reset), nil},
		{"chunked, no last chunk", false, len(whole) + 1, func(c *faultConn, n int) { c.say(chunkedHead + chunks(whole[:n])); c.hangUp() }, nil},
		{"chunked, ended early", false, len(whole), func(c *faultConn, n int) { c.say(chunkedHead + chunks(whole[:n]) + "0\r\n\r\n") }, nil},
		{"chunk larger than said", false, len(whole), func(c *faultConn, n int) {
			c.say(fmt.Sprintf(chunkedHead+"%x\r\n%s\r\n0\r\n\r\n", n, whole))
			c.hangUp()
		}, nil},
		{"chunk smaller than said", false, len(whole), func(c *faultConn, n int) {
			c.say(fmt.Sprintf(chunkedHead+"%x\r\n%s\r\n0\r\n\r\n", 2*len(whole)-n, whole))
			c.hangUp()
		}, nil},
		{"Content-Length too small", false, len(whole), func(c *faultConn, n int) {
			c.say("HTTP/1.1 200 OK\r\nConnection: close\r\n" + sized(n)[len("HTTP/1.1 200 OK\r\n"):] + whole)
			c.hangUp()
		}, nil},
		{"Content-Length too large", false, 64, func(c *faultConn, n int) { c.say(sized(len(whole)+1+n) + whole); c.hangUp() }, nil},
		{"close-delimited", false, len(whole), body(ok200+"Connection: close\r\n\r\n", whole, end), nil},
		{"close-delimited, HTTP/1.0", false, len(whole), body("HTTP/1.0 200 OK\r\n\r\n", whole, end), nil},
		{"close-delimited, reset", false, len(whole) + 1, body("HTTP/1.0 200 OK\r\n\r\n", whole, (*faultConn).reset), nil},
		{"close-delimited, TLS not ended", true, len(whole), body("HTTP/1.0 200 OK\r\n\r\n", whole, end), nil},
		{"gzip, FIN", false, len(z), body(gzipSized(len(z)), z, end), nil},
		{"gzip truncated", false, len(z), func(c *faultConn, n int) { c.say(gzipSized(n) + z[:n]) }, nil},
		{"gzip truncated, chunked", false, len(z), func(c *faultConn, n int) {
			c.say(gzipHead + "Transfer-Encoding: chunked\r\n\r\n" + chunks(z[:n]) + "0\r\n\r\n")
		}, nil},
		{"gzip, no last chunk", false, len(z) + 1, func(c *faultConn, n int) {
			c.say(gzipHead + "Transfer-Encoding: chunked\r\n\r\n" + chunks(z[:n]))
			c.hangUp()
		}, nil},
		{"gzip, a bit of checksum or length flipped", false, 64, func(c *faultConn, n int) {
			b := []byte(z)
			b[len(b)-8+n/8] ^= 1 << (n % 8)
			c.say(gzipSized(len(b)) + string(b))
		}, nil},
		{"HTTP/2, RST_STREAM", true, len(whole) + 1, nil, func(c *h2Conn, stream uint32, n int) {
			c.headers(stream)
			c.frame(h2Data, 0, stream, []byte(whole[:n]))
			c.abort(stream)
		}},
		{"HTTP/2, RST_STREAM without error", true, len(whole) + 1, nil, func(c *h2Conn, stream uint32, n int) {
			c.headers(stream)
			c.frame(h2Data, 0, stream, []byte(whole[:n]))
			c.frame(h2Reset, 0, stream, []byte{0, 0, 0, 0})
		}},
		{"HTTP/2, GOAWAY and closed", true, len(whole) + 1, nil, func(c *h2Conn, stream uint32, n int) {
			c.headers(stream)
			c.frame(h2Data, 0, stream, []byte(whole[:n]))
			c.frame(h2GoAway, 0, 0, []byte{0, 0, 0, byte(stream), 0, 0, 0, 0})
			c.hangUp()
		}},
		{"HTTP/2, FIN", true, len(whole) + 1, nil, func(c *h2Conn, stream uint32, n int) {
			c.headers(stream)
			c.frame(h2Data, 0, stream, []byte(whole[:n]))
			c.hangUp()
		}},
		{"HTTP/2, reset", true, len(whole) + 1, nil, func(c *h2Conn, stream uint32, n int) {
			c.headers(stream)
			c.frame(h2Data, 0, stream, []byte(whole[:n]))
			c.reset()
		}},
		{"HTTP/2, ended early", true, len(whole), nil, func(c *h2Conn, stream uint32, n int) {
			c.headers(stream)
			c.frame(h2Data, h2EndStream, stream, []byte(whole[:n]))
		}},
	}
}

// cutStep is 1: every byte. A short run cuts at every seventh.
func cutStep() int { return few(1, 7) }

// TestCutAtEveryByte cuts an answer at every byte, in every way, and expects
// exactly one more request and identical items. The official client v1.37.11
// gives up at the first where the cut is a FIN, a chunk or HTTP/2, and takes a
// missing last chunk for the end.
func TestCutAtEveryByte(t *testing.T) {
	t.Parallel()
	var offsets, requests int64
	for _, k := range cuts() {
		bubble(t, k.name, func(t *testing.T) {
			s := &faultServer{}
			at := 0
			if k.tls {
				s.tls = serverTLS("http/1.1")
			}
			if k.h2 != nil {
				s.tls.NextProtos = []string{"h2"}
			}
			s.answer = func(c *faultConn, n int) {
				if n%2 == 1 {
					k.do(c, at)
					return
				}
				c.page(whole)
			}
			s.answerH2 = func(c *h2Conn, stream uint32, n int) {
				if n%2 == 1 {
					k.h2(c, stream, at)
					return
				}
				c.page(stream, whole)
			}
			client := s.start(t).client(t)
			calls := 0
			for at = 0; at < k.offsets; at += cutStep() {
				calls++
				if k.h2 == nil { // a cut before the first byte of a used connection is the transport's own affair
					client.CloseIdleConnections()
				}
				got, err := list(t, t.Context(), client)
				require.NoError(t, err, "cut at %d", at)
				require.Equal(t, wholeText(), got, "cut at %d", at)
				require.EqualValues(t, 2*calls, s.requests.Load(), "cut at %d", at)
			}
			t.Logf("%d offsets, %d requests", calls, s.requests.Load())
			offsets += int64(calls)
			requests += s.requests.Load()
		})
	}
	t.Run("loopback", func(t *testing.T) {
		for _, k := range cuts() {
			switch k.name {
			case "body, FIN", "body, reset", "body, TLS, FIN", "chunked, FIN", "chunked, reset", "HTTP/2, RST_STREAM":
				o, r := cutOnLoopback(t, k)
				t.Logf("%s: %d offsets, %d requests", k.name, o, r)
				offsets, requests = offsets+o, requests+r
			}
		}
	})
	t.Logf("in all %d cuts, %d requests, no item lost", offsets, requests)
}

// cutOnLoopback does the same over sockets: they may lose what was sent before
// a reset. The offset is in the identifier, and calls are made side by side.
func cutOnLoopback(t *testing.T, k cut) (offsets, requests int64) {
	var wg sync.WaitGroup
	var tried, made atomic.Int64
	next := func() int { return cutStep() * (int(tried.Add(1)) - 1) }
	for range 32 {
		wg.Go(func() {
			for at := next(); at < k.offsets; at = next() {
				s := &faultServer{
					answer: func(c *faultConn, n int) {
						if n == 1 {
							k.do(c, at)
							return
						}
						c.page(whole)
					},
					answerH2: func(c *h2Conn, stream uint32, n int) {
						if n == 1 {
							k.h2(c, stream, at)
							return
						}
						c.page(stream, whole)
					},
				}
				if k.tls {
					s.tls = serverTLS("http/1.1")
				}
				if k.h2 != nil {
					s.tls.NextProtos = []string{"h2"}
				}
				s.listen(t)
				client := s.client(t)
				got, err := list(t, t.Context(), client)
				assert.NoError(t, err, "%s at %d", k.name, at)
				assert.Equal(t, wholeText(), got, "%s at %d", k.name, at)
				assert.EqualValues(t, 2, s.requests.Load(), "%s at %d", k.name, at)
				made.Add(s.requests.Load())
				client.CloseIdleConnections()
				s.close()
			}
		})
	}
	wg.Wait()
	return (int64(k.offsets) + int64(cutStep()) - 1) / int64(cutStep()), made.Load()
}

// TestCutAlways has answers that are cut each time: three attempts, and an error
// that says so.
func TestCutAlways(t *testing.T) {
	for _, k := range cuts() {
		if k.h2 != nil || strings.HasPrefix(k.name, "headers") {
			continue
		}
		bubble(t, k.name, func(t *testing.T) {
			s := &faultServer{answer: func(c *faultConn, _ int) { k.do(c, k.offsets-1) }}
			if k.tls {
				s.tls = serverTLS("http/1.1")
			}
			client := s.start(t).client(t)
			_, err := list(t, t.Context(), client)
			assert.EqualValues(t, 3, s.requests.Load())
			e := assertMalformed(t, err, 200, 3)
			if k.name == "body, FIN" {
				assert.Equal(t, "r1", e.RequestID)
			}
		})
	}
	bubble(t, "close-delimited and whole", func(t *testing.T) {
		s := (&faultServer{answer: func(c *faultConn, _ int) { c.say("HTTP/1.0 200 OK\r\n\r\n" + whole); c.hangUp() }}).start(t)
		got, err := list(t, t.Context(), s.client(t))
		assert.NoError(t, err)
		assert.Equal(t, wholeText(), got)
		assert.EqualValues(t, 1, s.requests.Load())
	})
	bubble(t, "HTTP/2, refused and going away", func(t *testing.T) {
		s := &faultServer{tls: serverTLS("h2"), answerH2: func(c *h2Conn, stream uint32, n int) {
			switch n {
			case 1: // not processed: the transport itself sends it again
				c.frame(h2GoAway, 0, 0, make([]byte, 8))
			case 2:
				c.frame(h2Reset, 0, stream, []byte{0, 0, 0, 1})
			default:
				c.page(stream, whole)
			}
		}}
		got, err := list(t, t.Context(), s.start(t).client(t))
		assert.NoError(t, err)
		assert.Equal(t, wholeText(), got)
		assert.EqualValues(t, 3, s.requests.Load())
	})
}
