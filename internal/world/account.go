package world

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// marker begins and ends every secret of a world, so that a text is searched for
// all of them at once, and for their halves.
const marker = "XsecretX"

// Kinds of spells of a provider.
const (
	providerFails    = "provider fails"
	providerPanics   = "provider panics"
	providerExits    = "provider ends its goroutine"
	providerHangs    = "provider hangs, and heeds its context"
	providerStubborn = "provider hangs, and ignores its context"
	providerStale    = "provider gives the keys of the start of the spell"
)

var (
	errProvider   = errors.New("the provider of the world failed")
	providerPanic = "the provider of the world panicked"
)

// An account gives keys, and judges them for the service.
type account struct {
	*world
	Account
	number int

	mu         sync.Mutex
	retrievals []time.Duration
}

func (a *account) name() string { return fmt.Sprintf("1%011d", a.number) }

// generation is the number of the key that is valid at a time.
func (a *account) generation(at time.Duration) int {
	if a.Life == 0 {
		return 0
	}
	return int(at / a.Life)
}

func (a *account) keys(generation int) aws.Credentials {
	c := aws.Credentials{
		AccessKeyID:     fmt.Sprintf("AKID%dX%d", a.number, generation),
		SecretAccessKey: fmt.Sprintf("%[1]skey-%[2]d-%[3]d%[1]s", marker, a.number, generation),
		SessionToken:    fmt.Sprintf("%[1]stoken-%[2]d-%[3]d%[1]s", marker, a.number, generation),
	}
	if a.Named {
		c.AccountID = a.name()
	}
	if a.Life > 0 {
		c.CanExpire, c.Expires = true, a.start.Add(time.Duration(generation+1)*a.Life)
		if a.Lies {
			c.Expires = c.Expires.Add(time.Hour)
		}
	}
	return c
}

// Retrieve gives the keys of now, unless a spell is on the provider.
func (a *account) Retrieve(ctx context.Context) (aws.Credentials, error) {
	now := a.now()
	a.mu.Lock()
	a.retrievals = append(a.retrievals, now)
	a.mu.Unlock()
	for i := range a.Spells {
		spell := &a.Spells[i]
		if !spell.covers(now) {
			continue
		}
		switch spell.Kind {
		case providerFails:
			return aws.Credentials{}, errProvider
		case providerPanics:
			panic(providerPanic)
		case providerExits:
			runtime.Goexit()
		case providerHangs:
			<-ctx.Done()
			return aws.Credentials{}, ctx.Err()
		case providerStubborn:
			select {
			case <-time.After(spell.To - now):
			case <-a.over:
			}
		case providerStale:
			keys := a.keys(a.generation(spell.From))
			keys.CanExpire = false
			return keys, nil
		}
	}
	return a.keys(a.generation(a.now())), nil
}
