package compat

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/stretchr/testify/assert"
)

// Both clients make as many attempts at any status from 400 to 599, bare or with
// a code, and at any code of a throttle, and end with the same error, but for the
// rows of differences.
func TestStatuses(t *testing.T) {
	type meet struct {
		errorSeed
		names []string
	}
	var all []meet
	for status := 400; status < 600; status++ {
		for _, s := range []errorSeed{
			{status, "", ``}, {status, "", `{"message":"m"}`}, {status, "", `<html>`},
			{status, "OtherException", `{"message":"m"}`}, {status, "", `{"__type":"InvalidRequestException"}`}, {status, "ThrottlingException", `{}`}, {status, "RequestTimeout", ``},
		} {
			all = append(all, meet{s, append(errorDifferences(status, s.header, []byte(s.body)), retriedHere(s)...)})
		}
	}
	for _, code := range slices.Sorted(maps.Keys(retry.DefaultThrottleErrorCodes)) {
		all = append(all, meet{errorSeed: errorSeed{400, code, `{"message":"m"}`}}, meet{errorSeed: errorSeed{503, "", `{"code":"` + code + `"}`}})
	}
	same := 0
	for _, m := range all {
		var did [2]string
		for i, p := range peers {
			synctest.Test(t, func(t *testing.T) {
				did[i] = verdict(run(t, p, errorAnswer(m.status, m.header, []byte(m.body)), nil, nil))
			})
		}
		what := fmt.Sprint(m.errorSeed, m.names)
		if slices.Contains(m.names, moreRetries) || slices.Contains(m.names, bareThrottle) {
			did[0] = strings.Replace(did[0], "1 requests:", "3 requests: max(3)", 1)
			m.names = slices.DeleteFunc(m.names, func(name string) bool { return name == moreRetries })
		}
		if len(m.names) == 0 {
			assert.Equal(t, did[0], did[1], what)
			same++
			continue
		}
		start, _, _ := strings.Cut(did[0], fmt.Sprint(m.status))
		start = strings.Replace(start, "undecoded ", "", 1)
		assert.True(t, strings.HasPrefix(did[1], start+fmt.Sprint(m.status)), "%s: %s: %s", what, did[0], did[1])
	}
	t.Logf("counted: %d errors: %d with the same outcome, %d with another code for the same status", len(all), same, len(all)-same)
}

// retriedHere is the row of a status that official does not retry: where the code
// is no reason either.
func retriedHere(s errorSeed) []string {
	if s.header == "ThrottlingException" || s.header == "RequestTimeout" {
		return nil
	}
	switch s.status {
	case 408, 425, 529:
		return []string{moreRetries}
	case 429:
		return []string{bareThrottle}
	}
	return nil
}
