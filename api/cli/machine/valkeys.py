"""Asks the Valkey that the settings name: whether it answers, and as what."""

from api.cli.machine.findings import MachineFinding, State

PATIENCE_SECONDS = 5


def valkey(url: str) -> MachineFinding:
    import redis

    try:
        with redis.Redis.from_url(
            url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        ) as asked:
            told = asked.info("server")
    except (redis.RedisError, OSError, ValueError) as error:
        return MachineFinding(
            "Valkey", State.WRONG, f"does not answer ({type(error).__name__})", "See LONGAN_VALKEY_URL"
        )
    return MachineFinding("Valkey", State.WELL, f"{told.get('valkey_version') or told.get('redis_version')} answers")
