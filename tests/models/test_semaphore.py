from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import pytest

from models.semaphore import WeightedSemaphore


def test_holders_never_have_more_than_the_limit_and_all_get_their_turn() -> None:
    semaphore, lock, held, most = WeightedSemaphore(10), Lock(), 0, 0

    def take(weight: int) -> None:
        nonlocal held, most
        with semaphore.hold(weight):
            with lock:
                held += weight
                most = max(most, held)
            with lock:
                held -= weight

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, [1, 10, 3, 7, 4, 6, 5, 2] * 200))
    assert held == 0
    assert most <= 10


def test_a_small_one_does_not_overtake_a_large_one_that_waits() -> None:
    semaphore, order, first, leave = WeightedSemaphore(10), [], Event(), Event()

    def take(weight: int) -> None:
        with semaphore.hold(weight):
            order.append(weight)
            if weight == 6:
                first.set()
                leave.wait(10)

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(take, 6)]
        first.wait(10)
        running.append(pool.submit(take, 10))
        while not semaphore._door.locked():
            pass
        running.append(pool.submit(take, 1))
        leave.set()
        for one in running:
            one.result(10)
    assert order == [6, 10, 1]


def test_what_fails_gives_back_what_it_held() -> None:
    semaphore = WeightedSemaphore(5)
    with pytest.raises(KeyError), semaphore.hold(5):
        raise KeyError
    with semaphore.hold(5):
        pass
