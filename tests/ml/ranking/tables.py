"""Small tables of interactions and logs, made from a seed, whose truth is known."""

import numpy as np
import pandas as pd


def tastes(users: int = 250, items: int = 8, *, seed: int = 3) -> pd.DataFrame:
    """Users of one town like even items and those of the other odd ones; cells are text, as in a CSV file."""
    rng = np.random.default_rng(seed)
    user, item = np.repeat(np.arange(users), items), np.tile(np.arange(items), users)
    town = rng.integers(0, 2, users)
    chance = np.where(town[user] == item % 2, 0.5, 0.05)
    table = pd.DataFrame(
        {
            "user_id": np.char.add("p", user.astype(str)),
            "item_id": np.char.add("q", item.astype(str)),
            "label": (rng.random(len(user)) < chance).astype(int).astype(str),
            "u_town": np.where(town[user], "north", "south"),
            "u_noise": rng.normal(size=users)[user].round(3).astype(str),
        },
        dtype=object,
    )
    return table.sample(frac=1, random_state=1).reset_index(drop=True)


def habits(users: int = 200, items: int = 8, *, seed: int = 4) -> pd.DataFrame:
    """Each user has two items that they take again and again; only their past tells which."""
    rng = np.random.default_rng(seed)
    habit = np.array([rng.permutation(items)[:2] for _ in range(users)])
    rounds = []
    for month in range(4):
        user, item = np.repeat(np.arange(users), items), np.tile(np.arange(items), users)
        is_habit = (habit[user] == item[:, None]).any(axis=1)
        label = (rng.random(len(user)) < np.where(is_habit, 0.8, 0.05)).astype(int)
        rounds.append(pd.DataFrame({"user_id": user, "item_id": item, "label": label, "time": f"2026-0{month + 1}-01"}))
    return pd.concat(rounds, ignore_index=True)


def coins(users: int = 400, items: int = 8, *, apart: float, rounds: int = 1, seed: int = 5) -> pd.DataFrame:
    """Labels by lot alone, written down one after the other with so many seconds between them."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), items * rounds)
    item = np.concatenate([rng.permutation(items) for _ in range(users * rounds)])
    table = pd.DataFrame({"user_id": user, "item_id": item, "label": rng.integers(0, 2, len(user))})
    table["time"] = user * 5.0 + np.tile(np.arange(items * rounds), users) * apart
    table["i_kind"] = np.where(table.item_id % 2, "odd", "even")
    return table


RATES = np.array([0.05, 0.10, 0.20, 0.40])
SHOWS = np.array([0.4, 0.3, 0.2, 0.1])
WANTS = np.array([0.1, 0.2, 0.3, 0.4])
TRUTH = float(WANTS @ RATES)


def log(rows: int, shows: np.ndarray, *, seed: int) -> pd.DataFrame:
    """Impressions of four items by a policy that shows each with a fixed chance."""
    rng = np.random.default_rng(seed)
    item = rng.choice(4, rows, p=shows)
    click = (rng.random(rows) < RATES[item]).astype(int)
    mood = rng.choice(["good", "bad"], rows)
    return pd.DataFrame({"item_id": item, "click": click, "propensity": shows[item], "u_mood": mood})
