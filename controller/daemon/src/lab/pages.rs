//! What stands below the options of the commands on labs: what each is for, what is not done yet, examples, exit codes.

pub const UP: &str = "\
Modes:
  process   software routers and a controller as processes, lines are simulated; no privileges
  netns     every node is a network namespace of this machine, packets are the kernel's; root

In netns mode lines have the delay, jitter and loss of the file, and every router has its routes, by
the lab's own shortest paths or by FRR's IS-IS. An agent at each router serves NETCONF and gNMI and
has the kernel forward: SRv6 policies, steering, queues; it measures its lines with probes. Hosts with
a label trunkline.vrf are customers of that tenant. SR-MPLS needs --mode process.

The lab stays when the command has ended, and is kept by a process of its own. Only namespaces whose
names begin with tlg- and the lab's name are made, changed or removed; the machine's own addresses,
routes and firewall are not touched.

Examples:
  trunkline lab up lab/ceb.clab.yml --traffic lab/ceb-traffic.yaml
  sudo trunkline lab up lab/ceb.clab.yml --mode netns
  sudo trunkline lab up my.clab.yml --mode netns --igp frr --wires all

Exit codes: 0 the lab stands, 1 the file has errors or it cannot be made, 2 called wrongly.";

pub const DOWN: &str = "\
What is removed: the lab's process and what it started, its namespaces, its folder. It works from the
record in that folder and from the names of namespaces, so that nothing stays after a crash either.

Examples:
  trunkline lab down lab/ceb.clab.yml

Exit codes: 0 nothing of the lab is left, 1 something is, 2 called wrongly.";

pub const STATUS: &str = "\
Lines are up where both ends are. Delay, jitter and loss are what the line does now; LOST counts the
frames that it took on purpose. Sessions are those of the lab's controller.

Examples:
  trunkline lab status lab/ceb.clab.yml
  trunkline lab status lab/ceb.clab.yml --format json | jq '.status.lines'

Exit codes: 0 the lab is up, 1 nobody keeps it or it does not answer, 2 called wrongly or not up.";

pub const FAULT: &str = "\
What is added to a line comes on top of what it has by itself. Faults last until they are undone: link
up, link heal, node restart, control-plane join.

A node's fault is one of its processes: its agent in netns mode, and FRR's daemons with --igp frr; what
it forwards by stays. Agents of more than 16 routers share a process and cannot be killed one by one.
In process mode no router can be frozen.

Examples:
  trunkline lab fault my.clab.yml link impair line1 --delay 40ms --loss 2%
  trunkline lab fault my.clab.yml link down line1
  trunkline lab fault my.clab.yml node kill hq-pe1
  trunkline lab fault my.clab.yml controller kill
  trunkline lab fault my.clab.yml control-plane partition hq-pe1 hq-pe2

Exit codes: 0 done, 1 it cannot be done, 2 called wrongly or the lab is not up.";

pub const TRAFFIC: &str = "\
In netns mode. A demand of the file between two routers is sent by the host behind the one to the host
behind the other, marked as the file says; where a router has several hosts, they take turns over the
VRFs. Hosts send as evenly as the machine lets them, and say by how much they were held up.

LOST are packets that did not come and will not; those still on their way are in none of the columns.
DELAY is one-way, by the machine's own clock. LATE is by how much a packet came after one that was
sent later. With --format json also: lost packets run by run with the time of the first and the last,
and a series in steps of 100 ms.

Examples:
  sudo trunkline lab traffic my.clab.yml start my-traffic.yaml --share 10%
  sudo trunkline lab traffic my.clab.yml show
  sudo trunkline lab traffic my.clab.yml stop --format json | jq '.flows[].tally.runs'

Exit codes: 0 done, 1 it cannot be done or a file has errors, 2 called wrongly or the lab is not up.";

pub const PLAY: &str = "\
The lab is up already. Its controller adopts the network, gets the intents, and keeps every promise before
the scenario begins. Hosts send what --traffic says; the steps are done to the lab itself, as `lab fault`
would, or asked of its controller. What must be seen is judged by what the controller says.

A step that a lab cannot do is refused with its place in the file before anything begins: surges, rules
that are deleted by hand, a line without a wire that is to get worse; in netns mode a router that comes
back with an old configuration. What a scenario leaves broken is mended when it ends, or is ended.

A report has loss and delay of every flow, packet by packet as hosts saw them, in steps of 100 ms; the
lines that the scenario is about; and what happened and was decided, on one time axis.

Examples:
  sudo trunkline lab play lab/ceb-12.clab.yml lab/ceb-12/scenarios/line-degrades.yaml \\
    --intents intents/examples/ceb/classes.yaml intents/examples/ceb/alarms.yaml \\
              lab/ceb-12/intents.yaml \\
    --traffic lab/ceb-12/traffic.yaml --report run.html

Exit codes: 0 all went as expected, 1 something did not, it could not be played, or a file has errors, 2
called wrongly or the lab is not up, 129, 130 or 143 ended by SIGHUP, SIGINT or SIGTERM before its summary.";

pub const EXPORT: &str = "\
The topology file, and for each router the files that FRR's image reads: addresses, IS-IS, which
daemons run. Hosts get their addresses by commands of the topology. The file reads as the same network
here. SRv6 SIDs are not in it: FRR has none in IS-IS in the versions that distributions carry.

Examples:
  trunkline lab export lab/ceb.clab.yml --containerlab --out ceb-clab
  containerlab deploy -t ceb-clab/ceb.clab.yml

Exit codes: 0 done, 1 the file has errors or something cannot be written, 2 called wrongly.";
