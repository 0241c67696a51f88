package main

import (
	"log"
	"net/http"
)

// logging logs each request with the status and the error code of its answer.
func logging(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := &statusWriter{ResponseWriter: w}
		h.ServeHTTP(l, r)
		log.Printf("%s %s %d %s", r.Method, r.RequestURI, l.status, w.Header().Get("X-Amzn-ErrorType"))
	})
}

// statusWriter keeps the status of an answer for the log.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
