package appintegrations

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A guardedBody is the body of a response within the bounds of its attempt: it
// ends at the attempt's time limit, gives no more bytes than a page may have,
// and closes what it holds once.
type guardedBody struct {
	ctx    context.Context
	body   io.ReadCloser
	left   int64
	direct bool   // the body ends with ctx by itself, or cannot block
	spare  []byte // what a Read that was given up may still write to
	closed int32  // 1: Close was called
}

func (b *guardedBody) Read(p []byte) (n int, err error) {
	if int64(len(p)) > b.left {
		p = p[:max(b.left, 0)]
	}
	if len(p) == 0 {
		return 0, io.EOF
	}
	if b.direct {
		n, err = b.body.Read(p)
	} else {
		n, err = b.readForeign(p)
	}
	b.left -= int64(n)
	if err != nil && b.ctx.Err() != nil { // the end may be that of Close
		if err == io.EOF {
			err = b.ctx.Err()
		}
		err = timedOut(b.ctx, err)
	}
	return n, err
}

// closeGrace is how long a Read may go on after its body was closed. Those that
// end by a Close do so at once; one that does not is left to itself.
const closeGrace = time.Second

// readForeign reads from a body that may know nothing of the context.
func (b *guardedBody) readForeign(p []byte) (int, error) {
	if len(b.spare) < len(p) {
		b.spare = make([]byte, len(p))
	}
	buf := b.spare[:len(p)]
	read := start(func() (int, error) { return b.body.Read(buf) })
	select {
	case o := <-read:
		n, err := o.result()
		return copy(p, buf[:n]), err
	case <-b.ctx.Done():
	}
	b.Close()
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case o := <-read:
		_, _ = o.result()
	case <-grace.C:
	}
	return 0, b.ctx.Err()
}

// Close closes the body, once. It waits for that no longer than the attempt
// lasts.
func (b *guardedBody) Close() error {
	switch {
	case !atomic.CompareAndSwapInt32(&b.closed, 0, 1):
	case b.direct:
		b.body.Close()
	default:
		await(b.ctx, func() (struct{}, error) { return struct{}{}, b.body.Close() })
	}
	return nil
}

// inMemory reports whether a body is bytes that are here, as those of stubs
// often are: to read and to close it cannot block.
func inMemory(body io.ReadCloser) bool {
	if body == http.NoBody {
		return true
	}
	v := reflect.ValueOf(body)
	if t := v.Type(); t != nopCloser && t != nopCloserWriterTo {
		return false
	}
	switch v.Field(0).Interface().(type) {
	case *strings.Reader, *bytes.Reader, *bytes.Buffer:
		return true
	}
	return false
}

var (
	nopCloser         = reflect.TypeOf(io.NopCloser(struct{ io.Reader }{}))
	nopCloserWriterTo = reflect.TypeOf(io.NopCloser(strings.NewReader("")))
)

const (
	firstRead    = 8 << 10   // room for a page of a dozen items
	keptCapacity = 256 << 10 // a buffer that one large page made is not kept
)

// A bufferPool lends buffers for bodies. It is safe for concurrent use.
type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) get() *[]byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

// put takes a buffer back, with the bytes that it has grown to.
func (p *bufferPool) put(b *[]byte, grown []byte) {
	if cap(grown) > keptCapacity {
		grown = nil
	}
	*b = grown[:0]
	p.pool.Put(b)
}

// grown returns buf with twice the room, or with firstRead more, but never for
// more than most bytes: append would round a large buffer up by megabytes.
func grown(buf []byte, most int64) []byte {
	more := int64(max(firstRead, len(buf)))
	if left := most - int64(len(buf)); left < more+firstRead {
		more = left
	}
	return append(make([]byte, 0, int64(len(buf))+more), buf...)
}

// readAll appends what r gives to buf, up to one byte beyond limit, which tells
// a body that is too large from one that just fits. It looks at ctx itself: the
// bodies of stubs and wrappers may not.
func readAll(ctx context.Context, buf []byte, r io.Reader, limit int64) ([]byte, error) {
	for idle := 0; idle < 100; idle++ {
		if len(buf) == cap(buf) {
			buf = grown(buf, limit+1)
		}
		room := buf[len(buf):cap(buf)]
		if left := limit + 1 - int64(len(buf)); int64(len(room)) > left {
			room = room[:left]
		}
		n, err := r.Read(room)
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF && ctx.Err() == nil: // a Close by the context may look like the end
			return buf, nil
		case err != nil || int64(len(buf)) > limit:
			return buf, err
		case ctx.Err() != nil:
			return buf, ctx.Err()
		case n > 0:
			idle = 0
		}
	}
	return buf, io.ErrNoProgress
}
