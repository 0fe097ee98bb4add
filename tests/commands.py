"""The `longan` command in a process of its own, forked from one that has imported the house: what most commands take longest for
is done once for all of them.
"""

import asyncio
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.patience import SECONDS_MAX

_forking = get_context("forkserver")
_forking.set_forkserver_preload(["api.cli", "api.wiring"])


async def longan(*words: str, said: str = "", **environment: str) -> tuple[int, str]:
    """Its exit code, and all that it told; `said` is what is typed, `environment` what it finds beside what all find."""
    code, out, err = await asyncio.to_thread(_run, words, said, environment)
    return code, out + err


async def figures(*words: str) -> tuple[int, Any]:
    """Its exit code, and the one JSON object that it prints."""
    code, out, err = await asyncio.to_thread(_run, (*words, "--json"), "", {})
    assert out.startswith("{"), (out, err)
    return code, json.loads(out)


def _run(words: tuple[str, ...], said: str, environment: Mapping[str, str]) -> tuple[int, str, str]:
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder, name) for name in ("in", "out", "err")]
        for path in streams:
            path.write_text(said if path is streams[0] else "")
        process = _forking.Process(target=_be_the_command, args=(words, {**os.environ, **environment}, streams))
        process.start()
        process.join(SECONDS_MAX)
        code, (_, out, err) = process.exitcode, [path.read_text() for path in streams]
        process.kill()
        assert code is not None, f"longan {' '.join(words)} does not end:\n{out}{err}"
        return code, out, err


def _be_the_command(words: tuple[str, ...], environment: Mapping[str, str], streams: list[Path]) -> None:
    from api.cli import app
    from infra.settings import settings

    os.setsid()
    for number, path in enumerate(streams):
        os.dup2(os.open(path, os.O_RDWR | os.O_APPEND), number)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115  it was closed for every such process
    os.environ.clear()
    os.environ.update(environment)
    settings.cache_clear()
    warnings.simplefilter("ignore")
    app(words, prog_name="longan")
