"""Files that are made once: whoever comes at the same moment finds the first one's, whole."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from infra.private_files import write_once

AT_ONCE, TIMES = 8, 25


def test_of_many_at_once_one_is_first_and_nobody_fails(tmp_path: Path) -> None:
    """Two visitors of one page are two threads of one process."""
    together = Barrier(AT_ONCE)

    def write(path: Path, who: int) -> bytes:
        together.wait()
        write_once(path, bytes([who]) * 10_000)
        return path.read_bytes()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        for number in range(TIMES):
            path = tmp_path / "deep" / f"{number}.json"
            seen = set(threads.map(lambda who, path=path: write(path, who), range(AT_ONCE)))
            assert seen in [{bytes([who]) * 10_000} for who in range(AT_ONCE)]
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(file.name for file in (tmp_path / "deep").iterdir()) == sorted(f"{n}.json" for n in range(TIMES))


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_bytes(b"first")
    write_once(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]
