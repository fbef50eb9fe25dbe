"""Drives one software router by pygnmi: what a foreign gNMI client must be able to do. Ends with the line `done`."""

import json
import os
import sys

import grpc
from pygnmi.client import gNMIclient

FOLDER = os.environ["FOLDER"]
INSTANCE = "openconfig-network-instance:network-instances/network-instance[name=default]"
POLICY = INSTANCE + "/trunkline-sr-policy:sr-policies/sr-policy[color=100][endpoint=10.0.0.9]"
STATUS = "openconfig-interfaces:interfaces/interface[name=eth1]/state/oper-status"
COUNTER = "openconfig-interfaces:interfaces/interface[name=eth1]/state/counters/out-octets"


def connect():
    return gNMIclient(
        target=(os.environ["HOST"], os.environ["GNMI_PORT"]),
        path_root=os.path.join(FOLDER, "ca.pem"),
        path_cert=os.path.join(FOLDER, "client.pem"),
        path_key=os.path.join(FOLDER, "client.key"),
        override="router.lab",
    )


def refused(operation, code):
    try:
        operation()
    except Exception as error:
        found = getattr(error, "code", lambda: None)() or getattr(getattr(error, "orig_exc", None), "code", lambda: None)()
        assert found == code, (found, error)
        return
    raise AssertionError(f"{code} was expected")


def values(answer):
    return [update["val"] for n in answer["notification"] for update in n.get("update", [])]


def policy():
    segments = [{"index": at, "srv6-sid": sid} for at, sid in enumerate(["fd00:0:1::", "fd00:0:2::"])]
    lists = {"segment-list": [{"name": "1", "segments": {"segment": segments}}]}
    path = {"protocol-origin": "local", "originator": "ops", "discriminator": 1, "segment-lists": lists}
    return {"name": "by-hand", "candidate-paths": {"candidate-path": [path]}}


def basics(client):
    told = client.capabilities()
    names = [model["name"] for model in told["supported_models"]]
    assert "openconfig-network-instance" in names and "json_ietf" in told["supported_encodings"], told
    assert told["gnmi_version"] == "0.10.0"
    got = values(client.get(path=["openconfig-system:system/config"], encoding="json_ietf", datatype="config"))
    assert got == [{"hostname": "r1"}], got
    refused(lambda: client.get(path=["openconfig-system:system/clock"], encoding="json_ietf"), grpc.StatusCode.INVALID_ARGUMENT)
    refused(lambda: client.get(path=[POLICY], encoding="json_ietf"), grpc.StatusCode.NOT_FOUND)


def change(client):
    name = "openconfig-system:system/config/hostname"
    # pygnmi takes a string for JSON text.
    client.set(update=[(POLICY, policy()), (name, json.dumps("renamed"))], encoding="json_ietf")
    assert values(client.get(path=[POLICY + "/name", name], encoding="json_ietf")) == ["by-hand", "renamed"]
    other = policy() | {"name": "replaced"}
    client.set(replace=[(POLICY, other)], encoding="json_ietf")
    assert values(client.get(path=[POLICY + "/name"], encoding="json_ietf")) == ["replaced"]
    broken = {"name": "broken", "candidate-paths": {"candidate-path": [{"protocol-origin": "local", "originator": "x", "discriminator": 1}]}}
    refused(lambda: client.set(replace=[(POLICY, broken)], update=[(name, json.dumps("no"))], encoding="json_ietf"), grpc.StatusCode.INVALID_ARGUMENT)
    assert values(client.get(path=[POLICY + "/name", name], encoding="json_ietf")) == ["replaced", "renamed"]
    client.set(delete=[POLICY])
    refused(lambda: client.get(path=[POLICY], encoding="json_ietf"), grpc.StatusCode.NOT_FOUND)


def updates(stream, wanted):
    """The first values of a stream, those of the notification under test."""
    found = []
    for message in stream:
        found += [u["val"] for u in message.get("update", {}).get("update", [])]
        if len(found) >= wanted:
            return found
    raise AssertionError(f"the stream ended after {found}")


def subscribe(client):
    def ask(kind, **more):
        return {"subscription": [{"path": more.pop("path", COUNTER), **more}], "mode": kind, "encoding": "json_ietf"}

    once = list(client.subscribe2(ask("once")))
    assert any("sync_response" in message for message in once), once
    assert updates(once, 1)
    samples = client.subscribe2(ask("stream", mode="sample", sample_interval=200_000_000))
    assert len(updates(samples, 3)) >= 3
    changes = updates(client.subscribe2(ask("stream", path=STATUS, mode="on_change")), 3)
    assert all(a != b for a, b in zip(changes, changes[1:])), changes
    poll = client.subscribe2(ask("poll"))
    for _ in range(2):
        assert poll.get_update(timeout=5), "a poll is answered"


def main():
    with connect() as client:
        for part in (basics, change, subscribe):
            part(client)
    print("done", flush=True)
    # pygnmi leaves the threads of open streams behind; nothing is left to wait for.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
