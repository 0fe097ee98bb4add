"""What signals cost whoever applies, told from two lists of milliseconds."""

from api.cli.bench.signals import SignalsCost, _of


def test_p99_grows_by_what_every_resample_grew_by() -> None:
    assert _of([1.0] * 100, [3.0] * 100) == SignalsCost(100, 1.0, 3.0, 1.0, 3.0, 2.0, 2.0)


def test_the_dearest_of_a_hundred_counts() -> None:
    cost = _of([float(each) for each in range(100)], [float(each) for each in range(100)])
    assert (cost.median_without, cost.p99_without, cost.p99_with) == (49.5, 99.0, 99.0)
    assert cost.low < 0 < cost.high
