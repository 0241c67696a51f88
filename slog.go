package appintegrations

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/logging"
)

// NewSlogLogger returns a Logger for [Options] that writes to l; nil: to
// slog.Default() as it is at each record. It is safe for concurrent use if the
// handler of l is.
//
// A [Client] writes these records to it, whatever Options.ClientLogMode is:
//   - "call succeeded" at level Debug and "call failed" at level Error, one for
//     each call;
//   - "attempt failed, retrying" at level Warn, one for each retry, before the
//     back-off.
//
// Their attributes have the names of OpenTelemetry where there is one:
// rpc.system, rpc.service, rpc.method, server.address, server.port,
// http.response.status_code, aws.request_id, error.type (the code of the
// service, else the [Class]). The others are data_integration, attempt (of a
// call: how many it made), duration, delay (of a retry: the back-off), waited (of
// a call: for turns and back-offs), class and error. An attribute that does not
// apply is left out. Handlers are given the context of the call.
//
// The events of Options.ClientLogMode are written as text, at level Debug;
// aws.LogRetries adds nothing to the records above. No record contains a secret.
// A record is not built if its level is not enabled.
//
// Any other Logger is given the events of Options.ClientLogMode alone, as text.
func NewSlogLogger(l *slog.Logger) logging.Logger { return &slogLogger{logger: l} }

type slogLogger struct {
	logger *slog.Logger    // nil: the default one
	ctx    context.Context // of the call; nil: not known
}

// WithContext returns a Logger that hands ctx to the handler. The SDK calls it.
func (s *slogLogger) WithContext(ctx context.Context) logging.Logger {
	return &slogLogger{logger: s.logger, ctx: ctx}
}

// Logf writes a text without attributes.
func (s *slogLogger) Logf(classification logging.Classification, format string, v ...any) {
	level := slog.LevelDebug
	if classification == logging.Warn {
		level = slog.LevelWarn
	}
	if ctx := s.context(s.ctx); s.enabled(ctx, level) {
		s.target().Log(ctx, level, fmt.Sprintf(format, v...))
	}
}

func (s *slogLogger) target() *slog.Logger {
	if s.logger == nil {
		return slog.Default()
	}
	return s.logger
}

func (s *slogLogger) context(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}

func (s *slogLogger) enabled(ctx context.Context, level slog.Level) bool {
	return s.target().Enabled(ctx, level)
}

// logCall writes that the call has ended. page is nil if it failed.
func (c *call) logCall(ctx context.Context, l *slogLogger, begun time.Time, page *ListDataIntegrationAssociationsOutput, err error) {
	level, message := slog.LevelDebug, "call succeeded"
	if err != nil {
		level, message = slog.LevelError, "call failed"
	}
	if ctx = l.context(ctx); !l.enabled(ctx, level) {
		return
	}
	s := c.end()
	attrs := append(s.attrs(), slog.Int("attempt", s.attempts), slog.Duration("duration", time.Since(begun)))
	if s.waited >= time.Millisecond {
		attrs = append(attrs, slog.Duration("waited", s.waited))
	}
	status, id := responseOf(err)
	if page != nil {
		status = 200 // nothing else is a page
		id, _ = awsmiddleware.GetRequestIDMetadata(page.ResultMetadata)
	}
	l.target().LogAttrs(ctx, level, message, append(attrs, outcomeAttrs(status, id, err)...)...)
}

// logRetry writes that another attempt follows: to a slog.Logger as a record, to
// any other as a text for aws.LogRetries.
func (c *call) logRetry(ctx context.Context, info AttemptInfo) {
	l, ok := c.options.Logger.(*slogLogger)
	switch {
	case ok && l.enabled(ctx, slog.LevelWarn):
		attrs := append(c.summary().attrs(), slog.Int("attempt", info.Attempt), slog.Duration("duration", info.Duration), slog.Duration("delay", info.Delay))
		l.target().LogAttrs(ctx, slog.LevelWarn, "attempt failed, retrying", append(attrs, outcomeAttrs(info.StatusCode, info.RequestID, info.Err)...)...)
	case !ok && c.options.ClientLogMode.IsRetries():
		c.options.Logger.Logf(logging.Debug, "retrying request %s/%s, attempt %d: %v", ServiceID, operationName, info.Attempt+1, info.Err)
	}
}

// logsRetries reports whether logRetry would write.
func (c *call) logsRetries(ctx context.Context) bool {
	if l, ok := c.options.Logger.(*slogLogger); ok {
		return l.enabled(ctx, slog.LevelWarn)
	}
	return c.options.ClientLogMode.IsRetries()
}

func (s summary) attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 16) // all that a record may have
	attrs = append(attrs,
		slog.String("rpc.system", "aws-api"), slog.String("rpc.service", ServiceID), slog.String("rpc.method", operationName),
		slog.String("data_integration", oneLine(s.identifier, maxIdentifierText)))
	if s.host == "" {
		return attrs
	}
	host, port, err := net.SplitHostPort(s.host)
	if err != nil { // there is no port
		return append(attrs, slog.String("server.address", oneLine(s.host, maxHostText)))
	}
	number, _ := strconv.Atoi(port) // it was checked with the endpoint
	return append(attrs, slog.String("server.address", oneLine(host, maxHostText)), slog.Int("server.port", number))
}

func outcomeAttrs(status int, requestID string, err error) (attrs []slog.Attr) {
	if status != 0 {
		attrs = append(attrs, slog.Int("http.response.status_code", status))
	}
	if requestID != "" {
		attrs = append(attrs, slog.String("aws.request_id", requestID))
	}
	if err == nil {
		return attrs
	}
	class := Classify(err)
	kind := codeOf(err)
	if kind == "" {
		kind = class.String()
	}
	return append(attrs, slog.String("error.type", kind), slog.String("class", class.String()), slog.String("error", oneLine(err.Error(), maxErrorText)))
}
