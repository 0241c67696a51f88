package appintegrations

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-10600c52/appintegrations/internal/json"
)

// deserialize reads the body of the response to its end and makes a page or an
// error of it. So a body that is cut or mangled is an error of the attempt.
func (a *attempt) deserialize(err error) error {
	if err != nil {
		return err
	}
	if a.followedRedirect() {
		return &RedirectError{StatusCode: a.resp.StatusCode, RequestID: requestID(a.resp), Origin: origin(a.resp.Request.URL)}
	}
	if a.resp.StatusCode != http.StatusOK || errorType(a.resp.Header) != "" {
		return a.refusal()
	}
	buffer := a.buffer()
	defer a.buffers.Put(buffer)
	limit := a.options.maxPageBytes()
	body, err := readAll(a.ctx, (*buffer)[:0], a.resp.Body, limit)
	*buffer = keepable(body)
	if err != nil {
		return a.malformed("", "the body is cut off after "+strconv.Itoa(len(body))+" bytes", timedOut(a.ctx, err))
	}
	a.logResponse(body)
	if int64(len(body)) > limit {
		return a.malformed("", "the body is larger than MaxPageBytes, "+strconv.FormatInt(limit, 10)+" bytes", nil)
	}
	return a.decode(body)
}

// decode makes the page of a body that came whole. A body that has no member of
// a page, and the code or the message of an error, is that error, whatever its
// status says.
func (a *attempt) decode(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return a.malformed("", "the body is empty", nil)
	}
	page := &ListDataIntegrationAssociationsOutput{}
	d := pageDecoder{scanner: json.New(body), size: len(body)}
	if fault := d.decode(page); fault != nil {
		return a.malformed(fault.path, fault.reason, fault.err)
	}
	if !d.found {
		if e := errorBody(body); e.code != "" || e.kind != "" || e.anyMessage != "" {
			return a.apiError(body)
		}
	}
	if id := requestID(a.resp); id != "" && !a.stacked {
		awsmiddleware.SetRequestIDMetadata(&page.ResultMetadata, id)
	}
	a.page = page
	return nil
}

// refusal is the error of a response that is no page by its status or headers.
// The error is made of the first 64 KiB of the body; what goes wrong while
// reading them is ignored.
func (a *attempt) refusal() error {
	if a.resp.StatusCode/100 == 3 {
		a.logResponse(nil)
		return a.redirect()
	}
	body, _ := readAll(a.ctx, nil, io.LimitReader(a.resp.Body, maxErrorBody), maxErrorBody)
	a.logResponse(body)
	if a.resp.StatusCode/100 == 2 && errorType(a.resp.Header) == "" {
		return a.malformed("", "a page comes with status 200, not "+strconv.Itoa(a.resp.StatusCode), nil)
	}
	return a.apiError(body)
}

func (a *attempt) redirect() error {
	e := &RedirectError{StatusCode: a.resp.StatusCode, RequestID: requestID(a.resp)}
	location := a.resp.Header.Get("Location")
	if u, err := a.req.URL.Parse(location); err == nil && location != "" {
		e.Origin = origin(u)
	}
	return e
}

func (a *attempt) malformed(path, reason string, cause error) error {
	return &smithy.DeserializationError{
		Err: &MalformedResponseError{StatusCode: a.resp.StatusCode, RequestID: requestID(a.resp), Path: path, Reason: reason, Err: cause},
	}
}

// wrapError puts the error of a response into the official chain, with its
// status and request id. It is the only step that does.
func (a *attempt) wrapError(err error) error {
	if err == nil || a.resp == nil || a.resp.StatusCode == 0 {
		return err
	}
	return responseError(a.resp, requestID(a.resp), err)
}

func (a *attempt) closeBody(err error) error {
	if a.resp != nil && a.resp.Body != nil {
		a.resp.Body.Close()
	}
	return err
}

// requestID returns the request id of a response, cut to what fits in a line.
func requestID(resp *http.Response) string {
	for _, name := range [...]string{"X-Amzn-Requestid", "X-Amz-Requestid"} {
		if id := resp.Header.Get(name); id != "" {
			return oneLine(id, maxRequestIDText)
		}
	}
	return ""
}

// describe returns the metadata that the SDK's own steps make of a response.
func (a *attempt) describe() (metadata middleware.Metadata) {
	if a.resp == nil {
		return metadata
	}
	var handler middleware.DeserializeHandler = middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
		out.RawResponse = &smithyhttp.Response{Response: withoutSecrets(a.resp)}
		return out, metadata, nil
	})
	for _, m := range [...]middleware.DeserializeMiddleware{
		&awsmiddleware.RecordResponseTiming{DisableClockSkewCorrection: a.options.DisableClockSkewCorrection},
		&awsmiddleware.RequestIDRetriever{}, &awsmiddleware.AddRawResponse{},
	} {
		next := handler
		handler = middleware.DeserializeHandlerFunc(func(ctx context.Context, in middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
			return m.HandleDeserialize(ctx, in, next)
		})
	}
	_, metadata, _ = handler.HandleDeserialize(context.Background(), middleware.DeserializeInput{})
	return metadata
}

// errorType returns the X-Amzn-ErrorType of a response: the first that is not
// empty, since a proxy may add its own before it.
func errorType(header http.Header) string {
	for _, value := range header["X-Amzn-Errortype"] {
		if strings.TrimSpace(value) != "" {
			return value
		}
	}
	return ""
}

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

// bodyLimit is the most that anybody can read of a body.
func (o *Options) bodyLimit() int64 { return max(o.maxPageBytes(), maxErrorBody) }

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
