"""How a Python project tests its code with the fake: botocore against the program
in $FAKESERVER, which each test starts with the faults that it needs.
"""
import os
import re
import subprocess

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

EXPORT = re.compile(r"^export (\w+)='?([^']*)'?$")


class Fake:
    def __init__(self, *flags):
        self.process = subprocess.Popen([os.environ["FAKESERVER"], *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.env = {}
        while "AWS_SESSION_TOKEN" not in self.env:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(self.process.stderr.read())
            name, value = EXPORT.match(line.rstrip("\n")).groups()
            self.env[name] = value

    def client(self, attempts=4):
        return botocore.session.Session().create_client(
            "appintegrations",
            endpoint_url=self.env["AWS_ENDPOINT_URL_APPINTEGRATIONS"],
            region_name=self.env["AWS_REGION"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"mode": "standard", "total_max_attempts": attempts}))

    def stop(self):
        """Ends the program and returns its log."""
        self.process.terminate()
        log = self.process.communicate(timeout=10)[1]
        assert self.process.returncode == 0
        return log


@pytest.fixture
def fake():
    started = []

    def start(*flags):
        started.append(Fake(*flags))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


def associations(client, identifier):
    token, found = {}, []
    while token is not None:
        page = client.list_data_integration_associations(DataIntegrationIdentifier=identifier, **token)
        found += page["DataIntegrationAssociations"]
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else None
    return found


def test_all_pages(fake):
    server = fake("-associations", "60")
    found = associations(server.client(), "example")
    assert [a["ClientId"] for a in found] == [f"connect-instance-{i:03}" for i in range(1, 61)]
    assert server.stop().count(" GET ") == 3


@pytest.mark.parametrize("fault", ["throttle", "gateway-throttle", "gateway-timeout", "proxy-page=503", "close"])
def test_survives(fake, fault):
    server = fake("-associations", "60", "-fault", fault + ",page=2")
    assert len(associations(server.client(), "example")) == 60
    assert server.stop().count("fault: ") == 1


@pytest.mark.parametrize("fault, code", [
    ("denied", "AccessDeniedException"), ("gateway-forbidden", "ForbiddenException"),
    ("expired-token", "ExpiredTokenException"), ("error=ResourceNotFoundException,message=gone", "ResourceNotFoundException"),
])
def test_fails(fake, fault, code):
    with pytest.raises(ClientError) as raised:
        associations(fake("-fault", fault).client(), "example")
    assert raised.value.response["Error"]["Code"] == code


def test_identifiers(fake):
    client = fake("-data-integration", "crm", "-data-integration", "orders").client()
    integrations = client.list_data_integrations()["DataIntegrations"]
    assert [d["Name"] for d in integrations] == ["crm", "orders"]
    for d in integrations:
        lists = [associations(client, i) for i in (d["Name"], d["Arn"], d["Arn"].rsplit("/", 1)[1])]
        assert lists[0] == lists[1] == lists[2]
        assert {a["DataIntegrationArn"] for a in lists[0]} == {d["Arn"]}


def test_throttled_for_good(fake):
    server = fake("-rate", "0.001", "-burst", "1", "-associations", "60")
    with pytest.raises(ClientError) as raised:
        associations(server.client(attempts=2), "example")
    assert raised.value.response["Error"]["Code"] == "ThrottlingException"
    assert server.stop().count("429 ThrottlingException") == 2
