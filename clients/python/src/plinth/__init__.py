"""The client of Plinth's API: Python 3.9 or later, the standard library and nothing else."""

from . import webhooks
from ._client import Client, Events, SentEvents, Table, Tasks
from ._errors import FieldError, PlinthError
from ._generated import *  # noqa: F401,F403 - the types of rows and answers
from ._live import LiveEvent, LiveEvents
from ._paging import Page
from ._transport import NOT_GIVEN, CallOptions
from .worker import Context, Stopped, TaskFailure, Worker

__all__ = [
    "NOT_GIVEN",
    "CallOptions",
    "Client",
    "Context",
    "Events",
    "FieldError",
    "LiveEvent",
    "LiveEvents",
    "Page",
    "PlinthError",
    "SentEvents",
    "Stopped",
    "Table",
    "TaskFailure",
    "Tasks",
    "Worker",
    "webhooks",
]
