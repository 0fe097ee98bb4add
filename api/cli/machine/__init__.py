"""The commands about what runs on this machine: status, logs, open, doctor, reset."""
