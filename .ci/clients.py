"""Lists a data integration with botocore, 13 associations a page.

Prints "listed N DIGEST", where N counts different associations, or "refused
CODE". The identifier is the first argument; endpoint, key and Region come from
the environment.
"""
import hashlib
import os
import sys

import botocore
import botocore.session
from botocore.exceptions import ClientError


def pages(client, identifier):
    query = {"DataIntegrationIdentifier": identifier}
    if client.can_paginate("list_data_integration_associations"):
        yield from client.get_paginator("list_data_integration_associations").paginate(
            **query, PaginationConfig={"PageSize": 13})
        return
    print(f"botocore {botocore.__version__} has no paginator for the operation: paged by hand", file=sys.stderr)
    token = {}
    while token is not None:
        page = client.list_data_integration_associations(**query, MaxResults=13, **token)
        yield page
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else None


client = botocore.session.get_session().create_client(
    "appintegrations", endpoint_url=os.environ["AWS_ENDPOINT_URL_APPINTEGRATIONS"])
try:
    arns = {a["DataIntegrationAssociationArn"] for p in pages(client, sys.argv[1]) for a in p["DataIntegrationAssociations"]}
    text = "".join(arn + "\n" for arn in sorted(arns))
    print("listed", len(arns), hashlib.sha256(text.encode()).hexdigest()[:8])
except ClientError as e:
    print("refused", e.response["Error"]["Code"])
