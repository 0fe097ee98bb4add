"""What can go wrong at a provider, in two words: it refused, or it was not to be reached."""


class ProviderFailure(Exception):
    """`reason` is a short code for logs and records; it never carries what the provider or the person sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderRefused(ProviderFailure):
    """The provider, or the person there, said no; or what came back cannot be trusted. It takes a new start."""


class ProviderUnavailable(ProviderFailure):
    """No sensible answer: a time-out, a broken line, an error page, garbage."""
