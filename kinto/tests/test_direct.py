"""A real Kinto in memory: a queue, and files for what does not fit."""

from pathlib import Path

from conftest import MakeKinto
from harness.sink import Consumer
from harness.tocsin import Up
from harness.waiting import until
from server import Json, id_of_change

BLOG = "/buckets/blog/collections/articles"


def files(directory: Path) -> list[Path]:
    return list(directory.glob("*.spool"))


def lines(directory: Path) -> int:
    return sum(len(path.read_bytes().splitlines()) for path in files(directory))


def test_every_change_arrives_once(
    make_kinto: MakeKinto, over_memory: Json, everything: Consumer, tmp_path: Path
) -> None:
    kinto = make_kinto({**over_memory, "tocsin.spool_dir": tmp_path / "spool"})
    session = kinto.session()
    session.make_collection("blog/articles")
    session.put(f"{BLOG}/records/one", title="The tocsin")
    session.delete(f"{BLOG}/records/one")
    expected = {id_of_change(entry) for entry in session.history("blog")}
    assert len(expected) == 4
    everything.wait_for_ids(expected)
    assert set(everything.counts()) == expected
    assert kinto.hello()["capabilities"]["tocsin"]["mode"] == "direct"


def test_what_does_not_fit_into_the_queue_waits_in_a_file_until_tocsin_is_back(
    make_kinto: MakeKinto, over_memory: Json, everything: Consumer, tocsin: Up, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    kinto = make_kinto({**over_memory, "tocsin.spool_dir": spool, "tocsin.queue_max": 5})
    session = kinto.session()
    tocsin.kill()
    session.make_collection("blog/articles")
    for number in range(30):
        session.put(f"{BLOG}/records/r{number}", number=number)
    assert files(spool)
    tocsin.start()
    expected = {id_of_change(entry) for entry in session.history("blog")}
    everything.wait_for_ids(expected)
    assert set(everything.counts()) == expected
    until(lambda: not files(spool), "the file is removed")


def test_what_a_process_could_not_tell_before_it_was_killed_the_next_one_does(
    make_kinto: MakeKinto, over_memory: Json, everything: Consumer, tocsin: Up, tmp_path: Path
) -> None:
    settings = {**over_memory, "tocsin.spool_dir": tmp_path / "spool"}
    first = make_kinto(settings)
    session = first.session()
    tocsin.kill()
    session.make_collection("blog/articles")
    expected = {id_of_change(entry) for entry in session.history("blog")}
    until(lambda: lines(tmp_path / "spool") == len(expected), "all that waits is in files")
    first.process.kill()
    tocsin.start()
    make_kinto(settings)
    everything.wait_for_ids(expected)
    assert set(everything.counts()) == expected
