package appintegrations

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// optionsFromConfig takes over every field of an aws.Config that the official
// client honours.
func optionsFromConfig(cfg aws.Config) Options {
	o := Options{
		Region: cfg.Region, DefaultsMode: cfg.DefaultsMode, RuntimeEnvironment: cfg.RuntimeEnvironment,
		HTTPClient: cfg.HTTPClient, Credentials: cfg.Credentials, APIOptions: cfg.APIOptions,
		Logger: cfg.Logger, ClientLogMode: cfg.ClientLogMode, AppID: cfg.AppID,
		RetryMaxAttempts: cfg.RetryMaxAttempts, RetryMode: cfg.RetryMode,
		Interceptors: cfg.Interceptors.Copy(), BaseEndpoint: cfg.BaseEndpoint,
		DisableClockSkewCorrection: cfg.DisableClockSkewCorrection,
	}
	if cfg.Retryer != nil {
		o.Retryer = cfg.Retryer()
	}
	//lint:ignore SA1019 so that it is not ignored in silence
	if cfg.EndpointResolver != nil {
		o.fault = &ConfigError{Field: "EndpointResolver", Reason: "is deprecated and not supported: set BaseEndpoint or EndpointResolverV2"}
	}
	//lint:ignore SA1019 so that it is not ignored in silence
	if cfg.EndpointResolverWithOptions != nil {
		o.fault = &ConfigError{Field: "EndpointResolverWithOptions", Reason: "is deprecated and not supported: set BaseEndpoint or EndpointResolverV2"}
	}
	o.addSources(cfg.ConfigSources)
	return o
}

// addSources asks the sources of an aws.Config, the environment and the shared
// config files, for what has no field there. The first that knows answers.
// Their types are those of package config, which cannot be imported here.
func (o *Options) addSources(sources []any) {
	ctx := context.Background()
	type dualStack interface {
		GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	}
	if v, ok, err := firstOf(sources, func(s dualStack) (aws.DualStackEndpointState, bool, error) { return s.GetUseDualStackEndpoint(ctx) }); ok {
		o.EndpointOptions.UseDualStackEndpoint = v
	} else if err != nil {
		o.fault = sourceFault("UseDualStackEndpoint", err)
	}
	type fips interface {
		GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	}
	if v, ok, err := firstOf(sources, func(s fips) (aws.FIPSEndpointState, bool, error) { return s.GetUseFIPSEndpoint(ctx) }); ok {
		o.EndpointOptions.UseFIPSEndpoint = v
	} else if err != nil {
		o.fault = sourceFault("UseFIPSEndpoint", err)
	}
	o.addBaseEndpoint(ctx, sources)
}

// addBaseEndpoint looks for an endpoint that is configured for this service. A
// general AWS_ENDPOINT_URL has been put into aws.Config.BaseEndpoint by package
// config: it goes before an endpoint of a file, but not before the service's
// own variable.
func (o *Options) addBaseEndpoint(ctx context.Context, sources []any) {
	_, general := os.LookupEnv("AWS_ENDPOINT_URL")
	_, own := os.LookupEnv("AWS_ENDPOINT_URL_APPINTEGRATIONS")
	if general && !own {
		return
	}
	type ignoring interface {
		GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
	}
	if ignore, _, _ := firstOf(sources, func(s ignoring) (bool, bool, error) { return s.GetIgnoreConfiguredEndpoints(ctx) }); ignore {
		return
	}
	type baseEndpoint interface {
		GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
	}
	if v, ok, err := firstOf(sources, func(s baseEndpoint) (string, bool, error) { return s.GetServiceBaseEndpoint(ctx, ServiceID) }); ok {
		o.BaseEndpoint = &v
	} else if err != nil {
		o.fault = sourceFault("BaseEndpoint", err)
	}
}

// firstOf asks each source that is an S until one knows the value or fails.
func firstOf[S, V any](sources []any, get func(S) (V, bool, error)) (value V, ok bool, err error) {
	for _, source := range sources {
		s, is := source.(S)
		if !is {
			continue
		}
		if value, ok, err = get(s); ok || err != nil {
			return value, ok && err == nil, err
		}
	}
	return value, false, nil
}

func sourceFault(field string, err error) *ConfigError {
	return &ConfigError{Field: field, Reason: "cannot be read from the configuration: " + oneLine(err.Error(), maxMessageText/2)}
}
