"""A record of Kinto's that is a subscription: what Tocsin is to be told of it, and what is secret.

The record has the members of a subscription (docs/subscriptions.md), and `tocsin`, its state, which
is ours alone. Instead of `match` it may have the short form of 2016:
`"triggers": {"/buckets/x/collections/*/records": ["write"]}`.
"""

import copy
import hashlib
from collections.abc import Iterator
from typing import Any

from kinto.core.utils import json

Json = dict[str, Any]

STATE = "tocsin"  # the member that says what Tocsin has
KEPT = "[kept]"  # stands in the record for a secret
NOTE = "note"  # free text, for people
NOT_OURS = ("id", "last_modified", "schema", NOTE, STATE)
WRITES = ("create", "update", "delete")
PLURALS = {"buckets": "bucket", "collections": "collection", "groups": "group", "records": "record"}


class Refused(Exception):
    """The record is no subscription; says what is wrong with it."""


def body_of(record: Json, secrets: Json) -> Json:
    """What is PUT; raises Refused."""
    body = {name: value for name, value in record.items() if name not in NOT_OURS}
    body = copy.deepcopy(body)
    for path, value in secrets.items():
        put(body, path, value)
    if "triggers" in body:
        if "match" in body:
            raise Refused("`triggers` is a short form of `match`: give one of the two")
        body["match"] = match_of(body.pop("triggers"))
    return body


def match_of(triggers: Any) -> Json:
    if not isinstance(triggers, dict) or len(triggers) != 1:
        raise Refused("`triggers` has one path: make a record for each")
    ((path, words),) = triggers.items()
    parts = path.split("/") if isinstance(path, str) else []
    resource = (
        PLURALS.get(parts[-1] if len(parts) % 2 == 0 else parts[-2]) if len(parts) > 1 else None
    )
    if parts[:2] != ["", "buckets"] or resource is None:
        raise Refused("`triggers`: a path such as /buckets/blog/collections/*/records is expected")
    subject = path if len(parts) % 2 else f"{path}/*"
    return {
        "type": f"kinto.{resource}.*",
        "subject": subject,
        "data": {"payload": {"action": list(actions_of(words))}},
    }


def actions_of(words: Any) -> Iterator[str]:
    if not isinstance(words, list) or not words:
        raise Refused('`triggers`: a list of actions is expected, such as ["write"]')
    for word in words:
        if word == "write":
            yield from WRITES
        elif word in (*WRITES, "read"):
            yield word
        else:
            raise Refused(f"`triggers`: {word!r} is no action: write, read, create, update, delete")


def digest_of(record: Json) -> str:
    """Tells whether a record has changed, its state aside."""
    body = {name: value for name, value in record.items() if name not in NOT_OURS}
    text = json.dumps(body, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


#   Secrets: paths of members, such as deliver.secret.


def get(part: Any, path: str) -> Any:
    for name in path.split("."):
        part = part.get(name) if isinstance(part, dict) else None
    return part


def put(part: Json, path: str, value: Any) -> None:
    *way, last = path.split(".")
    for name in way:
        if not isinstance(part.get(name), dict):
            return
        part = part[name]
    part[last] = value


def take_secrets(record: Json, paths: tuple[str, ...], kept: Json) -> tuple[Json, Json]:
    """The record as it may be read, and the secrets that are kept from now on.

    A secret of the consumer's own that is not given again stays, as it does in Tocsin.
    """
    shown, secrets = copy.deepcopy(record), {}
    for path in paths:
        given = get(shown, path)
        if given is None:
            if path == "deliver.secret" and path in kept:
                secrets[path] = kept[path]
                put(shown, path, KEPT)
        elif given == KEPT:
            if path in kept:
                secrets[path] = kept[path]
        else:
            secrets[path] = given
            put(shown, path, KEPT)
    return shown, secrets
