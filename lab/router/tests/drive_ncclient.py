"""Drives one software router by ncclient, over SSH or TLS: what a foreign client must be able to do. Ends with the line `done`."""

import os
import ssl
import sys

from ncclient import manager
from ncclient.operations import RPCError
from ncclient.xml_ import to_ele

SYSTEM = "http://openconfig.net/yang/system"
NI = "http://openconfig.net/yang/network-instance"
NITYPES = "http://openconfig.net/yang/network-instance-types"
SR = "urn:trunkline:yang:sr-policy"
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
NOTIFY = "{urn:ietf:params:xml:ns:yang:ietf-netconf-notifications}"


# The login name that the router knows us by.
USER = os.environ.get("NETCONF_USER", "trunkline")


def connect():
    host, folder = os.environ["HOST"], os.environ["FOLDER"]
    if "NETCONF_TLS_PORT" in os.environ:
        return manager.connect_tls(
            host=host,
            port=int(os.environ["NETCONF_TLS_PORT"]),
            certfile=os.path.join(folder, "client.pem"),
            keyfile=os.path.join(folder, "client.key"),
            ca_certs=os.path.join(folder, "ca.pem"),
            protocol=ssl.PROTOCOL_TLS_CLIENT,
            server_hostname="router.lab",
            timeout=20,
        )
    password = os.environ.get("NETCONF_PASSWORD")
    return manager.connect(
        host=host,
        port=int(os.environ["NETCONF_PORT"]),
        username=USER,
        password=password,
        key_filename=None if password else os.path.join(folder, "id_ed25519"),
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
        timeout=20,
    )


def config(inside):
    return f'<config xmlns="{BASE}" xmlns:nc="{BASE}">{inside}</config>'


def hostname(name):
    return config(f'<system xmlns="{SYSTEM}"><config><hostname>{name}</hostname></config></system>')


def policy(segments, color=100):
    listed = "".join(
        f"<segment><index>{at}</index><srv6-sid>{sid}</srv6-sid></segment>" for at, sid in enumerate(segments)
    )
    return config(
        f'<network-instances xmlns="{NI}"><network-instance><name>default</name>'
        f'<sr-policies xmlns="{SR}"><sr-policy><color>{color}</color><endpoint>10.0.0.9</endpoint><name>by-hand</name>'
        "<candidate-paths><candidate-path><protocol-origin>local</protocol-origin><originator>ops</originator>"
        "<discriminator>1</discriminator><preference>200</preference><segment-lists><segment-list><name>1</name>"
        f"<segments>{listed}</segments></segment-list></segment-lists></candidate-path></candidate-paths>"
        "</sr-policy></sr-policies></network-instance></network-instances>"
    )


def running(m, filter=None):
    return m.get_config("running", filter=filter).data_xml


def refused(operation, tag):
    try:
        operation()
    except RPCError as error:
        assert error.tag == tag, (error.tag, error.message)
        return error
    raise AssertionError(f"{tag} was expected")


def basics(m):
    for capability in (":candidate", ":confirmed-commit:1.1", ":validate:1.1", ":rollback-on-error", ":notification"):
        assert capability in m.server_capabilities, capability
    schema = m.get_schema("trunkline-sr-policy").data
    assert "module trunkline-sr-policy" in schema
    assert "<hostname>r1</hostname>" in running(m)
    assert "oper-status" in m.get(filter=("subtree", '<interfaces xmlns="http://openconfig.net/yang/interfaces"/>')).data_xml


def change(m):
    with m.locked("candidate"):
        m.edit_config(target="candidate", config=policy(["fd00:0:1::", "fd00:0:2::"]), error_option="rollback-on-error")
        m.validate("candidate")
        m.commit()
    only = ("subtree", f'<network-instances xmlns="{NI}"><network-instance><name>default</name></network-instance></network-instances>')
    text = running(m, only)
    assert "by-hand" in text and "fd00:0:2::" in text and "hostname" not in text, text
    error = refused(lambda: m.edit_config(target="candidate", config=policy([], color=101)), "operation-failed")
    assert "sr-policy" in str(error.path), error.path
    refused(lambda: m.edit_config(target="candidate", config=hostname("-no-")), "invalid-value")
    delete = config(
        f'<network-instances xmlns="{NI}"><network-instance><name>default</name><sr-policies xmlns="{SR}">'
        '<sr-policy nc:operation="delete"><color>100</color><endpoint>10.0.0.9</endpoint></sr-policy>'
        "</sr-policies></network-instance></network-instances>"
    )
    m.edit_config(target="candidate", config=delete)
    m.commit()
    assert "by-hand" not in running(m)
    refused(lambda: m.edit_config(target="candidate", config=delete), "data-missing")
    m.discard_changes()
    half_good(m, delete)


def half_good(m, bad):
    """One good and one bad part in the same request, in both orders: nothing of the good part stays."""
    good = hostname("half-good")
    inside = [part.split(">", 1)[1].rsplit("<", 1)[0] for part in (good, bad)]
    for both in (config(inside[0] + inside[1]), config(inside[1] + inside[0])):
        edit = lambda: m.edit_config(target="candidate", config=both, error_option="rollback-on-error")
        refused(edit, "data-missing")
        assert "half-good" not in m.get_config("candidate").data_xml
    m.commit()
    assert "<hostname>r1</hostname>" in running(m)


def confirmed(m):
    m.edit_config(target="candidate", config=hostname("pending"))
    m.commit(confirmed=True, timeout="30", persist="tx-1")
    assert "<hostname>pending</hostname>" in running(m)
    with connect() as other:
        refused(other.commit, "in-use")
        other.cancel_commit(persist_id="tx-1")
    assert "<hostname>r1</hostname>" in running(m)
    m.edit_config(target="candidate", config=hostname("pending"))
    m.commit(confirmed=True, timeout="30")
    m.commit()
    assert "<hostname>pending</hostname>" in running(m)
    with connect() as other:
        other.edit_config(target="candidate", config=hostname("lost"))
        other.commit(confirmed=True, timeout="30")
        assert "<hostname>lost</hostname>" in running(m)
    assert "<hostname>pending</hostname>" in running(m), "its session ended"


def locks(m):
    other = connect()
    other.lock("running")
    refused(lambda: m.lock("running"), "lock-denied")
    m.kill_session(other.session_id)
    m.lock("running")
    m.unlock("running")


def notifications(m):
    with connect() as listener:
        listener.create_subscription()
        m.edit_config(target="candidate", config=hostname("told"))
        m.commit()
        told = to_ele(listener.take_notification(timeout=10).notification_xml)
        # Over TLS the user is the name in the certificate.
        user = "controller" if "NETCONF_TLS_PORT" in os.environ else USER
        assert told.find(f".//{NOTIFY}username").text == user
        assert "hostname" in told.find(f".//{NOTIFY}target").text


def main():
    with connect() as m:
        for part in (basics, change, confirmed, locks, notifications):
            part(m)
    print("done")


if __name__ == "__main__":
    sys.exit(main())
