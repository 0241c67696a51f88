package appintegrations_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A pageWriter writes pages of random shape: members in an order of their own
// that most items of a page have, and now and then another order, white space,
// an escaped name, an unknown member, a null, a member that comes twice or is of
// another type.
type pageWriter struct {
	*rand.Rand
	odd    int // of a thousand choices, how many are odd
	orders map[string][]int
}

var shapes = map[string][]string{
	"item":                   {"DataIntegrationAssociationArn", "DataIntegrationArn", "ClientId", "DestinationURI", "LastExecutionStatus", "ExecutionConfiguration"},
	"LastExecutionStatus":    {"ExecutionStatus", "StatusMessage"},
	"ExecutionConfiguration": {"ExecutionMode", "OnDemandConfiguration", "ScheduleConfiguration"},
	"OnDemandConfiguration":  {"StartTime", "EndTime"},
	"ScheduleConfiguration":  {"FirstExecutionFrom", "Object", "ScheduleExpression"},
}

func (w *pageWriter) rare() bool { return w.IntN(1000) < w.odd }

func (w *pageWriter) space() string {
	if w.rare() {
		return []string{" ", "\n", "\t\r\n  "}[w.IntN(3)]
	}
	return ""
}

func (w *pageWriter) text() string {
	texts := []string{`"a"`, `""`, `"arn:aws:app-integrations:us-east-1:123456789012:data-integration/example"`}
	if w.rare() {
		texts = []string{`"\u00e9\n\"\\"`, "\"\xff\\ud83d\"", `"\ud800x"`, `"é😀 long enough for several words of eight bytes"`, "null", "7", "{}", `"`}
	}
	return texts[w.IntN(len(texts))]
}

// name may be written with an escape in place of its first letter.
func (w *pageWriter) name(name string) string {
	if w.rare() {
		name = fmt.Sprintf(`\u%04x`, name[0]) + name[1:]
	}
	return `"` + name + `"` + w.space() + ":" + w.space()
}

func (w *pageWriter) order(shape string) []int {
	if w.orders[shape] == nil || w.rare() {
		w.orders[shape] = w.Perm(len(shapes[shape]))
	}
	return w.orders[shape]
}

func (w *pageWriter) object(shape string) string {
	var members []string
	for _, i := range w.order(shape) {
		name := shapes[shape][i]
		switch {
		case w.IntN(10) == 0: // left out
			continue
		case w.rare():
			members = append(members, w.name([]string{"clientId", "x", "Object", "StartTime"}[w.IntN(4)])+w.text())
		case w.rare():
			members = append(members, w.name(name)+"null")
		}
		value := w.text()
		if shapes[name] != nil {
			value = w.object(name)
		}
		members = append(members, w.name(name)+value+w.space())
	}
	return "{" + w.space() + strings.Join(members, ","+w.space()) + "}"
}

func (w *pageWriter) page() []byte {
	w.orders = map[string][]int{}
	items := make([]string, w.IntN(8))
	for i := range items {
		items[i] = w.object("item")
	}
	return []byte(`{"DataIntegrationAssociations":[` + strings.Join(items, ",") + `],"NextToken":` + w.text() + `}`)
}

// TestPagesOfAnyShape compares generated pages with what encoding/json makes of
// them.
func TestPagesOfAnyShape(t *testing.T) {
	t.Parallel()
	var body []byte
	client := anonymousStub(func(r *http.Request) *http.Response { return replied(r, 200, strings.NewReader(string(body))) })
	all := few(4000, 1000)
	for _, odd := range []int{0, 3, 30} {
		w := &pageWriter{Rand: rand.New(rand.NewPCG(3, uint64(odd))), odd: odd}
		pages, refused := 0, 0
		for range all {
			body = w.page()
			got, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
			want, ok := readPage(body)
			if badToken := want.NextToken != nil && strings.Contains(*want.NextToken, "\ufffd"); !ok || badToken {
				refused++
				require.Error(t, err, "%s", body)
				continue
			}
			pages++
			require.NoError(t, err, "%s", body)
			require.Equal(t, want.NextToken, got.NextToken, "%s", body)
			require.Equal(t, want.DataIntegrationAssociations, got.DataIntegrationAssociations, "%s", body)
		}
		t.Logf("%d of 1000 choices odd: %d pages, %d refused", odd, pages, refused)
		assert.Greater(t, pages, all/8)
		assert.Equal(t, odd > 0, refused > all/20)
	}
}

// TestItemsShareNothingThatCanBeWritten: a caller may change an item.
func TestItemsShareNothingThatCanBeWritten(t *testing.T) {
	out, err := stubClient(typicalPage(3)).ListDataIntegrationAssociations(t.Context(), input("example"))
	require.NoError(t, err)
	untouched, err := stubClient(typicalPage(3)).ListDataIntegrationAssociations(t.Context(), input("example"))
	require.NoError(t, err)
	items := out.DataIntegrationAssociations
	for _, s := range []*string{
		items[1].ClientId, items[1].DataIntegrationArn, items[1].DataIntegrationAssociationArn, items[1].DestinationURI,
		items[1].LastExecutionStatus.StatusMessage, items[1].ExecutionConfiguration.ScheduleConfiguration.Object,
		items[1].ExecutionConfiguration.ScheduleConfiguration.FirstExecutionFrom, items[1].ExecutionConfiguration.ScheduleConfiguration.ScheduleExpression,
	} {
		*s = "changed"
	}
	items[1].LastExecutionStatus.ExecutionStatus, items[1].ExecutionConfiguration.ExecutionMode = "changed", "changed"
	assert.Equal(t, untouched.DataIntegrationAssociations[0], items[0])
	assert.Equal(t, untouched.DataIntegrationAssociations[2], items[2])
}

// TestAKeptItemKeepsNoPage: whoever keeps one item of each page pays for that
// item.
func TestAKeptItemKeepsNoPage(t *testing.T) {
	const pages = 500
	client := stubClient(typicalPage(50))
	for _, i := range []int{0, 1, 49} {
		kept := make([]summary, pages)
		before := liveHeap()
		for n := range kept {
			out, err := client.ListDataIntegrationAssociations(t.Context(), input("example"))
			require.NoError(t, err)
			kept[n] = out.DataIntegrationAssociations[i]
		}
		each := (liveHeap() - before) / pages
		t.Logf("item %d of 50: %d bytes", i, each)
		assert.Less(t, each, int64(1<<10), "item %d", i)
		assert.Equal(t, "connect-instance-1", *kept[pages-1].ClientId)
	}
}

// BenchmarkPage is a call without a socket and without a signature, most of
// which is the decoding of the page.
func BenchmarkPage(b *testing.B) {
	for _, items := range []int{0, 1, 10, 50} {
		b.Run(fmt.Sprint(items), func(b *testing.B) {
			body := typicalPage(items)
			client := anonymousStub(func(r *http.Request) *http.Response { return replied(r, 200, strings.NewReader(body)) })
			in := input("example")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.ListDataIntegrationAssociations(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
