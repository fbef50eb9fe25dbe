"""Drives many routers by ncclient, a thread for each: the same requests as the product's own client, and their cost as JSON.

The job is a file: routers, what to write in each round, what to read back. The first round is not measured.
"""

import json
import os
import resource
import sys
import threading
import time

from ncclient import manager

# Sessions that are opened at once, as the product does.
OPENINGS = 32
# Longer than anything takes on a slow machine, seconds.
LIMIT = 300


def connect(job, router):
    m = manager.connect(
        host=router["host"],
        port=router["port"],
        username=job["user"],
        key_filename=job["key"],
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
        timeout=60,
    )
    m.timeout = 60
    return m


def change(m, work, filter):
    m.lock("running")
    m.lock("candidate")
    m.discard_changes()
    m.edit_config(
        target="candidate",
        config=work["config"],
        default_operation="merge",
        test_option="test-then-set",
        error_option="rollback-on-error",
    )
    m.commit(confirmed=True, timeout="60", persist=work["name"])
    held = m.get_config("running", filter=filter)
    assert work["mark"] in held.xml, held.xml
    m.commit(persist_id=work["name"])
    m.unlock("candidate")
    m.unlock("running")


def processor(process):
    """Seconds of another process, in the program and in the kernel."""
    with open(f"/proc/{process}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    with open(sys.argv[1]) as file:
        job = json.load(file)
    marks, faults = [], []

    def mark():
        own = resource.getrusage(resource.RUSAGE_SELF)
        marks.append((time.perf_counter(), own.ru_utime + own.ru_stime, processor(job["process"])))

    # Whoever comes last to a barrier makes the mark, before anybody goes on.
    start, end = (threading.Barrier(len(job["routers"]), action=mark, timeout=LIMIT) for _ in range(2))
    gate = threading.Semaphore(OPENINGS)

    def serve(router):
        try:
            with gate:
                m = connect(job, router)
            for work in job["rounds"]:
                start.wait()
                change(m, work, job["filter"])
                end.wait()
        except threading.BrokenBarrierError:
            faults.append("another router failed, or was too slow")
        except Exception as error:
            faults.insert(0, f"{router['host']}: {error!r}")
            start.abort()
            end.abort()

    threads = [threading.Thread(target=serve, args=(router,), daemon=True) for router in job["routers"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        sys.exit("; ".join(faults[:3]))
    names = ("wall", "client", "routers")
    spans = [
        dict(zip(names, (after - before for before, after in zip(*pair)))) for pair in zip(marks[0::2], marks[1::2])
    ]
    print(json.dumps({"rounds": spans[1:]}), flush=True)
    # The sessions go with the process; closing them one by one would take a while.
    os._exit(0)


if __name__ == "__main__":
    main()
