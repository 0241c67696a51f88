package appintegrations

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	// A signature is good for 5 minutes on either side of the service's clock;
	// the official client leaves a minute of that to the network.
	clockTolerance = 4 * time.Minute
	// A Date further away says more about who wrote it than about this clock.
	maxClockOffset = 24 * time.Hour
)

// mend makes another attempt worthwhile after a refusal that waiting would not
// mend: a signature for the wrong time, credentials that have expired. It does
// each at most once a call, under any retryer, and the attempt counts.
func (c *call) mend(ctx context.Context, err error, exhausted bool) (bool, error) {
	var coded interface{ ErrorCode() string }
	if exhausted || !errors.As(err, &coded) {
		return false, nil
	}
	switch code := coded.ErrorCode(); {
	case isClockCode(code) && !c.clockMended:
		c.clockMended = true
		return c.moveClock(err), nil
	case isExpiredCode(code) && !c.keysMended:
		c.keysMended = true
		return c.refreshCredentials(ctx, err)
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

// moveClock sets the client's clock by the Date of a refusal, where that is off
// by enough to explain it. Only a server that TLS has named may move the clock:
// a signature for another day is worth stealing.
func (c *call) moveClock(err error) bool {
	var refused *awshttp.ResponseError
	if c.options.DisableClockSkewCorrection || !errors.As(err, &refused) || !c.secure {
		return false
	}
	header := refused.Response.Header
	date, dateErr := http.ParseTime(header.Get("Date"))
	if dateErr != nil || header.Get("Age") != "" { // Age: from a cache
		return false
	}
	offset := time.Until(date)
	if (offset-c.signedOffset).Abs() <= clockTolerance || offset.Abs() > maxClockOffset {
		return false
	}
	c.clockOffset.Store(int64(offset))
	return true
}

// refreshCredentials fetches other credentials than those that were refused as
// expired, whatever the cache thinks of them.
func (c *call) refreshCredentials(caller context.Context, refused error) (bool, error) {
	ctx, cancel := c.attemptContext(caller)
	defer cancel()
	fresh, err := refresh(ctx, c.provider(), c.creds, c.options.attemptTimeout())
	switch {
	case caller.Err() != nil:
		return false, canceled(caller, refused)
	case err != nil:
		return false, joined{refused, foreign("refresh credentials", timedOut(ctx, err))}
	}
	return !sameKeys(fresh, c.creds), nil
}

func sameKeys(a, b aws.Credentials) bool {
	return a.AccessKeyID == b.AccessKeyID && a.SecretAccessKey == b.SecretAccessKey && a.SessionToken == b.SessionToken
}
