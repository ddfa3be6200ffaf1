"""kinto-tocsin: a plug-in for Kinto that tells Tocsin of every change that was committed.

kinto.includes = kinto_tocsin
tocsin.url = http://127.0.0.1:8889
tocsin.token = tocsin_…
"""

from typing import Any

from kinto.core.storage.memory import MemoryBasedStorage
from pyramid.events import NewRequest
from pyramid.exceptions import ConfigurationError
from pyramid.settings import asbool

from kinto_tocsin import settings as read_settings
from kinto_tocsin.asking import Asking
from kinto_tocsin.before_commit import Registration, Step, add_tween
from kinto_tocsin.health import Health
from kinto_tocsin.listener import Listener, subscribe
from kinto_tocsin.metrics import Metrics
from kinto_tocsin.outbox import Lease, Outbox
from kinto_tocsin.registrar import Registrar
from kinto_tocsin.relay import Relay
from kinto_tocsin.settings import Settings
from kinto_tocsin.spool import NoLease, Spool
from kinto_tocsin.subscription_records import SubscriptionRecords
from kinto_tocsin.version import __version__

__all__ = ["__version__", "includeme"]

URL = "https://github.com/Kinto/tocsin"


def mode_of(settings: Settings, storage: Any) -> str:
    """Storages that are like the one in memory have no transactions."""
    if settings.mode != "auto":
        return settings.mode
    return "direct" if isinstance(storage, MemoryBasedStorage) else "outbox"


def includeme(config: Any) -> None:
    if asbool(config.get_settings().get("readonly")):
        return  # nothing changes through it, and its storage may be one that cannot be written
    settings = read_settings.load(config)
    mode = mode_of(settings, config.registry.storage)
    metrics = Metrics(config.registry)
    storage = config.registry.storage
    store = Spool(settings) if mode == "direct" else Outbox(storage, settings.settle_seconds)
    health = Health(settings, metrics)
    relay = Relay(settings, store, health)
    listener = Listener(settings, store, relay, metrics)
    config.registry.tocsin = listener
    if settings.heartbeat:
        config.registry.heartbeats["tocsin"] = health.heartbeat
    config.add_api_capability(
        "tocsin",
        description="Changes are told to Tocsin, which delivers them to whoever subscribed.",
        url=URL,
        version=__version__,
        mode=mode,
    )
    subscribe(config, listener)
    steps: list[Step] = []
    if settings.subscriptions:
        steps.append(register(config, settings, mode))
    if settings.ask:
        if mode == "direct":
            raise ConfigurationError("tocsin.ask needs a storage with transactions: PostgreSQL")
        steps.append(Asking(settings, config.registry, metrics))
    add_tween(config, steps)


def register(config: Any, settings: Settings, mode: str) -> Registration:
    """Records of a collection are subscriptions."""
    storage = config.registry.storage
    records = SubscriptionRecords(settings, storage)
    lease = NoLease() if mode == "direct" else Lease(storage, "registrar")
    registrar = Registrar(settings, records, lease)
    config.add_subscriber(lambda event: registrar.thread.start(), NewRequest)
    return Registration(records, registrar)
