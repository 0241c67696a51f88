// Package compat holds the client against the official one,
// github.com/aws/aws-sdk-go-v2/service/appintegrations v1.37.11 on core v1.47.7:
// both get the same input, and what they send, return and refuse is compared.
// It has nothing but tests, and a go.mod of its own, so that the official client
// is no dependency of the module.
//
//	go test -v ./... | grep counted
//
// shows how much is compared. What is meant to differ is in one table,
// differences; the API that is left out on purpose is in another, leftOut. The
// hooks of the SDK have a table of their own, which
//
//	go test -v -run 'TestHooks$' ./...
//
// prints. The tracers that teams attach are in internal/hookcompat.
package compat
