"""Logistic regression with a ridge penalty and signs that coefficients must keep."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]


def fit(
    columns: Floats, bad: Floats, weights: Floats, *, ridge: Floats, signs: NDArray[np.int8]
) -> tuple[float, Floats]:
    """Intercept and coefficients; a sign of 1 or -1 keeps a coefficient from crossing zero, 0 leaves it free."""
    count = columns.shape[1]
    total = weights.sum()

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        raw = coefficients[0] + columns @ coefficients[1:]
        chance = 0.5 * (1 + np.tanh(raw / 2))
        slope = weights * (chance - bad)
        value = weights @ (np.logaddexp(0, raw) - bad * raw) + 0.5 * ridge @ coefficients[1:] ** 2
        gradient = np.concatenate([[slope.sum()], columns.T @ slope + ridge * coefficients[1:]])
        return float(value / total), gradient / total

    rate = np.clip(weights @ bad / total, 1e-6, 1 - 1e-6)
    start = np.zeros(count + 1)
    start[0] = np.log(rate / (1 - rate))
    bounds = [(None, None)] + [(0 if sign > 0 else None, 0 if sign < 0 else None) for sign in signs]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "ftol": 1e-10})
    return float(found.x[0]), np.asarray(found.x[1:], dtype=np.float64)
