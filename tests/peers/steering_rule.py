"""Reads or deletes the steering rule of one VRF on a router of a running demonstration, as an operator with ncclient would.

steering_rule.py FOLDER ROUTER VRF show|delete: prints the numbers of the rules that stand then, one line.
"""

import json
import os
import sys

from ncclient import manager

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
NI = "http://openconfig.net/yang/network-instance"
RULES = f"{{{NI}}}"


def connect(folder, router):
    with open(os.path.join(folder, "routers.json"), encoding="utf-8") as file:
        routers = {each["name"]: each for each in json.load(file)["routers"]}
    host, port = routers[router]["netconf"].rsplit(":", 1)
    return manager.connect(
        host=host,
        port=int(port),
        username="trunkline",
        key_filename=os.path.join(folder, "id_ed25519"),
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
        timeout=20,
    )


def instance(vrf, inside=""):
    return (
        f'<network-instances xmlns="{NI}" xmlns:nc="{BASE}"><network-instance><name>{vrf}</name>{inside}'
        "</network-instance></network-instances>"
    )


def rules(session, vrf):
    """Policy and number of every rule of the VRF."""
    data = session.get_config("running", filter=("subtree", instance(vrf))).data_ele
    return [
        (policy.find(f"{RULES}policy-id").text, rule.find(f"{RULES}sequence-id").text)
        for policy in data.iter(f"{RULES}policy")
        for rule in policy.iter(f"{RULES}rule")
    ]


def delete(session, vrf):
    policy, number = rules(session, vrf)[0]
    inside = (
        f"<policy-forwarding><policies><policy><policy-id>{policy}</policy-id><rules>"
        f'<rule nc:operation="delete"><sequence-id>{number}</sequence-id></rule>'
        "</rules></policy></policies></policy-forwarding>"
    )
    with session.locked("candidate"):
        session.edit_config(target="candidate", config=f'<config xmlns="{BASE}">{instance(vrf, inside)}</config>')
        session.commit()


def main():
    folder, router, vrf, what = sys.argv[1:]
    with connect(folder, router) as session:
        if what == "delete":
            delete(session, vrf)
        print(" ".join(number for _, number in rules(session, vrf)))


if __name__ == "__main__":
    sys.exit(main())
