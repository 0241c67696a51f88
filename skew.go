package appintegrations

import (
	"context"
	"errors"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	// A signature is good for 5 minutes on either side of the service's clock;
	// the official client leaves a minute of that to the network.
	clockTolerance = 4 * time.Minute
	// A Date further away says more about who wrote it than about this clock.
	maxClockOffset = 24 * time.Hour
)

// remedy corrects the clock, or refreshes the credentials, where that is why the
// service rejected the attempt. Then waiting would not help, and another attempt
// is made at once. It does each at most once a call, under any retryer, and the
// attempt counts.
func (c *call) remedy(ctx context.Context, a *attempt) (bool, error) {
	var coded interface{ ErrorCode() string }
	if !errors.As(a.err, &coded) {
		return false, nil
	}
	switch code := coded.ErrorCode(); {
	case isClockCode(code) && !c.clockSet:
		c.clockSet = true
		return a.signed().correctClock(a.err), nil
	case isExpiredCode(code) && !c.keysRefreshed:
		c.keysRefreshed = true
		return a.signed().refreshCredentials(ctx, a.err)
	}
	return false, nil
}

// isClockCode reports whether a code says that a signature was rejected, which
// a wrong clock may have caused.
func isClockCode(code string) bool {
	switch code {
	case "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
		"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture":
		return true
	}
	return false
}

func isExpiredCode(code string) bool {
	return code == "ExpiredTokenException" || code == "ExpiredToken"
}

// correctClock sets the client's clock by the Date of a response that rejects a
// signature, where that Date is off by enough to explain it. Only a server that
// TLS has named may set the clock: a signature for another day is worth
// stealing.
func (a *attempt) correctClock(err error) bool {
	var rejected *awshttp.ResponseError
	if a.options.DisableClockSkewCorrection || !errors.As(err, &rejected) || a.req.URL.Scheme != "https" {
		return false
	}
	header := rejected.Response.Header
	date, dateErr := http.ParseTime(header.Get("Date"))
	if dateErr != nil || header.Get("Age") != "" { // Age: from a cache
		return false
	}
	offset := time.Until(date)
	if (offset-a.offset).Abs() <= clockTolerance || offset.Abs() > maxClockOffset {
		return false
	}
	a.remote.clockOffset.Store(int64(offset))
	return true
}
