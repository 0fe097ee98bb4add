"""From a request to an offer."""
