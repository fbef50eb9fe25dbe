//! No reader runs away with memory: the whole program may take so much and no more. An allocation beyond it ends the program, so that
//! the run fails, and the machine that it runs on does not.

use std::sync::Once;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What all targets together may take, bytes: some hundred times of what the largest text of one needs.
const MOST: u64 = 4 << 30;
/// Addresses that the C library sets apart for the allocations of one thread, bytes.
const ARENA: u64 = 128 << 20;

/// The most address space of the program, bytes. Targets run side by side, one a processor.
fn most() -> u64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    MOST + ARENA * u64::try_from(threads).unwrap()
}

/// Sets the limit, once for all targets, where none is set that is lower. The sanitizers that `cargo bolero` may build in reserve
/// terabytes of addresses without using them, and have a limit of their own.
pub fn limit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let guided = std::env::vars().any(|(name, _)| name.starts_with("BOLERO_"));
        let now = getrlimit(Resource::As);
        if !guided && now.current.is_none_or(|current| current > most()) {
            setrlimit(Resource::As, Rlimit { current: Some(most()), maximum: now.maximum }).unwrap();
        }
    });
}

#[test]
fn more_memory_than_the_limit_is_not_to_be_had() {
    limit();
    if getrlimit(Resource::As).current.is_none_or(|current| current > most()) {
        eprintln!("no limit: a sanitizer has its own");
        return;
    }
    let more = usize::try_from(most()).unwrap() + 1;
    assert!(Vec::<u8>::new().try_reserve_exact(more).is_err());
}
