// Officialclient lists a data integration with the official Go client. With H2C
// set it speaks HTTP/2 without TLS.
//
// It prints "listed N DIGEST", where N counts different associations, or "refused
// CODE". The identifier is the first argument; endpoint, key and Region come from
// the environment.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/appintegrations"
	"github.com/aws/smithy-go"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if os.Getenv("H2C") != "" {
		cfg.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.Protocols = new(http.Protocols)
			t.Protocols.SetUnencryptedHTTP2(true)
		})
	}
	arns := map[string]bool{}
	pages := appintegrations.NewListDataIntegrationAssociationsPaginator(appintegrations.NewFromConfig(cfg),
		&appintegrations.ListDataIntegrationAssociationsInput{DataIntegrationIdentifier: aws.String(os.Args[1])})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var refused smithy.APIError
		if errors.As(err, &refused) {
			fmt.Println("refused", refused.ErrorCode())
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		for _, a := range page.DataIntegrationAssociations {
			arns[aws.ToString(a.DataIntegrationAssociationArn)+"\n"] = true
		}
	}
	text := strings.Join(slices.Sorted(maps.Keys(arns)), "")
	fmt.Printf("listed %d %.4x\n", len(arns), sha256.Sum256([]byte(text)))
}
