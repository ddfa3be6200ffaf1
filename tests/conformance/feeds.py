"""feeds - broadcast: rules for those who listen. Who never says LISTEN keeps them all."""

import json

import zmq

from broker import INTERVAL, SLACK, Broker
from rule import rule
from words import Body, encode

SUBSCRIPTION = "news"
CREATED = 1_795_489_200_000


class Feed:
    """The broker's third socket, and one subscription that is told on it."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.version = CREATED
        self.last = 0  # of the log
        self.told = 0  # of the feed
        self._socket = broker.open_feed()
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def entry(self) -> Body:
        return {"subscription": SUBSCRIPTION, "version": self.version, "seqs": [self.told]}

    def say_feeds(self, **more: object) -> None:
        told = json.loads(self.broker.sink.deliver_json(self.broker.action, "/ok"))
        document = {
            "id": SUBSCRIPTION,
            "mode": "broadcast",
            "match": {},
            "created": CREATED,
            "last_modified": self.version,
            "retry": {"max_attempts": 3, "schedule_ms": [100]},
            **told,
            **more,
        }
        feed = {**self.entry(), "created_ms": CREATED, "document": json.dumps(document)}
        places = {"firsts": [1], "lasts": [self.last]}
        self.broker.say("FEEDS", {"endpoint": self.endpoint, "feeds": [feed], **places})

    def beats(self) -> None:
        """From now on heartbeats tell how far the feed has come."""
        told = {"feeds": [self.entry()], "tells_feeds": True, "lasts": [self.last]}
        self.broker.beats_with = told

    def wait_for_listener(self) -> None:
        def is_wanted() -> bool:
            wanted = f"\x01{SUBSCRIPTION}/".encode()
            return bool(self._socket.poll(0)) and self._socket.recv() == wanted

        self.broker.wait_until(is_wanted, "it subscribes to the topics of the subscription")

    def event(self, seq: int) -> Body:
        return {
            "id": f"e{seq}",
            "type": "test.thing",
            "subject": "/things/1",
            "time": "2026-11-24T03:00:00Z",
            "seq": seq,
            "accepted_ms": 1,
            "data": b"{}",
        }

    def tell(self, seq: int, prev: int) -> None:
        self.told = self.last = max(self.told, seq)
        body = {"subscription": SUBSCRIPTION, "prev": prev, "event": self.event(seq)}
        self._socket.send_multipart([f"{SUBSCRIPTION}/test.thing".encode(), *encode("FEED", body)])

    def page(self, above: int, reached: int) -> None:
        events = [self.event(seq) for seq in range(above + 1, reached + 1)]
        place = {"subscription": SUBSCRIPTION, "above": above, "reached": reached, "first": 1}
        self.broker.say("PAGE", {**place, "events": events})

    def performed(self, count: int) -> None:
        """So many were performed, and no more come."""
        paths = self.broker.sink.paths
        self.broker.wait_until(lambda: len(paths) >= count, f"{count} are performed: {len(paths)}")
        self.broker.hear(2 * INTERVAL)
        assert len(paths) == count, f"{len(paths)} were performed, and {count} are right"


def listens(broker: Broker) -> bool:
    broker.welcome()
    broker.hear(INTERVAL + SLACK)
    return any(said.command == "LISTEN" for said in broker.said)


def begin(broker: Broker) -> Feed | None:
    """A worker that listens, and has heard nothing yet; None: it does not listen."""
    if not listens(broker):
        return None
    feed = Feed(broker)
    feed.say_feeds()
    feed.wait_for_listener()
    feed.beats()
    return feed


@rule("6.10")
def listen_is_repeated_until_feeds_come(broker: Broker) -> None:
    if not listens(broker):
        return
    broker.look_again()
    broker.expect("LISTEN", seconds=2 * INTERVAL + SLACK)
    Feed(broker).say_feeds()
    broker.hear(INTERVAL)
    place = len(broker.said)
    broker.hear(4 * INTERVAL)
    assert not broker.since(place, "LISTEN"), "it was answered"


@rule("6.10")
def what_is_told_is_performed_once(broker: Broker) -> None:
    feed = begin(broker)
    if not feed:
        return
    for seq in range(1, 6):
        feed.tell(seq, seq - 1)
        feed.tell(seq, seq - 1)
    feed.tell(2, 1)
    feed.beats()
    feed.performed(5)


@rule("6.10")
def a_prev_that_was_never_told_is_no_gap_where_nothing_lies_between(broker: Broker) -> None:
    feed = begin(broker)
    if not feed:
        return
    feed.tell(3, 0)
    feed.tell(7, 2)  # as after a restart of the broker: it knows less well
    feed.beats()
    feed.performed(2)
    assert not broker.since(0, "CATCH_UP"), "nothing was lacking"


@rule("6.10")
def a_gap_is_asked_for_and_filled(broker: Broker) -> None:
    feed = begin(broker)
    if not feed:
        return
    feed.tell(1, 0)
    feed.tell(4, 3)
    broker.expect("CATCH_UP", where=lambda body: body.get("above", 0) == 1)
    feed.page(1, 4)
    performed = broker.sink.paths  # by another socket than the feed: what is told next may overtake
    broker.wait_until(lambda: len(performed) == 4, "the page is performed")
    feed.tell(5, 4)
    feed.beats()
    feed.performed(5)


@rule("6.10")
def a_question_that_is_not_answered_is_asked_again(broker: Broker) -> None:
    feed = begin(broker)
    if not feed:
        return
    feed.tell(2, 1)
    feed.beats()
    broker.expect("CATCH_UP")
    broker.expect("CATCH_UP", where=lambda body: body.get("above", 0) == 0)
    feed.page(0, 1)  # not all of it
    broker.expect("CATCH_UP", where=lambda body: body.get("above", 0) == 1)
    feed.page(1, 2)
    feed.performed(2)


@rule("6.10")
def a_tail_that_was_lost_shows_in_heartbeats(broker: Broker) -> None:
    feed = begin(broker)
    if not feed:
        return
    feed.tell(1, 0)
    feed.told = feed.last = 3
    feed.beats()
    broker.expect("CATCH_UP", where=lambda body: body.get("above", 0) == 1)
    feed.page(1, 3)
    feed.performed(3)


@rule("6.10")
def a_version_that_is_not_known_is_asked_about(broker: Broker) -> None:
    feed = begin(broker)
    if not feed:
        return
    broker.look_again()
    feed.version += 1
    feed.beats()
    broker.expect("LISTEN", seconds=3 * INTERVAL + SLACK)
    feed.say_feeds(paused=True)
    broker.hear(INTERVAL)
    feed.tell(1, 0)
    feed.beats()
    broker.hear(2 * INTERVAL)
    assert not broker.sink.paths, "it is paused"
    feed.version += 1
    feed.beats()
    broker.expect("LISTEN", seconds=3 * INTERVAL + SLACK)
    feed.say_feeds()
    broker.hear(INTERVAL)
    if not broker.sink.paths and broker.since(0, "CATCH_UP"):
        feed.page(0, 1)
    feed.performed(1)


@rule("6.10")
def a_subscription_that_is_told_of_no_more_is_left(broker: Broker) -> None:
    feed = begin(broker)
    if not feed:
        return
    broker.beats_with = {"feeds": [], "tells_feeds": True, "lasts": [0]}
    broker.hear(3 * INTERVAL)
    feed.tell(1, 0)
    feed.performed(0)
    broker.goes_on()
