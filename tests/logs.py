"""What the web app logs, kept for a test to read."""

import io


class Lines(io.StringIO):
    """Where the app's loggers write instead of stderr."""

    def since(self, mark: int) -> str:
        return self.getvalue()[mark:]

    def mark(self) -> int:
        return len(self.getvalue())
