"""Running models on the device: the decode worker, and who asks it for what."""

from explorer.device.job_queue import MOST_OF_PERSON
from explorer.device.jobs import BusyError, DeviceError, Job, Priority, Request, WorkerClosedError
from explorer.device.processor import choose_device
from explorer.device.shelf import Shelf
from explorer.device.users import APP, ASKING, Person, Slot, User
from explorer.device.worker import DecodeWorker, Quantised

__all__ = [
    "APP",
    "ASKING",
    "MOST_OF_PERSON",
    "BusyError",
    "DecodeWorker",
    "DeviceError",
    "Job",
    "Person",
    "Priority",
    "Quantised",
    "Request",
    "Shelf",
    "Slot",
    "User",
    "WorkerClosedError",
    "choose_device",
]
