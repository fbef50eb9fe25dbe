//! Tools as child processes: they start in the namespace of the thread that starts them.

use std::process::Stdio;

use tokio::{io::AsyncWriteExt, process::Command};

use super::error::Fault;

/// A tool and the Debian package that has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tool {
    pub(super) program: &'static str,
    pub(super) package: &'static str,
}

pub(super) const NFT: Tool = Tool { program: "nft", package: "nftables" };
pub(super) const TC: Tool = Tool { program: "tc", package: "iproute2" };
pub(super) const IP: Tool = Tool { program: "ip", package: "iproute2" };

/// So much of a tool's complaint is told.
const WORDS: usize = 600;

/// Runs a tool to its end and gives what it wrote to its standard output. It ends with the future.
pub(super) async fn run(tool: Tool, arguments: &[&str], input: &str) -> Result<String, Fault> {
    let Tool { program, package } = tool;
    let started = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = started.map_err(|cause| Fault::Missing { program, package, cause })?;
    let stdin = child.stdin.take();
    let feed = async move {
        if let Some(mut stdin) = stdin {
            // A tool that ends before it has read everything says why.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    let ((), ended) = tokio::join!(feed, child.wait_with_output());
    let ended = ended?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&ended.stderr).trim().chars().take(WORDS).collect();
    Err(Fault::Tool { program, words })
}
