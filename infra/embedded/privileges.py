"""The user that Postgres runs as. It refuses root, so root lends it a user namespace, or, where there is none, another uid."""

import os
import pwd
import subprocess
from functools import cache
from signal import SIGKILL

from infra.running.programs import RunsAs, bound_to_us


def postgres_identity(*, lent: bool = False) -> RunsAs:
    """`lent`: the data already belongs to another uid."""
    if os.geteuid() != 0:
        return RunsAs()
    uid, gid = unprivileged()
    namespaced = RunsAs("namespace", uid, gid)
    return namespaced if not lent and works(namespaced) else RunsAs("become", uid, gid)


def unprivileged() -> tuple[int, int]:
    # initdb wants an account with a name; "nobody" exists nearly everywhere.
    accounts = [account for account in pwd.getpwall() if account.pw_uid != 0]
    account = next((account for account in accounts if account.pw_name == "nobody"), accounts[0])
    return account.pw_uid, account.pw_gid


@cache
def works(identity: RunsAs) -> bool:
    tried = subprocess.run(bound_to_us(["true"], identity, SIGKILL), capture_output=True, timeout=10)
    return tried.returncode == 0
