"""Reads instances and prints for each the optimum of two linear programs, solved by HiGHS.

The first is multi-commodity flow: no routing can do better. The second divides each demand over lists of so many node segments, each
followed over all shortest paths: no solution without link segments can do better. Distances and shares are worked out here, so that
nothing is shared with what is tested.
"""

import itertools
import os
import sys

import highspy


def optimum(columns, rows):
    """The least value of column 0; `columns` is their number, each row (low, high, {column: factor})."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    for _ in range(columns):
        highs.addVar(0.0, highspy.kHighsInf)
    highs.changeColCost(0, 1.0)
    for low, high, factors in rows:
        highs.addRow(low, high, len(factors), list(factors), list(factors.values()))
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        sys.exit(f"no optimum: {highs.getModelStatus()}")
    return highs.getInfo().objective_function_value


def multi_commodity(nodes, edges, demands):
    """One commodity for each destination: flow on each edge, and the highest utilisation in column 0."""
    targets = sorted({to for _, to, _ in demands})
    column = {(to, e): 1 + i for i, (to, e) in enumerate(itertools.product(targets, range(len(edges))))}
    rows = []
    for to in targets:
        for node in range(nodes):
            if node == to:
                continue
            enters = sum(volume for start, end, volume in demands if (start, end) == (node, to))
            factors = {}
            for e, (start, end, _, _) in enumerate(edges):
                if node in (start, end) and start != end:
                    factors[column[to, e]] = 1.0 if start == node else -1.0
            rows.append((enters, enters, factors))
    for e, (_, _, _, capacity) in enumerate(edges):
        factors = {column[to, e]: 1.0 for to in targets}
        factors[0] = -capacity
        rows.append((-highspy.kHighsInf, 0.0, factors))
    return optimum(1 + len(column), rows)


def shares(nodes, edges):
    """By (from, to): what of one unit each edge carries over all shortest paths, divided equally at each node."""
    far = float("inf")
    distance = [[0 if a == z else far for z in range(nodes)] for a in range(nodes)]
    for start, end, metric, _ in edges:
        distance[start][end] = min(distance[start][end], metric)
    for middle, a, z in itertools.product(range(nodes), repeat=3):
        distance[a][z] = min(distance[a][z], distance[a][middle] + distance[middle][z])
    found = {}
    for a, z in itertools.product(range(nodes), repeat=2):
        held, carried = {a: 1.0}, {}
        for node in sorted(range(nodes), key=lambda node: -distance[node][z]):
            here = held.pop(node, 0.0)
            if here == 0.0 or node == z:
                continue
            hops = [
                e
                for e, (start, end, metric, _) in enumerate(edges)
                if start == node and metric + distance[end][z] == distance[node][z]
            ]
            for e in hops:
                carried[e] = carried.get(e, 0.0) + here / len(hops)
                held[edges[e][1]] = held.get(edges[e][1], 0.0) + here / len(hops)
        found[a, z] = carried
    return found


def node_segments(nodes, edges, demands, segments):
    """A column for each demand and list of middles, and the highest utilisation in column 0."""
    carried = shares(nodes, edges)
    columns, rows = 1, []
    load = [{0: -capacity} for _, _, _, capacity in edges]
    for start, end, volume in demands:
        all_of_it = {}
        for middles in itertools.product(range(nodes), repeat=segments - 1):
            way = [start, *middles, end]
            for a, z in zip(way, way[1:]):
                for e, share in carried[a, z].items():
                    load[e][columns] = load[e].get(columns, 0.0) + volume * share
            all_of_it[columns] = 1.0
            columns += 1
        rows.append((1.0, 1.0, all_of_it))
    rows += [(-highspy.kHighsInf, 0.0, factors) for factors in load]
    return optimum(columns, rows)


def main():
    # The solver says who it is on standard output; answers go there alone.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    words = iter(sys.stdin.read().split())
    segments = int(next(words))
    for _ in range(int(next(words))):
        nodes, many_edges, many_demands = (int(next(words)) for _ in range(3))
        edges = [tuple([*(int(next(words)) for _ in range(3)), float(next(words))]) for _ in range(many_edges)]
        demands = [(int(next(words)), int(next(words)), float(next(words))) for _ in range(many_demands)]
        print(
            multi_commodity(nodes, edges, demands),
            node_segments(nodes, edges, demands, segments),
            file=answers,
            flush=True,
        )


main()
