package json

import (
	stdjson "encoding/json"
	"fmt"
	"strings"
	"testing"
)

type association struct {
	DataIntegrationAssociationArn string
	DataIntegrationArn            string
	ClientId                      string
	DestinationURI                string
	LastExecutionStatus           struct{ ExecutionStatus, StatusMessage string }
	ExecutionConfiguration        struct {
		ExecutionMode         string
		OnDemandConfiguration struct{ StartTime, EndTime string }
		ScheduleConfiguration struct{ FirstExecutionFrom, Object, ScheduleExpression string }
	}
}

type associations struct {
	DataIntegrationAssociations []association
	NextToken                   string
}

// page returns a page of n items as the service writes one.
func page(n int) []byte {
	const (
		arn  = "arn:aws:app-integrations:us-east-1:123456789012:data-integration"
		id   = "0f8b3c1d-5a7e-4b62-9c3d-1e2f3a4b5c"
		item = `{"DataIntegrationAssociationArn":"%[1]s-association/%[2]s%02[3]d/%[2]s%02[3]d","DataIntegrationArn":"%[1]s/%[2]s00",` +
			`"ClientId":"client-%[3]d","DestinationURI":"s3://bucket-%[3]d/exports/salesforce/account",` +
			`"LastExecutionStatus":{"ExecutionStatus":"COMPLETED","StatusMessage":"1,024 records were transferred"},` +
			`"ExecutionConfiguration":{"ExecutionMode":"SCHEDULED",` +
			`"OnDemandConfiguration":{"StartTime":"1700000000000","EndTime":"1700086400000"},` +
			`"ScheduleConfiguration":{"FirstExecutionFrom":"1700000000000","Object":"Account","ScheduleExpression":"rate(1 hour)"}}}`
	)
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(item, arn, id, i)
	}
	token := strings.Repeat("eyJ2IjoxfQ", 20) + "=="
	return []byte(`{"DataIntegrationAssociations":[` + strings.Join(items, ",") + `],"NextToken":"` + token + `"}`)
}

// decode reads a page as a caller of the package would. With keep nil it keeps nothing, else it hands over each string.
func decode(data []byte, keep func(name, value Text)) (items int, err error) {
	s := New(data)
	if err := s.EnterObject(); err != nil {
		return 0, err
	}
	for {
		name, ok, err := s.NextMember()
		if err != nil {
			return items, err
		}
		if !ok {
			return items, s.End()
		}
		if !name.Is("DataIntegrationAssociations") {
			if err := decodeValue(&s, name, keep); err != nil {
				return items, err
			}
			continue
		}
		if err := s.EnterArray(); err != nil {
			return items, err
		}
		for {
			if ok, err = s.NextElement(); !ok {
				break
			}
			items++
			if err := decodeObject(&s, keep); err != nil {
				return items, err
			}
		}
		if err != nil {
			return items, err
		}
	}
}

func decodeObject(s *Scanner, keep func(name, value Text)) error {
	if err := s.EnterObject(); err != nil {
		return err
	}
	for {
		name, ok, err := s.NextMember()
		if !ok {
			return err
		}
		if err := decodeValue(s, name, keep); err != nil {
			return err
		}
	}
}

func decodeValue(s *Scanner, name Text, keep func(name, value Text)) error {
	k, err := s.Peek()
	if err != nil {
		return err
	}
	switch k {
	case Object:
		return decodeObject(s, keep)
	case String:
		value, err := s.Text()
		if err == nil && keep != nil {
			keep(name, value)
		}
		return err
	}
	return s.Skip()
}

// decodeInto decodes a page into out, by way of buf. Each string is an allocation of its own, as with encoding/json.
func decodeInto(data []byte, out *associations, buf []byte) ([]byte, error) {
	out.DataIntegrationAssociations = out.DataIntegrationAssociations[:0]
	var a *association
	_, err := decode(data, func(name, value Text) {
		buf = value.Append(buf[:0])
		v := string(buf)
		switch {
		case name.Is("DataIntegrationAssociationArn"):
			out.DataIntegrationAssociations = append(out.DataIntegrationAssociations, association{})
			a = &out.DataIntegrationAssociations[len(out.DataIntegrationAssociations)-1]
			a.DataIntegrationAssociationArn = v
		case name.Is("DataIntegrationArn"):
			a.DataIntegrationArn = v
		case name.Is("ClientId"):
			a.ClientId = v
		case name.Is("DestinationURI"):
			a.DestinationURI = v
		case name.Is("ExecutionStatus"):
			a.LastExecutionStatus.ExecutionStatus = v
		case name.Is("StatusMessage"):
			a.LastExecutionStatus.StatusMessage = v
		case name.Is("ExecutionMode"):
			a.ExecutionConfiguration.ExecutionMode = v
		case name.Is("StartTime"):
			a.ExecutionConfiguration.OnDemandConfiguration.StartTime = v
		case name.Is("EndTime"):
			a.ExecutionConfiguration.OnDemandConfiguration.EndTime = v
		case name.Is("FirstExecutionFrom"):
			a.ExecutionConfiguration.ScheduleConfiguration.FirstExecutionFrom = v
		case name.Is("Object"):
			a.ExecutionConfiguration.ScheduleConfiguration.Object = v
		case name.Is("ScheduleExpression"):
			a.ExecutionConfiguration.ScheduleConfiguration.ScheduleExpression = v
		case name.Is("NextToken"):
			out.NextToken = v
		}
	})
	return buf, err
}

func TestDecodeAsEncodingJSON(t *testing.T) {
	var got, want associations
	data := page(50)
	if err := stdjson.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if _, err := decodeInto(data, &got, nil); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(got.DataIntegrationAssociations) != 50 {
		t.Errorf("decodeInto = %v; want %v", got, want)
	}
}

func BenchmarkPage(b *testing.B) {
	data := page(50)
	var buf []byte
	for _, bb := range []struct {
		name string
		f    func() error
	}{
		{"Skip", func() error { return skip(data) }},
		{"Scan", func() error { _, err := decode(data, nil); return err }},
		{"ScanIntoStruct", func() (err error) {
			var out associations
			buf, err = decodeInto(data, &out, buf)
			return err
		}},
		{"EncodingJSONValid", func() error { stdjson.Valid(data); return nil }},
		{"EncodingJSONIntoStruct", func() error { return stdjson.Unmarshal(data, new(associations)) }},
		{"EncodingJSONIntoMap", func() error { return stdjson.Unmarshal(data, new(map[string]any)) }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := bb.f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
