package appintegrationstest

import (
	"crypto/sha256"
	"fmt"
	"strings"

	appintegrations "github.com/seed-10600c52/appintegrations"
)

// DataIntegration is a data integration as a [Server] lists it. Its
// associations are the same under its name, its id and its ARN.
type DataIntegration struct {
	// Name is the name of the data integration, compared byte for byte; empty:
	// the id.
	Name string

	// ID is the id; empty: the id in ARN, else a UUID made of the other fields, the
	// same every time.
	ID string

	// ARN is the Amazon Resource Name; empty: made of ID, the Server's Region
	// and the account 111122223333.
	ARN string

	// SourceURI is the URI of the source; empty: none.
	SourceURI string
}

// accountID is an account that the AWS documentation uses in examples.
const accountID = "111122223333"

// integration is a DataIntegration with its associations.
type integration struct {
	DataIntegration
	key          string // what the caller first put it under
	associations []appintegrations.DataIntegrationAssociationSummary
}

// registry holds the data integrations of a Server. The caller holds the lock.
type registry struct {
	all    []*integration // in the order in which they were put
	names  map[string]*integration
	others map[string]*integration // by id and by ARN
}

// find returns the data integration with an identifier, or nil. A name wins
// over an id, and what was put first over what was put later.
func (r *registry) find(identifier string) *integration {
	if it := r.names[identifier]; it != nil {
		return it
	}
	return r.others[identifier]
}

// same reports whether two identifiers are of the same data integration.
func (r *registry) same(a, b string) bool {
	it := r.find(a)
	return a == b || it != nil && it == r.find(b)
}

func (r *registry) add(it *integration) {
	if r.names == nil {
		r.names, r.others = make(map[string]*integration), make(map[string]*integration)
	}
	r.all = append(r.all, it)
	r.names[it.Name] = it
	r.alias(it)
}

func (r *registry) alias(it *integration) {
	for _, identifier := range []string{it.ID, it.ARN} {
		if r.others[identifier] == nil {
			r.others[identifier] = it
		}
	}
}

// Put appends associations to those of the data integration whose name, id or
// ARN is the identifier. If there is none, Put makes one, even without
// associations: with the identifier as its ARN if it is the ARN of a data
// integration, else as its name. The associations are copied.
func (s *Server) Put(dataIntegrationIdentifier string, associations ...appintegrations.DataIntegrationAssociationSummary) {
	copies := cloneAll(associations)
	s.mu.Lock()
	defer s.mu.Unlock()
	it := s.known.find(dataIntegrationIdentifier)
	if it == nil {
		d := DataIntegration{Name: dataIntegrationIdentifier}
		if id := idInARN(dataIntegrationIdentifier); id != "" {
			d = DataIntegration{ARN: dataIntegrationIdentifier}
		}
		it = &integration{key: dataIntegrationIdentifier, DataIntegration: s.complete(d)}
		s.known.add(it)
	}
	it.associations = append(it.associations, copies...)
}

// PutIntegration adds a data integration with associations, and returns it with
// the fields that were empty filled in. If a data integration of that name is
// known, or of that id or ARN where d has no name, PutIntegration appends the
// associations to it, and replaces its fields by those of d that are not empty;
// its earlier id and ARN stay valid. The associations are copied.
func (s *Server) PutIntegration(d DataIntegration, associations ...appintegrations.DataIntegrationAssociationSummary) DataIntegration {
	copies := cloneAll(associations)
	s.mu.Lock()
	defer s.mu.Unlock()
	it := s.known.names[d.Name]
	if d.Name == "" {
		for _, identifier := range []string{d.ARN, d.ID} {
			if it == nil && identifier != "" {
				it = s.known.find(identifier)
			}
		}
	}
	if it == nil {
		d = s.complete(d)
		it = &integration{key: d.Name, DataIntegration: d}
		s.known.add(it)
	} else {
		if d.ID == "" && d.ARN == "" {
			d.ID, d.ARN = it.ID, it.ARN
		}
		setDefault(&d.Name, it.Name)
		setDefault(&d.SourceURI, it.SourceURI)
		it.DataIntegration = s.complete(d)
		s.known.alias(it)
	}
	it.associations = append(it.associations, copies...)
	return it.DataIntegration
}

// complete fills in the empty fields of d.
func (s *Server) complete(d DataIntegration) DataIntegration {
	if d.ID == "" {
		d.ID = idInARN(d.ARN)
	}
	if d.ID == "" {
		sum := sha256.Sum256([]byte(d.Name + d.ARN))
		d.ID = uuid([16]byte(sum[:16]))
	}
	if d.ARN == "" {
		d.ARN = s.arn(d.ID)
	}
	setDefault(&d.Name, d.ID)
	return d
}

// arn returns the ARN of the data integration with an id.
func (s *Server) arn(id string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:data-integration/%s", partition(s.opts.Region), signingName, s.opts.Region, accountID, id)
}

// idInARN returns the id in the ARN of a data integration; empty for any other
// text.
func idInARN(text string) string {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != signingName {
		return ""
	}
	id, _ := strings.CutPrefix(parts[5], "data-integration/")
	if id == parts[5] {
		return ""
	}
	return id
}

// partition returns the partition of a Region.
func partition(region string) string {
	for _, p := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"},
		{"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"}, {"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}
