"""Becomes another program that ends with its parent: `bound_exec.py PARENT SIGNAL HOW UID GID COMMAND...`.

It runs as a bare script (`python -I -S`), because a start of the whole package would cost more than what it starts.
`HOW` says who the command may be: "same" as us, "namespace" (uid only inside a user namespace of its own, while files
stay ours), or "become" (really that uid, for good).
"""

import ctypes
import os
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, signal, how, uid, gid, *command = sys.argv[1:]
    if how == "namespace":
        enter_namespace(int(uid), int(gid))
    elif how == "become":
        become(int(uid), int(gid))
    # A change of identity clears the tie, so it comes last.
    tie_to_parent(int(parent), int(signal))
    os.execvp(command[0], command)  # noqa: S606 - becoming the program is the point


def enter_namespace(uid: int, gid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        sys.exit(f"no user namespace: {os.strerror(ctypes.get_errno())}")
    write("/proc/self/uid_map", f"{uid} {outer_uid} 1")
    write("/proc/self/setgroups", "deny")
    write("/proc/self/gid_map", f"{gid} {outer_gid} 1")


def become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def tie_to_parent(parent: int, signal: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    # The parent may have gone before the tie was made.
    if parent and os.getppid() != parent:
        sys.exit("the parent has gone")


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
