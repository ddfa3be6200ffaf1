"""Kinto's own client against the gateway: it finds the conventions that it knows."""

import kinto_http
import pytest
from kinto_http.exceptions import KintoException

from harness.tocsin import Daemons, Up

DOCUMENT = {"deliver": {"url": "http://127.0.0.1:9/"}, "match": {"type": "nobody.sends.this"}}


def session(tocsin: Up | Daemons, token: str | None = None) -> kinto_http.Session:
    auth = kinto_http.BearerTokenAuth(token or tocsin.token)
    return kinto_http.Session(server_url=tocsin.url + "/v1", auth=auth)


def test_it_makes_reads_and_deletes_a_subscription(tocsin: Up) -> None:
    client = session(tocsin)
    body, headers = client.request("put", "/subscriptions/s", payload={"data": DOCUMENT})
    assert body["data"]["id"] == "s"
    etag = headers["ETag"]
    assert etag == f'"{body["data"]["last_modified"]}"'
    body, _ = client.request("get", "/subscriptions/s", headers={"If-Match": etag})
    assert body["data"]["match"] == DOCUMENT["match"]
    body, _ = client.request("delete", "/subscriptions/s", headers={"If-Match": etag})
    assert body["data"]["deleted"] is True


def test_it_understands_our_errors(tocsin: Up) -> None:
    client = session(tocsin)
    for method, path, status, errno in (
        ("get", "/subscriptions/none", 404, 111),
        ("get", "/nowhere", 404, 111),
        ("delete", "/events/one", 405, 115),
    ):
        with pytest.raises(KintoException) as caught:
            client.request(method, path)
        assert caught.value.response.status_code == status
        assert caught.value.response.json()["errno"] == errno
        assert str(status) in str(caught.value)

    with pytest.raises(KintoException) as caught:
        session(tocsin, "wrong").request("get", "/subscriptions")
    assert caught.value.response.status_code == 401


def test_it_repeats_by_itself_what_a_503_asked_it_to(daemons: Daemons) -> None:
    client = session(daemons)
    client.nb_retry = 20
    daemons.broker.kill()
    with pytest.raises(KintoException) as caught:
        kinto_http.Session(server_url=client.server_url, auth=client.auth).request(
            "get", "/subscriptions"
        )
    assert caught.value.response.status_code == 503
    daemons.start_broker()
    body, _ = client.request("get", "/subscriptions")
    assert body["data"] == []


def test_its_hello_is_ours(tocsin: Up) -> None:
    client = kinto_http.Client(
        server_url=tocsin.url + "/v1", auth=kinto_http.BearerTokenAuth(tocsin.token)
    )
    assert client.server_info()["project_name"].lower() == "tocsin"
