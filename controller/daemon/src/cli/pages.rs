//! What stands below the options of commands that a person calls beside a running controller, and of the demonstration: what
//! the command is for, when to use it, examples, exit codes. Commands with a file of their own have their page there. Lines of prose
//! are joined to paragraphs before they are shown.

pub const DEMO: &str = "\
It starts 120 software routers and a controller on loopback addresses, applies the intents of a
bank's backbone, makes a leased line go bad and tells what the controller does about it. Nothing
outside this machine is touched. Every process ends with it, and so do the files of a folder that it
made for itself.

Without --scenario the dashboard stays until Ctrl-C. With one, it ends with a summary: what was
expected and how it went, how long each re-route took, what the controller needed, what happened that
the scenario does not explain. A scenario's words are in `trunkline schema scenario`.

While it runs, other commands can ask its controller and, with its token, change things. FILE is what
it says itself, with --folder DIR it is DIR/state/token:
  trunkline status
  trunkline drain core-wh1 --token-file FILE

Examples:
  trunkline demo
  trunkline demo --scenario lab/scenarios/ceb-line-degrades.yaml --seed 7
  trunkline demo --routers 80 --format json | jq -c 'select(.kind == \"rerouted\")'

Exit codes: 0 all went as expected, 1 something did not (then it says where the logs are) or it
could not start, 2 called wrongly, 129, 130 or 143 ended by SIGHUP, SIGINT or SIGTERM before its
summary.";

pub const STATUS: &str = "\
The first thing to look at: whether the controller may act, which routers cannot be driven, which
promises are broken and since when, which alarms stand.

Examples:
  trunkline status
  trunkline status --format json | jq .counts

Exit codes: 0 the controller answered, 1 it did not, 2 called wrongly.";

pub const INTENTS: &str = "\
Every set that was accepted has a number; `trunkline rollback` takes it. The current one has a star.

Examples:
  trunkline intents
  trunkline intents --limit 5 --format json

Exit codes: 0 the controller answered, 1 it did not, 2 called wrongly.";

pub const DEVICES: &str = "\
A router whose session is down is not changed, and what it holds is unknown. Why it is down stands in
full below the table. POLICIES counts those that should stand there. MODULES counts the YANG modules that a router says it serves; `trunkline devices
schema NAME` shows them.

With names it shows what each of these routers holds otherwise than it should, field by field: after `-`
what is there, after `+` what should be. `trunkline restore` puts that back; `trunkline adopt` keeps what
is there, as an exception. Below it stand the exceptions of the router: who accepted what, why, and until
when. What is meant to stay for good is better asked for by the intents: paths by `path`, queues by the
profile and the bandwidth of the services, marks by the class.

Examples:
  trunkline devices
  trunkline devices br-1 hq-pe1
  trunkline devices schema hq-pe1
  trunkline devices --format json | jq -r '.[] | select(.session.state == \"down\") | .id'

Exit codes: 0 the controller answered, 1 it did not, 2 called wrongly.";

pub const TOPOLOGY: &str = "\
The network file says what is wanted, routers say by BGP-LS what is. Plans follow the routers where
they say something, and the file elsewhere; delay, jitter and loss are shown and followed by nothing,
and so is the speed of a port where the file gives its line less.
What a silent peer said stays, and is stale.
Routers with isisDatabase in the inventory are asked for what IS-IS tells them: that is followed likewise.

Routers say for themselves whether interfaces work, how fast they are, and whom they hear behind them
by LLDP, where they serve openconfig-interfaces and openconfig-lldp. That is shown, and followed by
nothing; a cable that is plugged otherwise than the file says is a finding (TL0088).

With NAME, a router or link: everything that is said of it, or what the file says where nobody tells.
`>` leads out of the end that the file names first.

Examples:
  trunkline topology
  trunkline topology core-bj1
  trunkline topology --format json | jq .peers

Exit codes: 0 the controller answered, 1 it did not, 2 called wrongly, or there is no NAME.";

pub const ALARMS: &str = "\
An alarm is raised once, by an AlarmPolicy of the intents, and stands until its condition has been
over for as long as the policy says. Two need no policy: `drift`, for a router that holds something
else than it should, until it was read to hold that again; `loop-stopped`, for a service that the loop
moved in vain and leaves alone.

Examples:
  trunkline alarms
  trunkline alarms --format json

Exit codes: 0 the controller answered, also where no alarm stands, 1 it did not, 2 called wrongly.";

pub const LOG: &str = "\
Every request to change something stands there before it is carried out, also one that is refused
then, and so does how each change ended, those of the loop included. Each entry carries the hash of
the one before it: an entry that was changed or taken out is found.

WHO is who ran the command: TRUNKLINE_USER where it is set, for instance in a pipeline, else USER or
LOGNAME; `operator` where none of them is. It is what the client says, and no proof.

It needs the token. The newest entry is the last line; in JSON it is the first.

Examples:
  trunkline log
  trunkline log --limit 1000 --format json | jq -r '.entries[] | select(.who == \"mei\") | .what'

Exit codes: 0 the log is intact, 1 it is not, or the controller did not answer, 2 called wrongly.";

pub const SNAPSHOT: &str = "\
What the routers hold, the numbers that were given, and what the loop has learned, as one file: with
it, `trunkline plan --state` gives the controller's own answers anywhere, for instance in a pipeline.
It needs the token, because it tells the whole network.

Example:
  trunkline snapshot > now.json && trunkline plan -n network.yaml -i intents/ --state now.json

Exit codes: 0 done, 1 refused or the controller did not answer, 2 called wrongly.";

pub const ROLLBACK: &str = "\
It is a change like any other: planned, proved and carried out on all routers or on none. The older
set becomes the newest one; nothing is forgotten.

Example:
  trunkline intents && trunkline rollback 41 -m CHG1043

Exit codes: 0 the whole network has followed, 1 refused, rolled back, or some routers were left out,
2 called wrongly.";

pub const DRAIN: &str = "\
Traffic gets its new paths first and leaves the old ones then. A service that has no other way stays
where it is, named in the answer, and would be cut by the work. So does what comes from a router that
cannot be reached: it was not told, and may still send there. Use it before maintenance.

Examples:
  trunkline drain link:line1-br-1 -m CHG1042
  trunkline drain core-2

Exit codes: 0 nothing of ours goes there any more, 1 it is drained and some services stay there or some
routers were left out, or it was refused or rolled back, 2 called wrongly.";

pub const UNDRAIN: &str = "\
Paths may lead over it again, and those that are better there go back, make before break.

Examples:
  trunkline undrain link:line1-br-1 -m CHG1042
  trunkline undrain core-2

Exit codes: 0 the whole network has followed, 1 refused, rolled back, or some routers were left out,
2 called wrongly.";

pub const RESTORE: &str = "\
These routers are read. What they hold of ours otherwise than they should is put back, make before break
and on all of them or on none, and what was accepted there (`trunkline adopt NAME`) ends. Nothing else
changes there, and nothing on other routers: what differs elsewhere stays. Look first with `trunkline
devices NAME`; `trunkline adopt` keeps what is there instead.

Examples:
  trunkline restore br-1 -m CHG1042
  trunkline restore br-1 br-2 -m 'undo the hot fix of last night'

Exit codes: 0 these routers hold what they should, 1 refused, rolled back, or some were not read, 2 called
wrongly.";

pub const MODE: &str = "\
`observe` is the stop switch: nothing is sent, neither by the loop nor by a person's command. Routers
forward on as they are, and fall over to their backups by themselves. It holds until it is changed,
also over a restart.

In `recommend` the loop shows what it would do and changes nothing by itself; people's `apply`, `drain`
and `rollback` work.

`act`, said again, also lets the loop try again where it had stopped itself (alarm `loop-stopped`).

Examples:
  trunkline mode observe -m 'audit of the data centre'
  trunkline mode act

Exit codes: 0 done, 1 refused or the controller did not answer, 2 called wrongly.";

pub const ADOPT: &str = "\
A controller that meets a network for the first time only observes. Look at `trunkline status` and at
`trunkline apply --dry-run` first. After this it creates, changes and removes objects of its own, and
leaves everybody else's alone.

With ROUTER, what that router holds otherwise than it should is accepted as it is, as a named exception:
no plan changes it and no alarm stands for it, until --until, until the intents ask for the same, or until
`trunkline restore ROUTER`. Nothing is written to the router. It is proved like any change: what breaks a
promise, or makes a loop, is refused. Look first with `trunkline devices ROUTER`.

Examples:
  trunkline adopt -m 'first day'
  trunkline adopt br-1 -m 'CHG1050, hot fix of last night' --until 2026-12-05T01:00:00+08:00

Exit codes: 0 done, 1 refused or the controller did not answer, 2 called wrongly.";
