"""One score and many: fitted, explained, received, replayed."""
