"""Signs requests with botocore, at a fixed time, for TestBotocore.

    python3 testdata/sign_botocore.py > testdata/botocore.json

The file at hand was made with botocore 1.43.11. The secret is the example of
the AWS documentation.
"""
import datetime
import json
from unittest import mock
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

WHEN = datetime.datetime(2026, 3, 14, 15, 9, 26)
HOST = "app-integrations.eu-central-1.amazonaws.com"
ARN = ("arn:aws:app-integrations:eu-central-1:111122223333:"
       "data-integration/11111111-2222-4333-8444-555555555555")


def path(identifier):
    return "/dataIntegrations/" + quote(identifier, safe="") + "/associations"


CASES = {
    "plain": (path("example"), {}, {}, b"", None),
    "page size and token": (path("example"), {"nextToken": "+/+/AAAA=&=", "maxResults": "13"}, {}, b"", None),
    "ARN": (path(ARN), {"maxResults": "50"}, {}, b"", None),
    "slash, space, percent, umlaut": (path("a/b c%20d\u00fc"), {}, {}, b"", None),
    "token of 300 bytes": (path("example"), {"nextToken": "+/=&%~ \u1234" * 30}, {}, b"", None),
    "security token": (path("example"), {}, {}, b"", "IQoJb3JpZ2luX2VjEXAMPLE//+token=="),
    "spaces in a header": (path("example"), {}, {"X-Amz-Meta-Note": "  two  spaces   inside "}, b"", None),
    "body": (path("example"), {}, {"Content-Type": "application/json"}, b'{"a":1}', None),
}


def sign(name, url_path, params, headers, body, token):
    creds = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", token)
    query = "&".join(f"{k}={quote(v, safe='')}" for k, v in params.items())
    url = f"https://{HOST}{url_path}" + (f"?{query}" if query else "")
    request = AWSRequest("GET", url, headers=dict(headers), data=body)
    signer = botocore.auth.SigV4Auth(creds, "app-integrations", "eu-central-1")
    with mock.patch("botocore.auth.get_current_datetime", lambda: WHEN):
        signer.add_auth(request)
    signed = {k: str(v) for k, v in request.headers.items()}
    del request.headers["Authorization"]
    return {
        "name": name, "path": url_path, "query": query, "host": HOST, "body": body.decode(),
        "headers": signed, "token": token or "",
        "canonical": signer.canonical_request(request),
    }


if __name__ == "__main__":
    print(json.dumps([sign(name, *case) for name, case in CASES.items()], indent=1))
