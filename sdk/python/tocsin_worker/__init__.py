"""Workers for Tocsin: functions that are called with each event a subscription takes.

from tocsin_worker import Worker

worker = Worker("tcp://127.0.0.1:7102", name="resizer")

@worker.action("resize")
def resize(delivery):
    return {"width": 100}

worker.run()
"""

from tocsin_worker.delivery import Delivery, Event, Fail, Retry
from tocsin_worker.version import VERSION
from tocsin_worker.worker import Worker

__all__ = ["Delivery", "Event", "Fail", "Retry", "Worker", "__version__"]
__version__ = VERSION
