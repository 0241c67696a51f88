//go:build !race

package appintegrations_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAllocationsOfItems: an item costs two allocations, one for its strings and
// one for what its pointers point to. A page costs two more than an empty one:
// its list, and from two items on the ARN that they share.
func TestAllocationsOfItems(t *testing.T) {
	allocations := func(items int) float64 {
		client, in := stubClient(typicalPage(items)), input("example")
		return testing.AllocsPerRun(200, func() {
			_, err := client.ListDataIntegrationAssociations(t.Context(), in)
			require.NoError(t, err)
		})
	}
	none := allocations(0)
	for items, want := range map[int]float64{1: 3, 2: 6, 10: 22, 50: 102} {
		if got := allocations(items) - none; got > want {
			t.Errorf("a page of %d items costs %.0f allocations more than an empty one; want %.0f", items, got, want)
		}
	}
}
