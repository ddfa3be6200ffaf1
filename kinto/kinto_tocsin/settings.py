"""Every setting `tocsin.*`: its default, its form, and what it means.

Each may stand in Kinto's .ini file, with or without the prefix `kinto.`, or in the environment:
`tocsin.url` is TOCSIN_URL or KINTO_TOCSIN_URL.
"""

import re
from dataclasses import dataclass, field, fields
from typing import Any

from kinto.core.utils import read_env
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.settings import asbool, aslist

ACTIONS = ("create", "update", "delete", "read")
WRITES = ("create", "update", "delete")
ON_SILENCE = ("allow", "deny")
MODES = ("auto", "outbox", "direct")
WHEN_FULL = ("drop", "refuse")
COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9_-]*")
PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def words(*default: str) -> Any:
    return field(default_factory=lambda: default)


@dataclass(frozen=True)
class Settings:
    url: str = ""  # of Tocsin's gateway, without /v1
    token: str = ""  # with the scope events:write
    source: str = "kinto"  # of the events; one for each Kinto that tells the same Tocsin
    mode: str = "auto"  # outbox in Kinto's storage, or direct where it has no transactions

    resources: tuple[str, ...] = words("bucket", "collection", "record")
    actions: tuple[str, ...] = words(*WRITES)
    buckets: tuple[str, ...] = ()  # patterns of ids; all, if there are none
    collections: tuple[str, ...] = ()  # patterns of ids, or of bucket/collection
    exclude: tuple[str, ...] = ()  # patterns of URIs
    redact: tuple[str, ...] = ()  # fields, `email` or `profile.phone` or `group:members`
    old: bool = True  # what the object was before goes along
    children: bool = True  # of a deleted bucket or collection get delete events of their own

    outbox_max: int = 1_000_000  # entries that may wait
    when_full: str = "drop"  # or refuse: then writes are answered 503
    failed_max: int = 10_000  # notifications kept aside that Tocsin refused
    queue_max: int = 1_000  # direct mode: entries in memory
    spool_dir: str = ""  # direct mode: where what does not fit is kept; one of its own in /tmp
    spool_max_bytes: int = 1 << 30

    subscriptions: str = ""  # collection whose records are subscriptions: tocsin/subscriptions
    subscriptions_token: str = ""  # scopes subscriptions:read and :write; `token` if left out
    subscriptions_prefix: str = "kinto."  # of their ids in Tocsin: all that begin so are ours
    subscriptions_secrets: tuple[str, ...] = words(
        "deliver.secret", "deliver.headers.Authorization"
    )
    subscriptions_seconds: float = 60.0  # between looks whether Tocsin has what the records say

    ask: tuple[str, ...] = ()  # patterns of URIs: writes that Tocsin may refuse or change
    ask_actions: tuple[str, ...] = words(*WRITES)
    ask_timeout_seconds: float = 3.0  # for all that a request writes
    ask_on_silence: str = "allow"  # or deny: what has not been decided by then is answered 503

    timeout_seconds: float = 30.0  # for one POST
    max_backoff_seconds: float = 60.0
    settle_seconds: float = 5.0  # for transactions under way, so that order can be kept
    poll_seconds: float = 5.0  # between looks for what other processes left
    ca_bundle: str = ""  # file of certificates, if the system's are not meant
    heartbeat: bool = False  # Kinto's __heartbeat__ fails when the outbox is stuck
    heartbeat_max_age_seconds: int = 300  # of the oldest that waits


def parse(value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        return tuple(str(word) for word in aslist(value))
    if isinstance(default, bool):
        return asbool(value)
    return type(default)(value)


def check(settings: Settings) -> None:
    for name, value, allowed in (
        ("mode", settings.mode, MODES),
        ("when_full", settings.when_full, WHEN_FULL),
        ("ask_on_silence", settings.ask_on_silence, ON_SILENCE),
        *(("actions", action, ACTIONS) for action in settings.actions),
        *(("ask_actions", action, WRITES) for action in settings.ask_actions),
    ):
        if value not in allowed:
            raise ConfigurationError(f"tocsin.{name} is {value!r}: one of {', '.join(allowed)}")
    check_subscriptions(settings)
    if not settings.url.startswith(("http://", "https://")):
        raise ConfigurationError(
            f"tocsin.url is {settings.url!r}: the address of Tocsin, such as http://127.0.0.1:8889"
        )
    if not settings.token:
        raise ConfigurationError("tocsin.token is missing: a token with the scope events:write")


def check_subscriptions(settings: Settings) -> None:
    if settings.subscriptions and not COLLECTION.fullmatch(settings.subscriptions):
        raise ConfigurationError(
            f"tocsin.subscriptions is {settings.subscriptions!r}: bucket/collection"
        )
    if not PREFIX.fullmatch(settings.subscriptions_prefix):
        raise ConfigurationError(
            f"tocsin.subscriptions_prefix is {settings.subscriptions_prefix!r}: "
            "1-40 of A-Za-z0-9_.-"
        )


def load(config: Configurator) -> Settings:
    given = config.get_settings()
    found: dict[str, Any] = {}
    for each in fields(Settings):
        key = f"tocsin.{each.name}"
        value = read_env(f"kinto.{key}", read_env(key, given.get(key)))
        if value is None or value == "":
            continue
        try:
            found[each.name] = parse(value, getattr(Settings(), each.name))
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"{key} is {value!r}: {error}") from error
    if "url" in found:
        found["url"] = found["url"].rstrip("/").removesuffix("/v1")
    settings = Settings(**found)
    check(settings)
    return settings
