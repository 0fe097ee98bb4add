"""Logistic regression with a quadratic penalty and signs that coefficients must keep."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]

_ITERATIONS_MAX = 400
# Below this, threads wait for each other longer than they multiply.
_CELLS_FOR_THREADS = 2_000_000


def fit(
    columns: Floats, bad: Floats, weights: Floats, *, penalty: Floats, signs: NDArray[np.int8]
) -> tuple[float, Floats]:
    """Intercept and coefficients c, with `c' penalty c / 2` added to the log-loss of all rows.

    A sign of 1 or -1 keeps a coefficient from crossing zero; 0 leaves it free.
    """
    total = weights.sum()

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        raw = coefficients[0] + columns @ coefficients[1:]
        pull = penalty @ coefficients[1:]
        slope = weights * (0.5 * (1 + np.tanh(raw / 2)) - bad)
        value = weights @ (np.logaddexp(0, raw) - bad * raw) + 0.5 * pull @ coefficients[1:]
        return float(value / total), np.concatenate([[slope.sum()], columns.T @ slope + pull]) / total

    rate = np.clip(weights @ bad / total, 1e-6, 1 - 1e-6)
    start = np.zeros(columns.shape[1] + 1)
    start[0] = np.log(rate / (1 - rate))
    bounds = [(None, None)] + [(0 if sign > 0 else None, 0 if sign < 0 else None) for sign in signs]
    with threadpool_limits(limits=None if columns.size > _CELLS_FOR_THREADS else 1):
        found = minimize(
            loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": _ITERATIONS_MAX, "ftol": 1e-9, "maxcor": 20},
        )
    return float(found.x[0]), np.asarray(found.x[1:], dtype=np.float64)
