"""Whatever is sent: a documented error in Kinto's form, and nothing stored."""

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from harness.tocsin import Up

MIB = 1024 * 1024
GOOD = b'{"data": {"type": "a.b", "subject": "/a", "data": {}}}'


@dataclass(frozen=True)
class Case:
    """One request, and the error that it must be answered with."""

    name: str
    body: bytes
    status: int
    errno: int
    says: str = ""  # a part of the message, or of the name of what it is about
    method: str = "POST"
    path: str = "/v1/events"
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def data(text: str | bytes) -> bytes:
    """A plain event with this data."""
    text = text.encode() if isinstance(text, str) else text
    return b'{"data": {"type": "a.b", "subject": "/a", "data": %s}}' % text


def event(attribute: str) -> bytes:
    """A plain event with this attribute more."""
    subject = "" if '"subject"' in attribute else '"subject": "/a", '
    return ('{"data": {"type": "a.b", %s"data": {}, %s}}' % (subject, attribute)).encode()  # noqa: UP031


def typed(event_type: str) -> bytes:
    """A plain event of this type, in JSON."""
    return ('{"data": {"type": %s, "subject": "/a", "data": {}}}' % event_type).encode()  # noqa: UP031


OBJECT = '{"new": {"id": "a", "last_modified": 1}}'


def told(objects: str = f"[{OBJECT}]", **payload: object) -> bytes:
    """A notification with these impacted objects, and another payload than the usual."""
    usual = {"action": "create", "uri": "/buckets/a", "resource_name": "bucket", "timestamp": 1}
    given = {name: value for name, value in {**usual, **payload}.items() if value is not None}
    return f'{{"payload": {json.dumps(given)}, "impacted_objects": {objects}}}'.encode()


def not_json(name: str, body: bytes, says: str = "") -> Case:
    return Case(name, body, 400, 106, says)


def no_event(name: str, body: bytes, says: str = "") -> Case:
    return Case(name, body, 400, 109, says)


MALFORMED = [
    not_json("nothing", b""),
    not_json("blanks", b"  \r\n "),
    not_json("a_word", b"hello", "line 1"),
    not_json("cut_short", GOOD[:-3], "line 1"),
    not_json("more_after_the_end", GOOD + b"x", "line 1"),
    not_json("two_values", GOOD + GOOD),
    not_json("a_comma_too_many", b'{"data":\n {"type": "a.b",\n  "data": {},}}', "line 3"),
    not_json("single_quotes", b"{'data': {}}"),
    not_json("a_comment", b"/* */ " + GOOD),
    not_json("not_a_number", data("NaN")),
    not_json("a_leading_zero", data("01")),
    not_json("a_lone_minus", data("-")),
    not_json("a_number_that_ends_in_a_point", data("1.")),
    not_json("a_bad_escape", data(r'"\x"')),
    not_json("a_raw_line_break_in_a_string", data('"\n"')),
    not_json("a_zero_byte", data('"\0"')),
    not_json("a_lone_surrogate", data(r'"\ud83d"')),
    not_json("bad_utf8", data(b'"\xff"'), "UTF-8"),
    not_json("overlong_utf8", data(b'"\xc0\xaf"'), "UTF-8"),
    not_json("utf8_cut_short", data(b'"\xe2\x82"'), "UTF-8"),
    not_json("a_surrogate_in_utf8", data(b'"\xed\xa0\x80"'), "UTF-8"),
    not_json("utf16", GOOD.decode().encode("utf-16")),
    not_json("a_name_twice", b'{"data": {"type": "a.b", "type": "c.d", "data": {}}}', "twice"),
    not_json("a_name_twice_deep_in_the_data", data('{"a": [{"b": 1, "c": 2, "b": 1}]}'), "twice"),
    not_json("a_name_twice_by_an_escape", data(r'{"a": 1, "\u0061": 2}'), "twice"),
    not_json("deep_arrays", data("[" * 100 + "]" * 100), "nested"),
    not_json("deep_arrays_without_an_end", data("[" * 100_000)[:-2], "nested"),
    not_json("deep_objects", data('{"a":' * 50_000 + "1" + "}" * 50_000), "nested"),
    not_json("a_zero_in_an_attribute", event(r'"subject": "/a\u0000b"'), "u0000"),
]

WRONG = [
    no_event("an_array", b"[]"),
    no_event("a_number", b"17"),
    no_event("an_empty_object", b"{}"),
    no_event("data_that_is_no_object", b'{"data": 1}', "data"),
    no_event("no_type", b'{"data": {"subject": "/a", "data": {}}}', "type"),
    no_event("no_subject", b'{"data": {"type": "a.b", "data": {}}}', "subject"),
    no_event("an_empty_type", typed('""'), "type"),
    no_event("a_type_that_is_a_number", typed("1"), "type"),
    no_event("a_type_with_an_empty_segment", typed('"a..b"'), "type"),
    no_event("a_type_with_a_star", typed('"a.*"'), "type"),
    no_event("a_type_that_is_too_long", typed(f'"{"a" * 181}"'), "type"),
    no_event("a_subject_that_is_an_object", event('"subject": {}'), "subject"),
    no_event("a_subject_that_is_too_long", event(f'"subject": "/{"s" * 1024}"'), "subject"),
    no_event("a_subject_with_a_control_character", event(r'"subject": "/a\u0007"'), "subject"),
    no_event("an_id_that_is_a_number", event('"id": 5'), "id"),
    no_event("an_empty_id", event('"id": ""'), "id"),
    no_event("an_id_that_is_too_long", event(f'"id": "{"i" * 513}"'), "id"),
    no_event("a_key_that_is_a_list", event('"key": []'), "key"),
    no_event("a_time_that_is_none", event('"time": "yesterday"'), "time"),
    no_event("a_month_13", event('"time": "2026-13-01T00:00:00Z"'), "time"),
    no_event("a_source_that_is_too_long", event(f'"source": "{"s" * 1025}"'), "source"),
    no_event("an_unknown_attribute", event('"subjet": "/a"'), "subjet"),
    no_event("a_notification_without_objects", b'{"payload": {}}', "impacted_objects"),
    no_event("a_notification_without_payload", b'{"impacted_objects": []}', "payload"),
    no_event("objects_that_are_no_list", told(OBJECT), "impacted_objects"),
    no_event("an_object_that_is_a_number", told("[1]"), "impacted_objects"),
    no_event("an_object_without_new", told("[{}]"), "impacted_objects"),
    no_event("one_bad_object_among_good", told(f"[{OBJECT}, 1]"), "impacted_objects[1]"),
    no_event("no_action", told(action=None), "action"),
    no_event("an_action_that_is_a_number", told(action=7), "action"),
    no_event("nothing_that_says_what_it_is_about", told(uri=None, resource_name="record")),
    Case("objects_beyond_the_limit", told(f"[{','.join([OBJECT] * 1001)}]"), 413, 113),
    Case("an_event_over_the_limit", data('"' + "x" * MIB + '"'), 413, 113),
    Case("a_body_over_the_limit", data('"' + "x" * 5 * MIB + '"'), 413, 113),
    Case("a_form", GOOD, 415, 107, headers={"Content-Type": "application/x-www-form-urlencoded"}),
]

ELSEWHERE = [
    Case("no_such_path", GOOD, 404, 111, path="/v1/evnets"),
    Case("a_path_above_the_root", GOOD, 404, 111, path="/v1/../../etc/passwd"),
    Case("a_file", b"", 404, 111, method="GET", path="/.htpasswd"),
    Case("an_unknown_event", b"", 404, 111, method="GET", path="/v1/events/nothing"),
    Case("an_unknown_subscription", b"", 404, 111, method="GET", path="/v1/subscriptions/no"),
    Case("put_on_events", GOOD, 405, 115, method="PUT"),
    Case("patch_on_events", GOOD, 405, 115, method="PATCH"),
    Case("delete_of_an_event", b"", 405, 115, method="DELETE", path="/v1/events/a"),
]


def send(tocsin: Up, case: Case, token: str | None) -> tuple[int, dict[str, str], bytes]:
    """By hand, since a library would mend what is to be wrong."""
    connection = http.client.HTTPConnection("127.0.0.1", tocsin.port, timeout=20)
    headers = {"Content-Type": "application/json", **case.headers}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(case.method, case.path, case.body or None, headers)
    answer = connection.getresponse()
    got = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return got


def check_error(answer: tuple[int, dict[str, str], bytes], case: Case) -> None:
    status, headers, body = answer
    assert status == case.status, body
    assert headers["content-type"].startswith("application/json")
    error = json.loads(body)
    assert error["code"] == case.status
    assert error["errno"] == case.errno, error
    assert error["error"]
    assert error["message"]
    assert case.says.lower() in f"{error['message']} {error.get('details', '')}".lower(), error


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One for all cases: each must leave it well for the next."""
    with Up(tmp_path_factory.mktemp("bad-input")) as up:
        yield up
        up.client().publish(id="afterwards")
        assert up.status()["events"] == 1, "something bad was stored"


@pytest.mark.parametrize("case", MALFORMED, ids=str)
def test_what_is_not_json_is_refused_with_its_place(server: Up, case: Case) -> None:
    check_error(send(server, case, server.token), case)


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_what_is_no_event_is_refused_with_the_field(server: Up, case: Case) -> None:
    check_error(send(server, case, server.token), case)


@pytest.mark.parametrize("case", ELSEWHERE, ids=str)
def test_unknown_paths_and_methods_are_said_to_be_so(server: Up, case: Case) -> None:
    answer = send(server, case, server.token)
    check_error(answer, case)
    if case.status == 405:
        assert answer[1]["allow"]


@pytest.mark.parametrize("case", [*MALFORMED[:3], *WRONG[:3], ELSEWHERE[4]], ids=str)
def test_a_stranger_learns_nothing_but_that_a_token_is_needed(server: Up, case: Case) -> None:
    expected = Case(case.name, case.body, 401, 104, "token", case.method, case.path)
    status, headers, body = send(server, expected, None)
    check_error((status, headers, body), expected)
    assert "bearer" in headers["www-authenticate"].lower()


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Bearer tocsin_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "Bearer nonsense",
        "Bearer " + "x" * 5000,
        "Basic !!!",
        "Basic YTpi",
        "Digest nonsense",
        "nonsense",
    ],
)
def test_a_wrong_token_is_refused(server: Up, authorization: str) -> None:
    case = Case("", GOOD, 401, 104, headers={"Authorization": authorization})
    check_error(send(server, case, None), case)


#   Requests that no library would send: each is answered with an error, or its connection closed,
#   and the next one is served. The body of each would be an event.
def raw(head: str, body: bytes = GOOD) -> bytes:
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


def post_head(*headers: str) -> str:
    return "\n".join(
        ["POST /v1/events HTTP/1.1", "Host: a", "Authorization: Bearer TOKEN", *headers]
    )


SIZE = len(GOOD)
RAW = {
    "no_length": (raw(post_head()), 411),
    "a_length_that_is_no_number": (raw(post_head("Content-Length: many")), 400),
    "a_negative_length": (raw(post_head("Content-Length: -1")), 400),
    "two_lengths": (raw(post_head(f"Content-Length: {SIZE}", "Content-Length: 3")), 400),
    "a_length_beside_chunks": (
        raw(post_head(f"Content-Length: {SIZE}", "Transfer-Encoding: chunked")),
        400,
    ),
    "a_length_that_promises_a_terabyte": (raw(post_head("Content-Length: 1099511627776")), 413),
    "a_head_without_end": (b"POST /v1/events HTTP/1.1\r\nX: " + b"x" * 100_000, None),
    "an_unknown_method": (raw("BREW /v1/events HTTP/1.1\nHost: a", b""), 400),
    "no_http": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), None),
}  # fmt: skip


@pytest.mark.parametrize("name", RAW)
def test_a_request_that_breaks_http_is_refused(server: Up, name: str) -> None:
    request, status = RAW[name]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request.replace(b"TOKEN", server.token.encode()))
        answer = receive_all(connection)
    if status:
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    assert b" 202 " not in answer
    assert server.stranger().get("/v1/__lbheartbeat__").status_code == 200


def receive_all(connection: socket.socket) -> bytes:
    """What it says until it closes; a reset is as good an end as any."""
    answer = b""
    try:
        connection.shutdown(socket.SHUT_WR)
        while got := connection.recv(65536):
            answer += got
    except OSError:
        pass
    return answer


def test_a_path_without_a_version_is_sent_to_the_one_with_it(server: Up) -> None:
    answer = server.client().get("/subscriptions", allow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["Location"].endswith("/v1/subscriptions")


def test_a_client_that_says_expect_is_told_to_go_on(server: Up) -> None:
    case = data("01")  # refused, so that nothing is stored
    head = post_head(f"Content-Length: {len(case)}", "Expect: 100-continue", "Connection: close")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(raw(head, b"").replace(b"TOKEN", server.token.encode()))
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(case)
        assert receive_all(connection).startswith(b"HTTP/1.1 400 ")
