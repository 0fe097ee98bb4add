"""The authorization server for partners: client credentials, nothing else."""
