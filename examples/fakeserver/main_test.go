package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	appintegrations "github.com/seed-10600c52/appintegrations"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const asMain = "FAKESERVER_TEST_AS_MAIN"

// TestMain lets the test start itself as the program.
func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// start runs the program, and returns it with what it has printed and a config
// made of that.
func start(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer, cfg aws.Config) {
	t.Helper()
	cmd = exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMain+"=1")
	stderr = new(bytes.Buffer)
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })

	env := map[string]string{}
	for lines := bufio.NewScanner(stdout); len(env) < 6 && lines.Scan(); {
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		require.True(t, ok && strings.HasPrefix(lines.Text(), "export "), lines.Text())
		env[name] = value
	}
	return cmd, stderr, aws.Config{
		Region:       env["AWS_REGION"],
		BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL_APPINTEGRATIONS"]),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"]}, nil
		}),
	}
}

func count(t *testing.T, client *appintegrations.Client) (n int, err error) {
	p := appintegrations.NewListDataIntegrationAssociationsPaginator(client, &appintegrations.ListDataIntegrationAssociationsInput{
		DataIntegrationIdentifier: aws.String("example"),
	})
	for p.HasMorePages() {
		out, err := p.NextPage(t.Context())
		if err != nil {
			return n, err
		}
		n += len(out.DataIntegrationAssociations)
	}
	return n, nil
}

func TestFakeserver(t *testing.T) {
	for _, test := range []struct {
		args []string
		want int
	}{
		{nil, 7},
		{[]string{"-associations", "120"}, 120},
	} {
		cmd, stderr, cfg := start(t, test.args...)
		n, err := count(t, appintegrations.NewFromConfig(cfg))
		require.NoError(t, err)
		assert.Equal(t, test.want, n)

		require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		require.NoError(t, cmd.Wait(), "exit status")
		assert.Contains(t, stderr.String(), "GET /dataIntegrations/example/associations 200")
	}
}

func TestRate(t *testing.T) {
	cmd, _, cfg := start(t, "-rate", "0.001", "-burst", "2", "-associations", "120")
	_, err := count(t, appintegrations.NewFromConfig(cfg, func(o *appintegrations.Options) { o.Retryer = aws.NopRetryer{} }))
	var throttled *appintegrations.ThrottlingException
	assert.ErrorAs(t, err, &throttled)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), "exit status")
}
