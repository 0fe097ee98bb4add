"""The authorization server for partners (OAuth 2.0, RFC 9700)."""
