"""What keeps the process that reads a bill from all else: limits of time and memory, and a filter of what it may ask the kernel.

The filter (seccomp, Linux) leaves reading and writing what is open already, memory, and an end: no network, no file, no other program.
"""

import codecs
import ctypes
import importlib
import platform
import resource
import struct
import sys
import time
from collections.abc import Mapping

from integrations.bills.refused import BillRefused, Fault

MEMORY_BYTES = 500_000_000
CPU_SECONDS = 25
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER_MODE = 38, 22, 2

# By machine: what the kernel calls it, and the numbers of read, write, close, fstat, lseek, mmap, mprotect, munmap, brk, rt_sigaction,
# rt_sigprocmask, rt_sigreturn, madvise, mremap, getpid, exit, exit_group, futex, clock_gettime, getrandom, gettid, sched_yield, ioctl's
# stand apart: a terminal is asked for, and refused.
ALLOWED = {
    "x86_64": (0xC000003E, (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 25, 28, 39, 60, 231, 202, 228, 318, 186, 24)),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 233, 216, 172, 93, 94, 98, 113, 278, 178, 124),
    ),
}
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000  # REFUSE answers EPERM


def can_confine() -> bool:
    return sys.platform == "linux" and platform.machine() in ALLOWED


def make_ready(*, is_packed: bool) -> None:
    """Bring in what Python would look for only when it is needed: later there are no files any more."""
    for encoding in ("gb18030", "utf-8-sig", "cp437"):
        codecs.lookup(encoding)
    time.strptime("2026", "%Y")
    if is_packed:
        importlib.import_module("integrations.bills.trying").read_everything_once()


def confine() -> None:
    """Keeps this process from all but reading.

    Raises BillRefused CANNOT_CONFINE where this machine has no such filter: then no bill is read here.
    """
    if not can_confine():
        raise BillRefused(Fault.CANNOT_CONFINE)
    _set({resource.RLIMIT_FSIZE: 0, resource.RLIMIT_NOFILE: 16})
    architecture, calls = ALLOWED[platform.machine()]
    program = _program(architecture, calls)
    filters = ctypes.create_string_buffer(program)
    described = struct.pack("HL", len(program) // 8, ctypes.addressof(filters))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong]
    if libc.prctl(NO_NEW_PRIVILEGES, 1, None, 0, 0) or libc.prctl(SET_SECCOMP, FILTER_MODE, described, 0, 0):
        raise BillRefused(Fault.CANNOT_CONFINE)


def limit() -> None:
    """Keeps this process within its time and memory from now on."""
    _set({resource.RLIMIT_AS: MEMORY_BYTES, resource.RLIMIT_CPU: CPU_SECONDS, resource.RLIMIT_CORE: 0})


def _set(limits: Mapping[int, int]) -> None:
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def _program(architecture: int, calls: tuple[int, ...]) -> bytes:
    """BPF: another architecture is the end, a call that is listed goes on, any other is refused."""

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    steps = [step(LOAD, 4), step(JUMP_IF_EQUAL, architecture, 1), step(RETURN, KILL), step(LOAD, 0)]
    for place, call in enumerate(calls):
        steps.append(step(JUMP_IF_EQUAL, call, len(calls) - place))
    return b"".join([*steps, step(RETURN, REFUSE), step(RETURN, ALLOW)])
