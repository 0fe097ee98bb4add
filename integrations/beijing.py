"""Beijing's time, which Chinese platforms write and read without a zone."""

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
WRITTEN = "%Y-%m-%d %H:%M:%S"


def written(moment: datetime) -> str:
    return moment.astimezone(BEIJING).strftime(WRITTEN)


def read(text: str) -> datetime:
    """Raises ValueError for what is no time."""
    return datetime.strptime(text, WRITTEN).replace(tzinfo=BEIJING)
