//! Programs of others: what they say, within a bound of time. One that takes longer is ended by its id.

use std::{
    fs::File,
    io::{self, Read, Seek},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Duration,
};

/// So often it is looked whether one is over, and this far apart: a minute in all.
const LOOKS: usize = 1_200;
const APART: Duration = Duration::from_millis(50);

/// What a program says; the error is that it cannot be started.
pub fn run(command: &mut Command) -> io::Result<Output> {
    let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(err.try_clone()?);
    let mut child = command.spawn()?;
    let Some(status) = ended(&mut child)? else {
        // One that has ended just now is what is wanted too.
        let _ = child.kill();
        child.wait()?;
        panic!("{command:?} did not end in time");
    };
    Ok(Output { status, stdout: all(&mut out)?, stderr: all(&mut err)? })
}

fn ended(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    for _ in 0..LOOKS {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(APART);
    }
    Ok(None)
}

fn all(file: &mut File) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut octets)?;
    Ok(octets)
}

/// Says why nothing is tested. `make test` installs all peers and sets `TRUNKLINE_PEERS`: there, that one is missing is a failure.
pub fn absent(why: &str) {
    report(why, std::env::var("TRUNKLINE_PEERS").is_ok_and(|peers| peers == "required"));
}

fn report(why: &str, required: bool) {
    assert!(!required, "TRUNKLINE_PEERS=required, and {why}; `make test PEERS=` goes on without");
    eprintln!("skipped: {why}");
}

/// Whether a program is there in a version whose words are known; where it is not, it is said why nothing is tested.
pub fn is_known(what: &str, version: &mut Command, known: &[&str]) -> bool {
    let said = match run(version) {
        Ok(output) => String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        Err(error) => {
            absent(&format!("{what} cannot be started: {error}"));
            return false;
        }
    };
    let is_known = known.iter().any(|version| said.contains(version));
    if !is_known {
        let first = said.lines().next().unwrap_or("nothing");
        absent(&format!("{what} says `{first}`; the tests know {}", known.join(" and ")));
    }
    is_known
}

#[test]
#[should_panic(expected = "bgpd is not installed")]
fn a_peer_that_is_required_and_missing_is_a_failure() {
    report("bgpd is not installed", true);
}
