//lint:file-ignore SA1019 users' steps call what is deprecated, so it is compared

package compat

import (
	"context"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
)

func signedAs(ctx context.Context, name, region string) context.Context {
	return awsmiddleware.SetSigningName(awsmiddleware.SetSigningRegion(ctx, region), name)
}

func nameInContext(ctx context.Context) any   { return awsmiddleware.GetSigningName(ctx) }
func regionInContext(ctx context.Context) any { return awsmiddleware.GetSigningRegion(ctx) }
