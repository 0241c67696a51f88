package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/seed-10600c52/appintegrations"
)

// sweep lists the associations of all targets, and writes what the command asks for.
func (c *command) sweep(ctx context.Context, p *places, r *report, out, errs io.Writer) error {
	todo, err := c.targets(ctx, p, r)
	if err != nil {
		return err
	}
	targets, byTarget := sweepTargets(ctx, p, todo, r)
	lines := json.NewEncoder(out)
	bar := newBar(errs, len(targets))
	var writeErr error
	for result := range appintegrations.Sweep(ctx, targets, func(o *appintegrations.SweepOptions) { o.OnProgress = bar.show }) {
		t := byTarget[key{result.Target.Client, result.Target.DataIntegrationIdentifier}]
		r.add(t, result)
		if c.json {
			if writeErr = writeLines(lines, t, result.Associations); writeErr != nil {
				break
			}
		}
	}
	bar.clear()
	if writeErr != nil {
		return fmt.Errorf("write to stdout: %w", writeErr)
	}
	summary := out
	if c.json {
		summary = errs
	}
	r.write(summary)
	if c.resume != "" {
		return writeResume(c.resume, r.resumable())
	}
	return nil
}

// targets are those of the file to resume from, else of the list of data
// integrations.
func (c *command) targets(ctx context.Context, p *places, r *report) ([]target, error) {
	targets, resumed, err := readResume(c.resume)
	switch {
	case err != nil || resumed:
		return targets, err
	case c.file != "":
		return readDataIntegrations(c.file, c)
	}
	return listDataIntegrations(ctx, p, r), nil
}

// A key finds the target of a result.
type key struct {
	client     appintegrations.ListDataIntegrationAssociationsAPIClient
	identifier string
}

// sweepTargets drops what is named twice.
func sweepTargets(ctx context.Context, p *places, todo []target, r *report) (targets []appintegrations.SweepTarget, byTarget map[key]target) {
	byTarget = map[key]target{}
	for _, t := range todo {
		client, err := p.client(ctx, t.place)
		if err != nil {
			r.fail(t, err)
			continue
		}
		k := key{client, t.identifier}
		if _, ok := byTarget[k]; ok {
			continue
		}
		byTarget[k] = t
		targets = append(targets, appintegrations.SweepTarget{Client: client, DataIntegrationIdentifier: t.identifier, Resume: t.from})
	}
	return targets, byTarget
}

// A line is an association as JSON.
type line struct {
	Profile         string `json:"profile,omitempty"`
	Region          string `json:"region"`
	DataIntegration string `json:"dataIntegration"`
	Association     appintegrations.DataIntegrationAssociationSummary
}

func writeLines(lines *json.Encoder, t target, associations []appintegrations.DataIntegrationAssociationSummary) error {
	for _, a := range associations {
		if err := lines.Encode(line{t.profile, t.region, t.identifier, a}); err != nil {
			return err
		}
	}
	return nil
}
