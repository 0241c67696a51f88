//go:build !race

package appintegrations_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAllocations holds what a call allocates, signer included, on a stub
// without a socket. The numbers may only fall. An item costs two: its strings,
// and what its pointers point to.
func TestAllocations(t *testing.T) {
	for _, row := range []struct {
		name  string
		items int
		limit float64
	}{
		{"empty page", 0, 92},
		{"page of 50", 50, 196},
	} {
		client := stubClient(typicalPage(row.items))
		in := input("example")
		got := testing.AllocsPerRun(200, func() {
			_, err := client.ListDataIntegrationAssociations(t.Context(), in)
			require.NoError(t, err)
		})
		t.Logf("%s: %.0f allocations", row.name, got)
		if got > row.limit {
			t.Errorf("%s: %.0f allocations; want at most %.0f", row.name, got, row.limit)
		}
	}
}
