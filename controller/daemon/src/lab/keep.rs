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
    time::timeout,
};

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

/// How long somebody has to say what he asks, and to take the answer. Others wait meanwhile: one that was stopped must not stop the lab.
const PATIENCE: Duration = Duration::from_secs(5);

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
    // From here on a signal ends it in order, also while it is made.
    let mut signals = Signals::new()?;
    let made = match make(args).await {
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
                served = serve(&listener, &mut lab) => served,
                _ = signals.next() => Ok(None),
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
        let _ = answer(&mut asked, &Answer::Done).await;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says how far it is. Whoever started this may be gone, which changes nothing.
fn say(said: &Said) {
    let _ = writeln!(std::io::stdout().lock(), "{}", line(said));
}

async fn make(args: &UpArgs) -> anyhow::Result<(Lab, PathBuf)> {
    let wires = match args.wires {
        WhichWires::Needed => Wires::WhereNeeded,
        WhichWires::All => Wires::Everywhere,
    };
    let Read { layout, .. } = read(&args.which.file, wires)?;
    let folder = args.which.folder(&layout.lab);
    let lab = match args.mode {
        Mode::Process => Lab::Process(Box::new(
            Simulated::start(layout, args, &folder, |text| say(&Said::Progress(text))).await?,
        )),
        Mode::Netns => {
            let igp = match args.igp {
                Igp::Builtin => IgpKind::Builtin,
                Igp::Frr => IgpKind::Frr,
            };
            let options =
                Options { file: args.which.file.clone(), folder: folder.clone(), igp, seed: args.seed };
            let tell = |text| say(&Said::Progress(text));
            Lab::Netns(Box::new(Real::start(layout, args, options, tell).await?), Box::default())
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

/// Answers questions, one after the other, until one asks for the end: gives that one, which waits for its answer.
async fn serve(listener: &UnixListener, lab: &mut Lab) -> anyhow::Result<Option<UnixStream>> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let mut question = String::new();
        let read = {
            let mut asked = BufReader::new((&mut stream).take(QUESTION));
            timeout(PATIENCE, asked.read_line(&mut question)).await
        };
        let is_read = matches!(read, Ok(Ok(_)));
        let answered = match is_read.then(|| serde_json::from_str(&question).ok()).flatten() {
            Some(Ask::Down) => return Ok(Some(stream)),
            Some(Ask::Status) => lab.status().map(|kept| Answer::Status(Box::new(kept))),
            Some(Ask::Fault(fault)) => lab.fault(&fault).await.map(|()| Answer::Done),
            Some(Ask::Controller(what)) => lab.controller(what).await.map(|()| Answer::Done),
            Some(Ask::Traffic(order)) => lab.traffic(order).map(|seen| Answer::Traffic(Box::new(seen))),
            None => Ok(Answer::Refused("this is no question".to_owned())),
        };
        let answered = answered.unwrap_or_else(|error| Answer::Refused(format!("{error:#}")));
        // Who asked may be gone, or have been stopped.
        let _ = timeout(PATIENCE, answer(&mut stream, &answered)).await;
    }
}

async fn answer(stream: &mut UnixStream, answer: &Answer) -> anyhow::Result<()> {
    stream.write_all(format!("{}\n", serde_json::to_string(answer)?).as_bytes()).await?;
    Ok(stream.shutdown().await?)
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
