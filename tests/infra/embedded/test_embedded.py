"""The embedded servers: kept between runs, closed to others, and not stopped for long by a kill -9."""

import os
import shutil
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra import embedded
from infra.embedded.postgres import PATH_BYTES_MAX, Postgres, PostgresFailed, make_private
from infra.embedded.privileges import unprivileged
from infra.running.processes import titled
from infra.running.programs import Process, RunsAs


def test_both_servers_answer(tmp_path: Path) -> None:
    with embedded.servers(tmp_path) as servers:
        assert servers.database_url == f"postgresql+asyncpg://postgres@/longan?host={servers.postgres.sockets}"
        assert servers.postgres.sql("SELECT count(*) FROM pg_database WHERE datname = 'longan'") == "1"
        assert redis.Redis.from_url(servers.valkey_url).ping() is True


def test_nothing_runs_after_the_block(tmp_path: Path) -> None:
    with embedded.servers(tmp_path, durable=False) as servers:
        assert len(titled(servers.postgres.mark)) > 1
    assert titled(servers.postgres.mark) == []
    assert not servers.valkey.answers()
    assert not servers.postgres.sockets.exists()


def test_data_and_addresses_are_kept_between_runs(tmp_path: Path) -> None:
    with embedded.servers(tmp_path) as servers:
        servers.create_database("kept")
        with redis.Redis.from_url(servers.valkey_url) as client:
            client.set("kept", "yes")
        addresses = servers.database_url, servers.valkey_url
    with embedded.servers(tmp_path) as servers:
        assert servers.postgres.has_database("kept")
        with redis.Redis.from_url(servers.valkey_url) as client:
            assert client.get("kept") == b"yes"
        assert (servers.database_url, servers.valkey_url) == addresses


def test_what_is_committed_is_on_the_disk(tmp_path: Path) -> None:
    with embedded.servers(tmp_path) as servers:
        assert [servers.postgres.sql(f"SHOW {name}") for name in ("fsync", "synchronous_commit")] == ["on", "on"]


def test_a_database_is_copied_from_a_template(tmp_path: Path) -> None:
    with embedded.servers(tmp_path, durable=False) as servers:
        url = servers.create_database("second", template="longan")
        assert url == servers.postgres.url("second")
        servers.drop_database("second")
        assert not servers.postgres.has_database("second")


def test_nobody_else_can_reach_either_server(tmp_path: Path) -> None:
    with embedded.servers(tmp_path, durable=False) as servers:
        assert servers.postgres.sockets.stat().st_mode & 0o777 == 0o700
        assert servers.postgres.sql("SHOW listen_addresses") == ""
        assert servers.valkey.configuration.stat().st_mode & 0o777 == 0o600
        port, _ = servers.valkey.recorded()
        with pytest.raises(redis.AuthenticationError), redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger:
            stranger.ping()


def test_a_killed_postgres_starts_again_with_its_data(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "postgres")
    program = postgres.program(tmp_path / "postgres.log")
    first = Process(program, tmp_path)
    first.wait_until_ready()
    postgres.create_database("kept")
    first.popen.kill()
    first.popen.wait()
    second = Process(program, tmp_path)
    second.wait_until_ready()
    assert postgres.has_database("kept")
    second.stop()
    postgres.tidy()


def test_a_stale_pid_that_is_somebody_elses_now_is_no_obstacle(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "postgres", durable=False)
    postgres.prepare()
    for name in (postgres.data / "postmaster.pid", postgres.sockets / ".s.PGSQL.5432.lock"):
        name.write_text(f"{os.getppid()}\n{postgres.data}\n1\n5432\n{postgres.sockets}\n\n 1 1\nready\n")
    process = Process(postgres.program(tmp_path / "postgres.log"), tmp_path)
    process.wait_until_ready()
    process.stop()
    postgres.tidy()


def test_a_data_folder_that_was_never_finished_is_made_again(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres" / "unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with embedded.servers(tmp_path, durable=False) as servers:
        assert servers.postgres.sql("SELECT 1") == "1"


def test_postgres_ends_by_a_fast_shutdown(tmp_path: Path) -> None:
    with embedded.servers(tmp_path, durable=False):
        pass
    assert "received fast shutdown request" in (tmp_path / "log" / "postgres.log").read_text()


def test_a_socket_path_that_would_be_too_long_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/a" * 50)
    postgres = Postgres(tmp_path / "postgres")
    assert postgres.sockets.parent == Path("/tmp")
    assert len(os.fsencode(postgres.sockets / ".s.PGSQL.5432.lock")) <= PATH_BYTES_MAX


def test_a_link_in_the_place_of_the_private_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "private").symlink_to(tmp_path)
    with pytest.raises(PostgresFailed, match="belongs to somebody else"):
        make_private(tmp_path / "private", RunsAs())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend the data to another uid")
def test_without_user_namespaces_root_lends_postgres_another_uid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Outside of pytest's own folder, which is closed to others, as root's home is.
    lent = Path("/var/lib/longan-test")
    monkeypatch.setattr("infra.embedded.postgres.LENT", lent)
    uid, gid = unprivileged()
    postgres = Postgres(tmp_path / "postgres", durable=False, identity=RunsAs("become", uid, gid))
    process = Process(postgres.program(tmp_path / "postgres.log"), tmp_path)
    process.wait_until_ready()
    assert postgres.data.stat().st_uid == uid
    assert (tmp_path / "postgres").is_symlink()
    again = Postgres(tmp_path / "postgres")
    assert (again.identity.how, again.folder) == ("become", postgres.folder)
    process.stop()
    assert process.popen.returncode == 0
    postgres.tidy()
    shutil.rmtree(lent)
