package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/seed-10600c52/appintegrations"
)

// A place is a Region of an account.
type place struct{ profile, region string }

func (p place) String() string {
	if p.profile == "" {
		return "default " + p.region
	}
	return p.profile + " " + p.region
}

// places are where to sweep, and how to get there. The config of a profile, and so
// the cache of its credentials, is loaded once and shared by its Regions.
type places struct {
	all     []place // a Region "" is that of the profile
	load    func(ctx context.Context, profile string) (aws.Config, error)
	adjust  func(place, *aws.Config) // nil: nothing
	configs map[string]aws.Config
	clients map[place]*appintegrations.Client
}

func profilesAndRegions(profiles, regions []string) *places {
	if len(profiles) == 0 {
		profiles = []string{""}
	}
	if len(regions) == 0 {
		regions = []string{""}
	}
	p := &places{load: func(ctx context.Context, profile string) (aws.Config, error) {
		if profile == "" {
			return config.LoadDefaultConfig(ctx)
		}
		return config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile))
	}}
	for _, profile := range profiles {
		for _, region := range regions {
			p.all = append(p.all, place{profile, region})
		}
	}
	return p
}

// config returns the config of a place, and the place with its Region filled in.
func (p *places) config(ctx context.Context, at place) (aws.Config, place, error) {
	cfg, ok := p.configs[at.profile]
	if !ok {
		var err error
		if cfg, err = p.load(ctx, at.profile); err != nil {
			return cfg, at, err
		}
		if p.configs == nil {
			p.configs = map[string]aws.Config{}
		}
		p.configs[at.profile] = cfg
	}
	cfg = cfg.Copy()
	if at.region == "" {
		at.region = cfg.Region
	}
	if cfg.Region = at.region; cfg.Region == "" {
		return cfg, at, fmt.Errorf("%s: no Region: use -region, or set one in the profile", at)
	}
	if p.adjust != nil {
		p.adjust(at, &cfg)
	}
	return cfg, at, nil
}

// client returns the client of a place, the same one each time: Sweep finds one
// rate for each client.
func (p *places) client(ctx context.Context, at place) (*appintegrations.Client, error) {
	if c := p.clients[at]; c != nil {
		return c, nil
	}
	cfg, at, err := p.config(ctx, at)
	if err != nil {
		return nil, err
	}
	if p.clients == nil {
		p.clients = map[place]*appintegrations.Client{}
	}
	if p.clients[at] == nil {
		p.clients[at] = appintegrations.NewFromConfig(cfg)
	}
	return p.clients[at], nil
}
