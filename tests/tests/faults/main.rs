//! Bad days: a whole controller over software routers that are down, hang, refuse, talk nonsense, cut the session, restart without
//! what they were told, or are not who they should be; a controller that is killed in the middle; a journal that cannot be written. After each of them the
//! network is all old or all new, as the routers themselves tell, or the controller names what it does not know; and
//! when the fault is gone, the next change works.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod lab;

// The controller: in this process with short deadlines, or as the program that operators run.
mod inside;
mod outside;

// What it is told when it steers by measurements, and who hears of alarms.
mod receivers;
mod steered;

mod absent;
mod again;
mod disk;
mod foreign;
mod heard;
mod killed;
mod mended;
mod moment;
mod recovery;
mod restarted;
mod swings;
mod table;
mod told;
