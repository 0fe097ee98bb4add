"""The relay and the worker of a house that is measured."""

import os
import signal

from api.cli.house import House
from infra.running.programs import Process


class Workers:
    """The relay and the worker of the house, which can be killed as a machine without power is."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.relay = Process(house.relay(), house.var)
        self.worker = self._work()

    def _work(self) -> Process:
        return Process(self.house.worker(), self.house.var)

    def kill_and_start_again(self) -> None:
        os.killpg(self.worker.popen.pid, signal.SIGKILL)
        self.worker.popen.wait()
        self.worker = self._work()

    def stop(self) -> None:
        for process in (self.worker, self.relay):
            process.stop()
