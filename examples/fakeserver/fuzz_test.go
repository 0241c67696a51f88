package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// FuzzParseFault holds that any text is a fault of the package, or an error.
func FuzzParseFault(f *testing.F) {
	for _, kind := range faultKinds {
		f.Add(kind.form, 0)
	}
	f.Add("throttle=2s,page=2,times=3,for=crm,on=list", 10)
	f.Add("status=503,body=a, b=c,,", 1)
	f.Fuzz(func(t *testing.T, text string, everyN int) {
		fault, err := parseFault(text, everyN)
		if err != nil {
			assert.NotEmpty(t, err.Error())
			return
		}
		assert.NotEqual(t, "custom", fault.String())
		assert.NotNil(t, fault.Do)
		assert.GreaterOrEqual(t, fault.Page, 0)
	})
}

// FuzzReadLines holds that each line is an association of a data integration, or
// the text is an error.
func FuzzReadLines(f *testing.F) {
	f.Add("", `{"DataIntegrationArn":"a","ClientId":"c"}`+"\n\n"+`{"DataIntegrationArn":"b","LastExecutionStatus":null}`)
	f.Add("crm", "{}\r\n{}")
	f.Add("crm", "[]\x00")
	f.Fuzz(func(t *testing.T, name, text string) {
		all, err := readLines(name, strings.NewReader(text))
		if err != nil {
			assert.Empty(t, all)
			return
		}
		lines := len(strings.FieldsFunc(text, func(c rune) bool { return c == '\n' }))
		assert.LessOrEqual(t, len(all), lines)
		for _, one := range all {
			assert.False(t, one.integration.Name == "" && one.integration.ARN == "")
			assert.Equal(t, name, one.integration.Name)
		}
	})
}
