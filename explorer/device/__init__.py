"""Running models on the device: the decode worker, and who asks it for what."""

from explorer.device.heap import keep_freed
from explorer.device.job_queue import MOST_OF_PERSON
from explorer.device.jobs import BusyError, DeviceError, Priority, WorkerClosedError
from explorer.device.processor import choose_device
from explorer.device.shelf import Shelf
from explorer.device.users import ASKING, Person, Slot, User
from explorer.device.worker import DecodeWorker

__all__ = [
    "ASKING",
    "MOST_OF_PERSON",
    "BusyError",
    "DecodeWorker",
    "DeviceError",
    "Person",
    "Priority",
    "Shelf",
    "Slot",
    "User",
    "WorkerClosedError",
    "choose_device",
    "keep_freed",
]
