package appintegrations

import (
	"context"
	"io"
	"math"
)

const (
	firstRead    = 8 << 10   // room for a page of a dozen items
	keptCapacity = 256 << 10 // a buffer that one large page made is not kept
)

func (c *core) buffer() *[]byte {
	if b, ok := c.buffers.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

func keepable(b []byte) []byte {
	if cap(b) > keptCapacity {
		return nil
	}
	return b[:0]
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
	limit = min(limit, math.MaxInt64-1)
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
		case err == io.EOF && ctx.Err() == nil: // else the end may be that of Close
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
