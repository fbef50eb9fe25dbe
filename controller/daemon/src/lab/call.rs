//! What the commands do: start who keeps a lab, ask it over its socket, and remove what is left where nobody answers.

use std::{
    io::{self, BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail};
use ground::record;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::timeout,
};

use super::{
    FaultArgs, Mode, Read, StatusArgs, UpArgs, Which, Wires, lab, read, show, simulated, told,
    traffic::{self, Order, TrafficArgs, What},
    words::{Answer, Ask, Kept, Said},
};
use crate::{
    args::Format,
    outcome::{FOUND, Stop, say, say_json},
};

/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest answer.
const ANSWER: u64 = 256 << 20;

/// Makes a lab: starts who keeps it, and tells how far it is until the lab stands.
pub async fn up(args: &UpArgs) -> anyhow::Result<ExitCode> {
    let wires = Wires::WhereNeeded;
    let Read { layout, notes, sources } = read(&args.which.file, wires)?;
    told(&notes, &sources);
    if args.mode == Mode::Netns {
        ground::rights::check(false)?;
    }
    let folder = args.which.folder(&layout.lab);
    if args.which.folder.is_none() {
        let labs = folder.parent().unwrap_or(&folder);
        record::must_be_private(labs).with_context(|| labs.display().to_string())?;
    }
    record::must_be_a_labs(&folder).with_context(|| folder.display().to_string())?;
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let log = folder.join(record::LOG);
    let file = std::fs::File::options().create(true).append(true).open(&log);
    let file = file.with_context(|| format!("{} cannot be written", log.display()))?;
    let own = std::env::current_exe().context("this program does not know where it is")?;
    let mut keeper = Command::new(own)
        .args(args.again()?)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file)
        // A Ctrl-C that ends a later command in this terminal is not meant for the lab.
        .process_group(0)
        .spawn()
        .context("the lab's process cannot be started")?;
    let output = keeper.stdout.take().context("the lab's process says nothing")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        match serde_json::from_str(&line) {
            Ok(Said::Progress(text)) => say(&text),
            Ok(Said::Ready(text)) => {
                say(&text);
                return Ok(ExitCode::SUCCESS);
            }
            Ok(Said::Failed(text)) => {
                // It ends by itself; what it has to remove it removes first.
                let _ = keeper.wait();
                bail!("{text}");
            }
            Err(error) => bail!("the lab's process says what cannot be read: {error}"),
        }
    }
    let status = keeper.wait()?;
    bail!("the lab's process ended early ({status}); its log is {}", log.display())
}

impl UpArgs {
    /// The same arguments for the process that keeps the lab.
    fn again(&self) -> anyhow::Result<Vec<std::ffi::OsString>> {
        let absolute = |path: &Path| std::path::absolute(path).with_context(|| path.display().to_string());
        let mut words: Vec<std::ffi::OsString> =
            vec!["lab".into(), "keep".into(), absolute(&self.which.file)?.into()];
        let mut add = |word: &str, value: std::ffi::OsString| words.extend([word.into(), value]);
        if let Some(folder) = &self.which.folder {
            add("--folder", absolute(folder)?.into());
        }
        if let Some(traffic) = &self.traffic {
            add("--traffic", absolute(traffic)?.into());
        }
        self.vrf.iter().for_each(|vrf| add("--vrf", vrf.as_str().into()));
        if self.bare {
            words.push("--bare".into());
        }
        let mut add = |word: &str, value: std::ffi::OsString| words.extend([word.into(), value]);
        add("--listen", self.listen.to_string().into());
        add("--seed", self.seed.to_string().into());
        for (word, value) in [
            ("--mode", clap::ValueEnum::to_possible_value(&self.mode)),
            ("--igp", clap::ValueEnum::to_possible_value(&self.igp)),
            ("--wires", clap::ValueEnum::to_possible_value(&self.wires)),
        ] {
            value.into_iter().for_each(|value| add(word, value.get_name().into()));
        }
        Ok(words)
    }
}

/// Asks who keeps a lab, which has to be up.
///
/// # Errors
/// It is not up, does not answer, or refuses.
pub(super) async fn answer(folder: &Path, lab: &str, asked: &Ask) -> anyhow::Result<Answer> {
    match ask(folder, asked).await? {
        Some(Answer::Refused(why)) => bail!("{why}"),
        Some(answer) => Ok(answer),
        None => Err(not_up(lab)),
    }
}

/// What was answered is no answer to what was asked.
pub(super) fn strange() -> anyhow::Error {
    anyhow!("the lab's process answers something else")
}

/// Asks who keeps a lab; none where nobody does.
async fn ask(folder: &Path, ask: &Ask) -> anyhow::Result<Option<Answer>> {
    let socket = folder.join(record::SOCKET);
    let stream = match UnixStream::connect(&socket).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("{} cannot be used", socket.display())),
    };
    let question = async {
        let (input, mut output) = stream.into_split();
        output.write_all(format!("{}\n", serde_json::to_string(ask)?).as_bytes()).await?;
        let mut line = String::new();
        tokio::io::BufReader::new(input.take(ANSWER)).read_line(&mut line).await?;
        anyhow::Ok(serde_json::from_str(&line).context("the lab's process answers what cannot be read")?)
    };
    timeout(PATIENCE, question).await.context("the lab's process does not answer")?.map(Some)
}

/// Takes a lab away.
pub async fn down(which: &Which) -> anyhow::Result<ExitCode> {
    let lab = which.lab();
    let folder = which.folder(&lab);
    // It answers before it ends; whether it has ended, and left nothing, is seen by what is there.
    let _ = ask(&folder, &Ask::Down).await;
    let cleared = tokio::task::spawn_blocking(move || lab::remove(&folder, &lab)).await??;
    say(&match (cleared.spaces, cleared.processes) {
        (0, 0) => "nothing of the lab is left".to_owned(),
        (spaces, processes) => format!("removed {spaces} namespaces, ended {processes} processes"),
    });
    Ok(ExitCode::SUCCESS)
}

/// Shows a lab.
pub async fn status(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let lab = args.which.lab();
    let folder = args.which.folder(&lab);
    let kept: Kept = match ask(&folder, &Ask::Status).await? {
        Some(Answer::Status(kept)) => *kept,
        Some(Answer::Refused(why)) => bail!("{why}"),
        Some(Answer::Done | Answer::Traffic(_)) => return Err(strange()),
        None => return left(&folder, &lab, args.format),
    };
    let sessions = show::sessions(&kept).await;
    match args.format {
        Format::Json => {
            let mut value = serde_json::to_value(&kept)?;
            if let Some(object) = value.as_object_mut() {
                object.insert("sessions".to_owned(), serde_json::to_value(&sessions)?);
            }
            say_json(&value)?;
        }
        Format::Text => say(&show::text(&kept, &sessions)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what is left of a lab that nobody keeps.
fn left(folder: &Path, lab: &str, format: Format) -> anyhow::Result<ExitCode> {
    let Some((status, stage)) = lab::look(folder)? else {
        return Err(not_up(lab));
    };
    if format == Format::Json {
        say_json(&serde_json::json!({"kept": false, "stage": stage, "status": status}))?;
    } else {
        say(&show::left(&status, stage));
    }
    Ok(ExitCode::from(FOUND))
}

/// Does something to a lab.
pub async fn fault(args: &FaultArgs) -> anyhow::Result<ExitCode> {
    let lab = args.which.lab();
    let folder = args.which.folder(&lab);
    for asked in args.asks() {
        let Answer::Done = answer(&folder, &lab, &asked).await? else { return Err(strange()) };
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the hosts of a lab send, or stop, and shows what became of it.
pub async fn traffic(args: &TrafficArgs) -> anyhow::Result<ExitCode> {
    let (order, format) = match &args.what {
        What::Start { traffic, share, size } => {
            let Read { layout, .. } = read(&args.which.file, Wires::WhereNeeded)?;
            let demands = simulated::demands(traffic, &layout)?;
            (Order::Start(traffic::offers(&layout, &demands, *share, *size)?), None)
        }
        What::Stop(shown) => (Order::Stop, Some(shown.format)),
        What::Show(shown) => (Order::Show, Some(shown.format)),
    };
    let lab = args.which.lab();
    let answered = answer(&args.which.folder(&lab), &lab, &Ask::Traffic(order)).await?;
    let Answer::Traffic(seen) = answered else { return Err(strange()) };
    match format {
        Some(Format::Json) => say_json(&*seen)?,
        Some(Format::Text) => say(&show::traffic(&seen)),
        None => {
            say(&format!("{} flows are sent; `trunkline lab traffic … show` tells of them", seen.flows.len()))
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn not_up(lab: &str) -> anyhow::Error {
    Stop::usage(format!("the lab {lab} is not up: `trunkline lab up` makes it")).into()
}
