//! The commands that need files only, as people and scripts call them: what they print and how they end.
//!
//! What is printed is compared with the files in `snapshots/`; `INSTA_UPDATE=always cargo test -p daemon` rewrites them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, also in what tests share")]

mod call;
mod check;
mod codes;
mod examples;
mod files;
mod moment;
mod newcomer;
mod optimise;
mod pipeline;
mod plan;
mod schemas;
mod solve;
mod verify;
mod windows;
