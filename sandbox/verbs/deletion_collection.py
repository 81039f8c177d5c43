"""DELETE of a whole collection, or of what selectors choose from it."""

from __future__ import annotations

import orjson

from sandbox.messages.reply import Reply
from sandbox.messages.request import Request
from sandbox.messages.selectors import parse_selectors
from sandbox.state.cluster import Cluster
from sandbox.verbs import webhooks
from sandbox.verbs.deletion import read_options, start
from sandbox.verbs.views import rendered_in_list


def delete_collection(cluster: Cluster, request: Request) -> Reply:
    """Deletes one after the other, each by the rules for its kind; answers with what was there."""
    resource = request.resource
    matches = parse_selectors(
        resource.collection,
        request.query.get("labelSelector", ""),
        request.query.get("fieldSelector", ""),
    )
    grace_s = read_options(request).get("gracePeriodSeconds")
    items = cluster.storage.collection(resource.collection).items(request.target.namespace)
    chosen = [item for item in items if matches is None or matches(item.obj)]
    for item in chosen:
        webhooks.review_deletion(cluster, request, item.name, item.obj)
    if not request.dry_run:
        for item in chosen:
            start(cluster, resource, item, grace_s)
    opening = orjson.dumps(
        {
            "kind": f"{resource.kind}List",
            "apiVersion": resource.api_version,
            "metadata": {"resourceVersion": str(cluster.storage.version)},
        }
    )
    rendered = b",".join(rendered_in_list(resource, item) for item in chosen)
    return Reply(200, b'%b,"items":[%b]}' % (opening[:-1], rendered))
