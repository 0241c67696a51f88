package appintegrations_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-10600c52/appintegrations"
)

// variants calls f with each change of one field of the value that v points to,
// and of those below it: to another text, to "" and to nil.
func variants(v reflect.Value, path string, f func(name string)) {
	for i := range v.NumField() {
		field, name := v.Field(i), path+v.Type().Field(i).Name
		change := func(to reflect.Value, how string) {
			before := reflect.New(field.Type()).Elem()
			before.Set(field)
			field.Set(to)
			f(name + how)
			field.Set(before)
		}
		switch {
		case field.Kind() == reflect.String:
			change(reflect.ValueOf("changed").Convert(field.Type()), " changed")
			change(reflect.Zero(field.Type()), " empty")
		case field.Type().Elem().Kind() == reflect.String:
			change(reflect.ValueOf(aws.String("changed")), " changed")
			change(reflect.ValueOf(aws.String("")), " empty")
			change(reflect.Zero(field.Type()), " nil")
		default:
			variants(field.Elem(), name+".", f)
			change(reflect.Zero(field.Type()), " nil")
			change(reflect.New(field.Type().Elem()), " zero")
		}
	}
}

func fullItem() summary {
	return summary{
		ClientId: aws.String("c"), DataIntegrationArn: aws.String("a"), DataIntegrationAssociationArn: aws.String("b"), DestinationURI: aws.String("d"),
		LastExecutionStatus: &appintegrations.LastExecutionStatus{ExecutionStatus: "s", StatusMessage: aws.String("m")},
		ExecutionConfiguration: &appintegrations.ExecutionConfiguration{
			ExecutionMode:         "e",
			OnDemandConfiguration: &appintegrations.OnDemandConfiguration{StartTime: aws.String("1"), EndTime: aws.String("2")},
			ScheduleConfiguration: &appintegrations.ScheduleConfiguration{FirstExecutionFrom: aws.String("f"), Object: aws.String("o"), ScheduleExpression: aws.String("r")},
		},
	}
}

// TestPagesThatDiffer: pages with one token that differ in anything are no loop
// at the third of them; the same page three times is.
func TestPagesThatDiffer(t *testing.T) {
	page := func(items ...summary) *listOutput {
		return &listOutput{NextToken: aws.String("t"), DataIntegrationAssociations: items}
	}
	first := page(fullItem(), fullItem())
	ends := func(third *listOutput) (pages int, err error) {
		mock := &pagesFunc{answer: func(n int, _ *listInput) (*listOutput, error) {
			return []*listOutput{first, first, third, pageOf("", "last")}[n], nil
		}}
		return drain(t, newPaginator(mock), 10)
	}
	var loop *appintegrations.PaginationLoopError
	_, err := ends(page(fullItem(), fullItem()))
	require.ErrorAs(t, err, &loop)

	count := 0
	differs := func(name string, third *listOutput) {
		count++
		pages, err := ends(third)
		assert.NoError(t, err, name)
		assert.Equal(t, 4, pages, name)
	}
	changed := fullItem()
	variants(reflect.ValueOf(&changed).Elem(), "", func(name string) {
		differs(name+" in the first item", page(changed, fullItem()))
		differs(name+" in the last item", page(fullItem(), changed))
	})
	require.Equal(t, 2*(10*3+2*2+4*2), count, "10 pointers to strings, 2 enums, 4 structures")
	differs("an item less", page(fullItem()))
	differs("an item more", page(fullItem(), fullItem(), fullItem()))
	differs("an item without anything more", page(fullItem(), fullItem(), summary{}))
	moved := fullItem()
	moved.ClientId, moved.DataIntegrationArn = moved.DataIntegrationArn, moved.ClientId
	differs("two values exchanged", page(moved, fullItem()))
	split := fullItem()
	split.ClientId, split.DataIntegrationArn = aws.String("ca"), aws.String("")
	differs("two values joined", page(split, fullItem()))
	long := fullItem()
	long.ClientId = aws.String(strings.Repeat("c", 1<<12))
	differs("a long value", page(long, fullItem()))
	shifted := fullItem()
	shifted.LastExecutionStatus, shifted.ExecutionConfiguration.OnDemandConfiguration = nil, &appintegrations.OnDemandConfiguration{StartTime: aws.String("m"), EndTime: aws.String("e")}
	differs("values in another structure", page(shifted, fullItem()))
	for c := range 8 {
		first = page(summary{ClientId: aws.String("a" + string(rune(c)) + "b"), DataIntegrationArn: aws.String("c")})
		differs("a control character in another value", page(summary{ClientId: aws.String("a"), DataIntegrationArn: aws.String("b" + string(rune(c)) + "c")}))
	}
	first = page(summary{LastExecutionStatus: &appintegrations.LastExecutionStatus{ExecutionStatus: "e"}})
	differs("one structure in place of another", page(summary{ExecutionConfiguration: &appintegrations.ExecutionConfiguration{ExecutionMode: "e"}}))
}
