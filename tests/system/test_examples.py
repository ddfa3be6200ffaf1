"""The worked examples of docs/examples: the very configuration, program and JSON of each page."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kinto_http
import pytest

from harness.balrog import Balrog, Outsider
from harness.client import Json
from harness.kinto import EXAMPLES, Kinto, by_plugin
from harness.tocsin import Daemons, run
from harness.waiting import until

WRITER = ("tocsin", "s3cret")  # of both pages


def blocks(page: str, language: str) -> list[str]:
    text = (EXAMPLES / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def documents(page: str) -> list[Json]:
    return [json.loads(block)["data"] for block in blocks(page, "json")]


@pytest.fixture
def kinto(daemons: Daemons, tmp_path: Path) -> Iterator[Kinto]:
    kinto = Kinto(tmp_path, by_plugin(daemons.url, daemons.make_token("events:write")))
    try:
        kinto.wait_until_it_serves()
        yield kinto
    finally:
        kinto.process.end()


def collection(kinto: Kinto, name: str) -> kinto_http.Client:
    """One of the bucket `addons`, which is the writer's own."""
    client = kinto_http.Client(server_url=kinto.url, auth=WRITER, bucket="addons", collection=name)
    client.create_bucket(id="addons")
    client.create_collection(id=name)
    return client


def start_worker(daemons: Daemons, configuration: str, **replaced: str) -> None:
    """With the configuration of a page, in which hosts and paths are those of the test."""
    for old, new in replaced.items():
        assert old in configuration
        configuration = configuration.replace(old, new)
    (daemons.directory / "tocsin.conf").write_text(configuration)
    daemons.wait_for_workers(daemons.start_worker())


def eventually(client: kinto_http.Client, record: str, member: str) -> Any:
    def look() -> Any:
        return client.get_record(id=record)["data"].get(member)

    return until(look, f"{record} has a member {member}")


def events_of(daemons: Daemons, event_type: str) -> list[Json]:
    found: list[Json] = daemons.client().get(f"/v1/events?type={event_type}").json()["data"]
    return found


def install(place: Path, program: str) -> Path:
    path = place / "build-addon"
    path.write_text(program)
    path.chmod(0o755)
    return path


@pytest.fixture
def sources(daemons: Daemons, kinto: Kinto, public_place: Path) -> kinto_http.Client:
    """The collection whose records are built, with all that the page asks for."""
    (program,) = blocks("build.md", "python")
    ini, configuration = blocks("build.md", "ini")[0], blocks("build.md", "zpl")[0]
    assert "kinto.includes = kinto_tocsin" in ini
    user = 'user = "builder"'
    start_worker(
        daemons,
        configuration,
        **{
            "/usr/local/bin/build-addon": str(install(public_place, program)),
            "http://127.0.0.1:8888/v1": kinto.url,
            user: 'user = "nobody"' if os.geteuid() == 0 else 'user = ""',
        },
    )
    client = collection(kinto, "sources")
    for subscription in documents("build.md")[:2]:
        daemons.client().subscribe(subscription)
    return client


def test_a_build_is_run_and_its_result_written_back_and_that_is_all(
    daemons: Daemons, sources: kinto_http.Client
) -> None:
    record = documents("build.md")[2]
    sources.create_record(id="bell", data=record)
    build = eventually(sources, "bell", "build")
    (created,) = events_of(daemons, "kinto.record.create")
    assert (build["status"], build["version"], build["event"]) == ("built", "1.0", created["id"])
    assert sources.get_record(id="bell")["data"]["source"] == record["source"]

    #   Kinto tells of that write, too: as ours, two actions away from the record's creation.
    updates = until(lambda: events_of(daemons, "kinto.record.update"), "Kinto tells of the write")
    (result,) = events_of(daemons, "addons.built")
    (ours,) = updates
    assert (ours["causation"], ours["root"], ours["hops"]) == (result["id"], created["id"], 2)
    assert (result["causation"], result["via"], result["hops"]) == (created["id"], "build", 1)

    #   No loop: nobody builds what we wrote ourselves.
    said = run(
        "explain", ours["id"], "build", f"--url={daemons.url}", f"--token={daemons.token}"
    ).stdout
    assert "causation" in said
    assert daemons.client().event(ours["id"])["deliveries"] == []
    shown = run("show", created["id"], f"--url={daemons.url}", f"--token={daemons.token}").stdout
    for each in (created, result, ours):
        assert each["id"] in shown

    #   Somebody else's change is built anew.
    sources.patch_record(id="bell", data={"version": "1.1"})
    until(
        lambda: sources.get_record(id="bell")["data"]["build"]["version"] == "1.1",
        "the change is built",
    )


def test_a_build_that_fails_is_a_dead_letter_and_writes_nothing(
    daemons: Daemons, sources: kinto_http.Client
) -> None:
    sources.create_record(id="bell", data={"version": "1.0"})
    (created,) = until(lambda: events_of(daemons, "kinto.record.create"), "Kinto tells of it")
    dead = daemons.client().wait_for_delivery(created["id"], "build", "dead")
    assert dead["attempts"][0]["error"] == "exit code 1: a source is missing"
    assert not events_of(daemons, "addons.built")
    assert "build" not in sources.get_record(id="bell")["data"]


def test_without_the_guard_a_row_of_builds_ends_at_its_limit(
    daemons: Daemons, sources: kinto_http.Client
) -> None:
    client = daemons.client()
    build = documents("build.md")[0]
    del build["match"]["data"]
    client.put("/v1/subscriptions/build", {"data": build}).raise_for_status()
    result = documents("build.md")[1]
    result["action"]["object"]["build"]["after"] = "{hops}"  # so that each write is a change
    client.put("/v1/subscriptions/build-result", {"data": result}).raise_for_status()
    sources.create_record(id="bell", data=documents("build.md")[2])

    def stopped() -> list[Json]:
        letters: list[Json] = []
        for name in ("build", "build-result"):
            page = client.get(f"/v1/subscriptions/{name}/dead-letters").json()
            letters += page["data"]
        return letters

    until(stopped, "the row has ended", 120)
    hops = [each["hops"] for each in events_of(daemons, "kinto.record.update")]
    assert max(hops) == 16
    assert len(hops) == 8


def test_an_add_on_goes_from_kinto_to_balrog_and_the_record_says_so(
    daemons: Daemons, kinto: Kinto
) -> None:
    balrog = Balrog()
    try:
        balrog.client = {
            "client_id": "tocsin",
            "client_secret": "s3cret",
            "audience": "balrog",
        }
        (configuration,) = blocks("balrog.md", "zpl")
        start_worker(
            daemons,
            configuration,
            **{
                "https://balrog.example/api": balrog.url,
                "https://auth.example/oauth/token": f"http://{balrog.host}/oauth/token",
                "http://127.0.0.1:8888/v1": kinto.url,
            },
        )
        record, *subscriptions = documents("balrog.md")
        system = collection(kinto, "system")
        for subscription in subscriptions:
            daemons.client().subscribe(subscription)
        released(daemons, balrog, system, record)
        wants_a_sign_off(daemons, balrog, system, record)
    finally:
        balrog.end()


def released(daemons: Daemons, balrog: Balrog, system: kinto_http.Client, record: Json) -> None:
    system.create_record(id="hotfix", data={**record, "status": "signed"})
    system.patch_record(id="hotfix", data={"status": "released"})
    noted = eventually(system, "hotfix", "balrog")
    assert noted["data_versions"] == {".": 1}
    blob, version = Outsider(balrog).blob(record["release"])
    assert (blob["addons"], version) == (record["addons"], 1)
    (shipped,) = events_of(daemons, "addons.shipped")
    assert shipped["via"] == "addons-to-balrog"


def wants_a_sign_off(
    daemons: Daemons, balrog: Balrog, system: kinto_http.Client, record: Json
) -> None:
    balrog.signed_off.add("SystemAddons")
    changed = json.loads(json.dumps(record["addons"]).replace("1.1", "1.2"))
    system.patch_record(id="hotfix", data={"addons": changed})
    client = daemons.client()
    path = "/v1/subscriptions/addons-to-balrog/dead-letters"
    (letter,) = until(lambda: client.get(path).json()["data"], "it is a dead letter")
    attempt = client.delivery(letter["event"]["id"], "addons-to-balrog")["attempts"][0]
    assert attempt["error"].startswith("Signoff Required: a person has to sign off this change")
    balrog.signed_off.clear()
    client.post(f"{path}/redrive").raise_for_status()
    client.wait_for_delivery(letter["event"]["id"], "addons-to-balrog", "delivered")
    assert Outsider(balrog).blob(record["release"]) == (
        {**balrog.releases[record["release"]].blob, "addons": changed},
        2,
    )


def test_a_pre_event_validates_records(daemons: Daemons, public_place: Path) -> None:
    (program,) = blocks("validate.md", "python")
    start_worker(
        daemons,
        blocks("validate.md", "zpl")[0],
        **{
            "/usr/local/bin/validate-article": str(install(public_place, program)),
            'user = "builder"': 'user = "nobody"' if os.geteuid() == 0 else 'user = ""',
            "timeout_ms = 2000": "timeout_ms = 30000",
        },
    )
    subscription, question, expected = documents("validate.md")
    client = daemons.client()
    subscription["ask"]["timeout_ms"] = 30000
    client.subscribe(subscription)

    def ask(data: Json) -> Json:
        answer = client.post("/v1/events", {"data": {**question, "data": data}})
        assert answer.status_code == 200, answer.text
        decided: Json = answer.json()["data"]
        return decided

    decided = ask(question["data"])
    for name in ("decision", "object"):
        assert decided[name] == expected[name]
        assert decided["answers"][0][name] == expected["answers"][0][name]
    decided = ask({"new": {"id": "43", "title": " "}})
    assert (decided["decision"], decided["reason"]) == ("deny", "an article needs a title")
    assert ask({"new": {"id": "44", "title": "x", "slug": "x"}})["decision"] == "allow"
    (answer,) = ask({"new": {"id": "45", "title": 7}})["answers"]
    assert (answer["silence"], answer["decision"]) == ("FAILED", "deny")
    assert "AttributeError" in answer["error"]
    assert ask({"old": {"id": "45"}})["answers"] == []
