#!/bin/sh
# The gate of a merge request: what do the intents of this branch promise, and does the network keep it?
#
#   gate.sh TARGET      TARGET is the branch to merge into, as a commit that git knows here
#
# Leaves verify.xml (JUnit) and plan.md (the change ticket, for a comment) and ends as `trunkline verify` does: 0 nothing is worse
# than on TARGET, 1 something is, or files have errors, 2 called wrongly.
set -eu
network=bank.clab.yml

verify() {
  trunkline verify -n "$network" -i intents/ "$@"
}

# What holds on TARGET. That promises are broken there too (1) is no reason to stop.
target=$(mktemp -d)
trap 'git worktree remove --force "$target"' EXIT
git worktree add --quiet --detach "$target" "$1"
(cd "$target" && verify --format json) > baseline.json || echo "on the target branch, verify ends with $?"

# What this branch makes worse. A baseline is refused (2) where TARGET has faulty files, or no intents yet: then there is nothing
# to compare with, and every promise counts.
broken=0
verify --baseline baseline.json --format junit > verify.xml || broken=$?
if [ "$broken" -eq 2 ]; then
  broken=0
  verify --format junit > verify.xml || broken=$?
  verify || true
else
  verify --baseline baseline.json || true
fi

# What devices would get. A plan that must not be carried out says so itself.
trunkline plan -n "$network" -i intents/ --format markdown > plan.md || echo "plan ends with $?"
exit "$broken"
