//! Who keeps a lab: makes it, answers questions about it, and takes it away when it is told to or asked by a signal.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use ground::{
    lab::{Fault, Options},
    layout::Wires,
    record::{IgpKind, SOCKET},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    task::block_in_place,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    ControllerFault, Igp, Mode, Read, UpArgs, WhichWires, read,
    real::Real,
    simulated::Simulated,
    traffic::{Order, Seen, Traffic},
    words::{Answer, Ask, Kept, Said, line},
};
use crate::signals::Signals;

/// The longest question: traffic between all hosts of a large lab.
const QUESTION: u64 = 64 << 20;
/// The longest that a question may take to come: others wait for it.
const ASKING: Duration = Duration::from_secs(5);
/// The longest that an answer may take to be taken.
const TELLING: Duration = Duration::from_secs(30);
/// How long nobody is listened to who could not be, for want of descriptors as a rule.
const AGAIN: Duration = Duration::from_millis(100);

/// A lab in either mode.
enum Lab {
    Netns(Box<Real>, Box<Traffic>),
    Process(Box<Simulated>),
}

/// Keeps a lab until it is told to take it away.
///
/// # Errors
/// It cannot be made, or not be taken away.
pub async fn run(args: &UpArgs) -> anyhow::Result<ExitCode> {
    // For itself, and for all that it starts.
    ground::rights::open_more_files();
    // From here on a signal ends it in order, also while it is made: a task of its own hears it while this one is busy.
    let mut signals = Signals::new()?;
    let stop = CancellationToken::new();
    let hears = stop.clone();
    tokio::spawn(async move {
        signals.next().await;
        hears.cancel();
    });
    let made = match make(args, &stop).await {
        Ok(made) => made,
        Err(error) => {
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            say(&Said::Failed(chain.join(": ")));
            return Err(error);
        }
    };
    let (mut lab, folder) = made;
    let socket = folder.join(SOCKET);
    let listening = listen(&socket);
    let served = match listening {
        Ok(listener) => {
            say(&Said::Ready(lab.told()));
            tokio::select! {
                asked = serve(&listener, &mut lab) => Ok(Some(asked)),
                () = stop.cancelled() => Ok(None),
            }
        }
        Err(error) => {
            say(&Said::Failed(error.to_string()));
            Err(error)
        }
    };
    let ended = lab.end().await;
    let asked = served?;
    ended?;
    // Whoever asked is answered when nothing is left.
    if let Some(mut asked) = asked {
        answer(&mut asked, &Answer::Done, TELLING).await;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says how far it is. Whoever started this may be gone, which changes nothing.
fn say(said: &Said) {
    let _ = writeln!(std::io::stdout().lock(), "{}", line(said));
}

async fn make(args: &UpArgs, stop: &CancellationToken) -> anyhow::Result<(Lab, PathBuf)> {
    let wires = match args.wires {
        WhichWires::Needed => Wires::WhereNeeded,
        WhichWires::All => Wires::Everywhere,
    };
    let Read { layout, .. } = read(&args.which.file, wires)?;
    let folder = args.which.folder(&layout.lab);
    let lab = match args.mode {
        Mode::Process => Lab::Process(Box::new(
            Simulated::start(layout, args, &folder, stop, |text| say(&Said::Progress(text))).await?,
        )),
        Mode::Netns => {
            let igp = match args.igp {
                Igp::Builtin => IgpKind::Builtin,
                Igp::Frr => IgpKind::Frr,
            };
            let options =
                Options { file: args.which.file.clone(), folder: folder.clone(), igp, seed: args.seed };
            let tell = |text| say(&Said::Progress(text));
            Lab::Netns(Box::new(Real::start(layout, args, options, stop, tell).await?), Box::default())
        }
    };
    Ok((lab, folder))
}

fn listen(socket: &Path) -> anyhow::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt as _;
    // One of an earlier lab, of which nothing is left.
    let _ = std::fs::remove_file(socket);
    let listener =
        UnixListener::bind(socket).with_context(|| format!("{} cannot be made", socket.display()))?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers questions, one after the other, until one asks for the end: gives that one, which waits for its answer. Nobody keeps others
/// from it for longer than a question and an answer may take.
async fn serve(listener: &UnixListener, lab: &mut Lab) -> UnixStream {
    loop {
        let mut stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // The lab stands all the same: whoever asked may ask again.
            Err(error) => {
                tracing::warn!(%error, "a question is not taken");
                sleep(AGAIN).await;
                continue;
            }
        };
        let answered = match question(&mut stream, ASKING).await {
            Some(Ask::Down) => return stream,
            Some(Ask::Status) => lab.status().map(|kept| Answer::Status(Box::new(kept))),
            Some(Ask::Fault(fault)) => lab.fault(&fault).await.map(|()| Answer::Done),
            Some(Ask::Controller(what)) => lab.controller(what).await.map(|()| Answer::Done),
            Some(Ask::Traffic(order)) => lab.traffic(order).map(|seen| Answer::Traffic(Box::new(seen))),
            None => Ok(Answer::Refused("this is no question".to_owned())),
        };
        let answered = answered.unwrap_or_else(|error| Answer::Refused(format!("{error:#}")));
        answer(&mut stream, &answered, TELLING).await;
    }
}

/// Reads a question; none where it is none, or does not come in time.
async fn question(stream: &mut UnixStream, patience: Duration) -> Option<Ask> {
    let mut text = String::new();
    let mut reader = BufReader::new(stream.take(QUESTION));
    timeout(patience, reader.read_line(&mut text)).await.ok()?.ok()?;
    serde_json::from_str(&text).ok()
}

/// Answers. Who asked may be gone, or take nothing, which is no matter of the lab's.
async fn answer(stream: &mut UnixStream, answer: &Answer, patience: Duration) {
    let told = async {
        stream.write_all(format!("{}\n", serde_json::to_string(answer)?).as_bytes()).await?;
        anyhow::Ok(stream.shutdown().await?)
    };
    match timeout(patience, told).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an answer is not taken"),
        Err(_) => tracing::debug!("an answer is not taken in time"),
    }
}

impl Lab {
    /// What there is to know when it stands.
    fn told(&self) -> String {
        match self {
            Self::Netns(real, _) => real.told(),
            Self::Process(simulated) => simulated.told(),
        }
    }

    fn status(&self) -> anyhow::Result<Kept> {
        match self {
            Self::Netns(real, _) => real.status(),
            Self::Process(simulated) => Ok(simulated.status()),
        }
    }

    async fn fault(&mut self, fault: &Fault) -> anyhow::Result<()> {
        match self {
            Self::Netns(real, _) => real.fault(fault).await,
            Self::Process(simulated) => simulated.fault(fault).await,
        }
    }

    async fn controller(&mut self, what: ControllerFault) -> anyhow::Result<()> {
        match self {
            Self::Netns(real, _) => real.controller(what).await,
            Self::Process(simulated) => simulated.controller(what).await,
        }
    }

    fn traffic(&mut self, order: Order) -> anyhow::Result<Seen> {
        match self {
            Self::Netns(real, traffic) => block_in_place(|| traffic.follow(order, real.layout())),
            Self::Process(_) => anyhow::bail!(
                "in process mode there are no hosts, and traffic is offered by `trunkline lab up --traffic`"
            ),
        }
    }

    async fn end(self) -> anyhow::Result<()> {
        match self {
            Self::Netns(real, traffic) => {
                // A namespace stays as long as somebody has a socket in it.
                block_in_place(|| drop(traffic));
                real.end().await
            }
            Self::Process(simulated) => simulated.end().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough for what is there already, and no test waits for it twice.
    const SHORT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn a_question_is_read_and_one_that_does_not_come_is_none() {
        let (mut near, mut far) = UnixStream::pair().unwrap();
        assert!(question(&mut near, SHORT).await.is_none(), "nobody says anything");
        far.write_all(b"\"status\"\n").await.unwrap();
        assert!(matches!(question(&mut near, ASKING).await, Some(Ask::Status)));
        far.write_all(b"\"sta").await.unwrap();
        assert!(question(&mut near, SHORT).await.is_none(), "half of one");
        drop(far);
        assert!(question(&mut near, ASKING).await.is_none(), "nobody is there");
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_is_given_up() {
        let (mut near, far) = UnixStream::pair().unwrap();
        let long = Answer::Refused("no ".repeat(1 << 20));
        // It would wait for ever where nobody reads.
        answer(&mut near, &long, SHORT).await;
        drop(far);
        answer(&mut near, &Answer::Done, TELLING).await;
    }
}
