"""The laboratory: splits, candidates and calibration. Only training imports it, never a request."""
