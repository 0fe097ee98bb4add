"""Matching everybody by night: picks, snapshots, what products reach and what groups pay."""
