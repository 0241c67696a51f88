package compat

// Names of the rows that answers, retries and paging meet.
const (
	noPage            = "200 without a page"
	otherSuccess      = "success other than 200"
	errorShaped       = "error with a status of success"
	foreignObject     = "200 with an object that has no member of a page"
	mangledPage       = "mangled page"
	cutPage           = "page that the transport cuts off"
	endsEarly         = "JSON that ends early"
	trailingBytes     = "bytes after the page"
	memberTwice       = "known member twice"
	nullItem          = "null in the list"
	badToken          = "NextToken that is not well-formed"
	longPageToken     = "NextToken of more than 8 KiB in a page"
	deepNesting       = "more than 32 levels of nesting"
	largePage         = "page of more than 8 MiB or 65,536 items"
	redirect          = "redirect"
	codeOfStatus      = "error without a code"
	blankCode         = "blank code of an error"
	unreadableError   = "error whose body can not be decoded"
	moreRetries       = "408, 425 and 529"
	bareThrottle      = "429 without a code of a throttle"
	messageSpelling   = "message and Message in one body"
	boundedText       = "long or unprintable text of an error"
	longError         = "error body over 64 KiB"
	conflict          = "ConflictException of another operation"
	secretText        = "message that repeats a secret"
	longWait          = "Retry-After over 20 s"
	honouredWait      = "Retry-After and x-amz-retry-after"
	quickRetry        = "first back-off"
	smallBudget       = "retries in an outage"
	noResponse        = "transport failure"
	permanentFault    = "certificate that can not be verified"
	nothingAtAll      = "HTTP client that returns neither answer nor error"
	attemptTimeout    = "server that never answers"
	oneCancellation   = "context that is done"
	cancelCause       = "cause of a cancellation"
	lastError         = "back-off that is canceled"
	shortDeadline     = "deadline shorter than the back-off"
	nilContext        = "nil context"
	moreClockCodes    = "RequestExpired and RequestInTheFuture"
	clockLimits       = "clock off by more than a day, or told over http"
	rejectedSignature = "Date of an answer that rejects no signature"
	expiredKeys       = "credentials that have expired"
	endOfRetries      = "error of a Retryer"
	loop              = "tokens that come again with the same pages"
	staleTokens       = "tokens that come again a thousand times"
	emptyPages        = "a thousand empty pages"
	changedInput      = "input that changes between pages"
	nothingMocked     = "mock that returns neither page nor error"
)

const (
	silentLoss = "a list that ends early without an error is the worst that a lister can do"
	oddAnswer  = "whatever a server or a proxy answers without success is a smithy.APIError with its status and request id"
)

// answerDifferences are those of answers, retries and paging: part of
// differences.
var answerDifferences = []difference{
	{name: noPage, heldBy: "TestFaults", official: "a page of 0 items", ours: "retried, then an error", reason: silentLoss},
	{name: otherSuccess, heldBy: "TestFaults", official: "a page", ours: "retried, then an error", reason: "a page comes with 200; 202, 204 and 206 say that there is none, or a part. " + silentLoss},
	{name: errorShaped, heldBy: "TestFaults", official: "a page of 0 items", ours: "that error, retried", reason: silentLoss},
	{name: foreignObject, heldBy: "TestFaults", official: "a page of 0 items", ours: "retried, then an error", reason: silentLoss},
	{name: mangledPage, heldBy: "TestFaults", official: "1 attempt", ours: "retried", reason: "what mangled one answer need not mangle the next"},
	{name: cutPage, heldBy: "TestFaults", official: "1 attempt, or a page if the JSON is whole", ours: "retried", reason: "an answer that is not provably whole is retried"},
	{name: endsEarly, heldBy: "FuzzPage", official: "io.ErrUnexpectedEOF", ours: "the first fault that is met, which is io.ErrUnexpectedEOF unless the page is mangled before its end", reason: "a page is read once, from its start"},
	{name: trailingBytes, heldBy: "FuzzPage", official: "a page", ours: "retried, then an error", reason: "what comes after the page is of another answer, or the page was not whole"},
	{name: memberTwice, heldBy: "FuzzPage", official: "the last one", ours: "retried, then an error", reason: "items, or the token to more of them, would be lost"},
	{name: nullItem, heldBy: "FuzzPage", official: "an item without anything", ours: "retried, then an error", reason: "it would be an association that nobody can see"},
	{name: badToken, heldBy: "FuzzPage", official: "a token with U+FFFD in it", ours: "retried, then an error", reason: "a token goes back as it came, or not at all"},
	{name: longPageToken, heldBy: "FuzzPage", official: "a page", ours: "retried, then an error", reason: "the request for the next page could not contain it"},
	{name: deepNesting, heldBy: "FuzzPage", official: "10,000 levels", ours: "an error", reason: "memory is bounded"},
	{name: largePage, heldBy: "TestFaults", official: "as much as there is memory", ours: "an error", reason: "memory is bounded"},

	{name: redirect, heldBy: "FuzzError", official: "followed by a *http.Client, with the signature; else an error of no type", ours: "a *RedirectError", reason: "secrets stay with the server that the request was signed for"},
	{name: codeOfStatus, heldBy: "FuzzError", official: "UnknownError", ours: "the text of the status: ServiceUnavailable", reason: "the status is all that is known, and says more than nothing"},
	{name: blankCode, heldBy: "FuzzError", official: "\"\" or UnknownError, or with its spaces", ours: "the next place that has a code: header, code, __type, status", reason: oddAnswer},
	{name: unreadableError, heldBy: "FuzzError", official: "a *smithy.DeserializationError alone, the code in the header is lost", ours: "the error that header, body and status tell", reason: oddAnswer},
	{name: moreRetries, heldBy: "TestFaults", official: "1 attempt", ours: "retried", reason: "RFC 9110 and RFC 8470 ask for that, and 529 is a proxy's \"overloaded\""},
	{name: bareThrottle, heldBy: "FuzzError", official: "1 attempt, UnknownError", ours: "retried; a ThrottlingException where there is no code", reason: "it is a proxy or a firewall that throttles"},
	{name: boundedText, heldBy: "FuzzError", official: "copied whole", ours: "cut and escaped: 512 bytes of message, 64 of code, 128 of request id", reason: "the text of an error is one line of 1 KiB at most"},
	{name: longError, heldBy: "FuzzError", official: "read whole", ours: "64 KiB are read", reason: "memory is bounded"},
	{name: messageSpelling, heldBy: "FuzzError", official: "either, at random", ours: "the last", reason: "one answer to one body"},
	{name: conflict, heldBy: "FuzzError", official: "fault unknown", ours: "fault client", reason: "later official versions have a type for it, with that fault"},
	{name: secretText, heldBy: "FuzzError", official: "as it came", ours: "REDACTED", reason: "no secret is in the text of an error; the service quotes what it was sent"},

	{name: longWait, heldBy: "TestFaults", official: "ignored", ours: "final at once", reason: "no caller waits for so long, and an earlier attempt is in vain"},
	{name: honouredWait, heldBy: "TestWaits", official: "ignored", ours: "waited for", reason: "the service knows when it can be asked again"},
	{name: quickRetry, heldBy: "TestWaits", official: "up to 2 s", ours: "up to 50 ms", reason: "most faults hit one connection, not the service"},
	{name: smallBudget, heldBy: "TestOutage", official: "3 attempts a call for 50 calls", ours: "32 retries, and 1 more each 8 s", reason: "an outage is not met with three times the load"},
	{name: noResponse, heldBy: "TestFaults", official: "an *awshttp.ResponseError with status 0 around the *smithyhttp.RequestSendError", ours: "the *smithyhttp.RequestSendError", reason: "an *awshttp.ResponseError has the status and the request id of an answer, and there was none"},
	{name: permanentFault, heldBy: "TestFaults", official: "3 attempts", ours: "1 attempt", reason: "another attempt meets it again"},
	{name: nothingAtAll, heldBy: "TestFaults", official: "an UnknownError with status 0", ours: "a *smithyhttp.RequestSendError", reason: "there was no answer, so there is none to tell an error from"},
	{name: attemptTimeout, heldBy: "TestFaults", official: "hangs until the context is done", ours: "ends the attempt after 30 s, and retries", reason: "nothing waits without a limit"},

	{name: oneCancellation, heldBy: "TestFaults", official: "*aws.RequestCanceledError in a back-off alone; before it the context's error, in an attempt an *awshttp.ResponseError with status 0", ours: "*aws.RequestCanceledError everywhere", reason: "a cancellation has one type, wherever it comes"},
	{name: cancelCause, heldBy: "TestFaults", official: "lost", ours: "found by errors.Is", reason: "the caller said why"},
	{name: lastError, heldBy: "TestFaults", official: "the service's error is lost", ours: "found by errors.As", reason: "it says why there was a back-off"},
	{name: shortDeadline, heldBy: "TestFaults", official: "waited out, the service's error is lost", ours: "fails at once with both", reason: "the answer could only be lost"},
	{name: nilContext, heldBy: "TestFaults", official: "panics", ours: "an error", reason: "a library does not end a process"},

	{name: moreClockCodes, heldBy: "TestFaults", official: "final", ours: "signed again by the clock of the service", reason: "they too reject a signature for its time"},
	{name: clockLimits, heldBy: "TestFaults", official: "signed for any date", ours: "final", reason: "a signature for another day is worth stealing"},
	{name: rejectedSignature, heldBy: "TestFaults", official: "moves the clock, there and back", ours: "changes nothing", reason: "only a rejected signature shows that the clock is wrong"},
	{name: expiredKeys, heldBy: "TestFaults", official: "final", ours: "refreshed once, then retried if the keys are others", reason: "the provider may have better ones"},
	{name: endOfRetries, heldBy: "TestFaults", official: "one of the two errors is lost", ours: "the service's error and the Retryer's", reason: "the service's error stays visible"},

	{name: loop, heldBy: "TestPaging", official: "endless; with StopOnDuplicateToken a token of another page is", ours: "a *PaginationLoopError at the end of the third period", reason: "a pagination ends, and tells"},
	{name: staleTokens, heldBy: "TestPaging", official: "endless", ours: "a *PaginationLoopError", reason: "a pagination ends, and tells; mocks that give other items with one token are let go on for long"},
	{name: emptyPages, heldBy: "TestPaging", official: "endless", ours: "a *PaginationLoopError", reason: "a pagination ends, and tells"},
	{name: changedInput, heldBy: "TestPaging", official: "the next page is of the other data integration", ours: "the input is copied", reason: "no item is lost or given twice"},
	{name: nothingMocked, heldBy: "TestPaging", official: "panics", ours: "an error", reason: "a pagination ends, and tells"},
}
