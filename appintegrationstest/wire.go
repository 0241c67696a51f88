package appintegrationstest

import (
	"bytes"
	"encoding/json"

	appintegrations "github.com/seed-10600c52/appintegrations"
)

// The members of the service model, in its order. A nil member is left out.
type (
	wirePage struct {
		DataIntegrationAssociations []any   // wireAssociation
		NextToken                   *string `json:",omitempty"`
	}
	wireIntegrations struct {
		DataIntegrations []any   // wireIntegration
		NextToken        *string `json:",omitempty"`
	}
	wireIntegration struct {
		Arn       string
		Name      string
		SourceURI string `json:",omitempty"`
	}
	wireAssociation struct {
		DataIntegrationAssociationArn *string        `json:",omitempty"`
		DataIntegrationArn            *string        `json:",omitempty"`
		ClientId                      *string        `json:",omitempty"`
		DestinationURI                *string        `json:",omitempty"`
		LastExecutionStatus           *wireStatus    `json:",omitempty"`
		ExecutionConfiguration        *wireExecution `json:",omitempty"`
	}
	wireStatus struct {
		ExecutionStatus string  `json:",omitempty"`
		StatusMessage   *string `json:",omitempty"`
	}
	wireExecution struct {
		ExecutionMode         string        `json:",omitempty"`
		OnDemandConfiguration *wireOnDemand `json:",omitempty"`
		ScheduleConfiguration *wireSchedule `json:",omitempty"`
	}
	wireOnDemand struct {
		StartTime *string `json:",omitempty"`
		EndTime   *string `json:",omitempty"`
	}
	wireSchedule struct {
		FirstExecutionFrom *string `json:",omitempty"`
		Object             *string `json:",omitempty"`
		ScheduleExpression *string `json:",omitempty"`
	}
)

func integrationToWire(d DataIntegration) wireIntegration {
	return wireIntegration{Arn: d.ARN, Name: d.Name, SourceURI: d.SourceURI}
}

func toWire(a appintegrations.DataIntegrationAssociationSummary) wireAssociation {
	w := wireAssociation{
		DataIntegrationAssociationArn: a.DataIntegrationAssociationArn,
		DataIntegrationArn:            a.DataIntegrationArn,
		ClientId:                      a.ClientId,
		DestinationURI:                a.DestinationURI,
	}
	if s := a.LastExecutionStatus; s != nil {
		w.LastExecutionStatus = &wireStatus{string(s.ExecutionStatus), s.StatusMessage}
	}
	if e := a.ExecutionConfiguration; e != nil {
		w.ExecutionConfiguration = &wireExecution{ExecutionMode: string(e.ExecutionMode)}
		if d := e.OnDemandConfiguration; d != nil {
			w.ExecutionConfiguration.OnDemandConfiguration = &wireOnDemand{d.StartTime, d.EndTime}
		}
		if c := e.ScheduleConfiguration; c != nil {
			w.ExecutionConfiguration.ScheduleConfiguration = &wireSchedule{c.FirstExecutionFrom, c.Object, c.ScheduleExpression}
		}
	}
	return w
}

// encode returns v as the service writes JSON: without escapes for HTML and
// without a line end.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // the shapes above and maps of strings always encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func cloneAll(associations []appintegrations.DataIntegrationAssociationSummary) []appintegrations.DataIntegrationAssociationSummary {
	copies := make([]appintegrations.DataIntegrationAssociationSummary, len(associations))
	for i, a := range associations {
		copies[i] = clone(a)
	}
	return copies
}

// clone copies an association with all that it points to.
func clone(a appintegrations.DataIntegrationAssociationSummary) appintegrations.DataIntegrationAssociationSummary {
	a.ClientId = copied(a.ClientId)
	a.DataIntegrationArn = copied(a.DataIntegrationArn)
	a.DataIntegrationAssociationArn = copied(a.DataIntegrationAssociationArn)
	a.DestinationURI = copied(a.DestinationURI)
	if a.LastExecutionStatus = copied(a.LastExecutionStatus); a.LastExecutionStatus != nil {
		s := a.LastExecutionStatus
		s.StatusMessage = copied(s.StatusMessage)
	}
	if a.ExecutionConfiguration = copied(a.ExecutionConfiguration); a.ExecutionConfiguration != nil {
		e := a.ExecutionConfiguration
		if e.OnDemandConfiguration = copied(e.OnDemandConfiguration); e.OnDemandConfiguration != nil {
			d := e.OnDemandConfiguration
			d.StartTime, d.EndTime = copied(d.StartTime), copied(d.EndTime)
		}
		if e.ScheduleConfiguration = copied(e.ScheduleConfiguration); e.ScheduleConfiguration != nil {
			c := e.ScheduleConfiguration
			c.ScheduleExpression, c.FirstExecutionFrom, c.Object = copied(c.ScheduleExpression), copied(c.FirstExecutionFrom), copied(c.Object)
		}
	}
	return a
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
