package appintegrations_test

import (
	"bytes"
	"errors"
	"net/http"
	"reflect"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// into reads a JSON object into a struct of strings, pointers to strings and
// pointers to structs, whose fields have the names of the members.
func into(v, target any) bool {
	object, ok := v.(jsonObject)
	if !ok {
		return false
	}
	fields := reflect.ValueOf(target).Elem()
	names := []string{}
	for i := range fields.NumField() {
		names = append(names, fields.Type().Field(i).Name)
	}
	members, ok := object.only(names...)
	if !ok {
		return false
	}
	for name, value := range members {
		if value == nil {
			continue
		}
		field := fields.FieldByName(name)
		if field.Kind() == reflect.Pointer {
			field.Set(reflect.New(field.Type().Elem()))
			field = field.Elem()
		}
		if field.Kind() == reflect.Struct {
			if !into(value, field.Addr().Interface()) {
				return false
			}
			continue
		}
		s, ok := value.(string)
		if !ok {
			return false
		}
		field.SetString(s)
	}
	return true
}

// FuzzErrorDecode answers with any status, code in the header, and body. The
// error is one of the API where the status is no success, on one line, with a
// code and the status.
func FuzzErrorDecode(f *testing.F) {
	require.Greater(f, len(errorRows), 40)
	for _, row := range errorRows {
		f.Add(row.status, row.header, []byte(row.body))
	}
	f.Add(-1, ugly[:100], []byte(ugly[:1000]))
	f.Add(500, "#:#", []byte(`{"code":"\u0000","message":"\ud800"}`))
	f.Add(400, "", []byte(`{"code":"X","code":"`+"\xff"))
	var answer func(*http.Request) *http.Response
	client := anonymousStub(func(r *http.Request) *http.Response { return answer(r) })
	f.Fuzz(func(t *testing.T, status int, code string, body []byte) {
		answer = func(r *http.Request) *http.Response {
			resp := replied(r, status, bytes.NewReader(body))
			if code != "" {
				resp.Header["X-Amzn-Errortype"] = []string{code}
			}
			return resp
		}
		out, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
		if err == nil {
			require.Equal(t, 200, status)
			require.Empty(t, code)
			require.NotNil(t, out)
			return
		}
		checkText(t, err, "request-1")
		var answered *awshttp.ResponseError
		require.ErrorAs(t, err, &answered)
		require.Equal(t, status, answered.HTTPStatusCode())
		require.Equal(t, "request-1", answered.RequestID)
		var api smithy.APIError
		if !errors.As(err, &api) {
			require.Equal(t, 2, status/100)
			require.Empty(t, code)
			return
		}
		assert.NotEmpty(t, api.ErrorCode())
		assert.LessOrEqual(t, len(api.ErrorCode()), 64)
		assert.Contains(t, err.Error(), api.ErrorCode())
		var generic *smithy.GenericAPIError
		if errors.As(err, &generic) {
			assert.NotEmpty(t, generic.Message)
			assert.LessOrEqual(t, len(generic.Message), 512)
		}
	})
}
