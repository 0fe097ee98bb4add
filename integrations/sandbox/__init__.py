"""The sandbox: the providers' dialects, with ready personas, for development and tests. It sells no real data."""
