"""What Python's callers share: the command line, the workers, and what came of it as JSON."""

import json
import os
import sys
import threading
import time
from types import SimpleNamespace


def work(make):
    """`make(case)` returns what makes one call, a function from the API's URL to a status; it may already ask for a token."""
    issuer, client_id, variable, resource, api, calls, workers, pace = sys.argv[1:]
    case = SimpleNamespace(
        issuer=issuer, token_endpoint=f"{issuer}/oauth2/token", client_id=client_id, client_secret=os.environ[variable],
        resource=resource,
    )
    told = {"good": 0, "refused": 0, "failed": 0, "error": None, "error_after": None}
    begun, lock, together = time.monotonic(), threading.Lock(), threading.Barrier(int(workers))

    def failed(error):
        told["failed"] += 1
        told["error"] = told["error"] or f"{type(error).__name__}: {error}"
        told["error_after"] = told["error_after"] or time.monotonic() - begun

    def worker():
        together.wait()
        for _ in range(int(calls) // int(workers)):
            try:
                status = call(api)
            except Exception as error:  # whatever the library throws is what is told
                with lock:
                    failed(error)
            else:
                with lock:
                    told["good" if status < 300 else "refused"] += 1
            time.sleep(int(pace) / 1000)

    try:
        call = make(case)
    except Exception as error:
        failed(error)
    else:
        threads = [threading.Thread(target=worker) for _ in range(int(workers))]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    print(json.dumps({**told, "seconds": time.monotonic() - begun}))
