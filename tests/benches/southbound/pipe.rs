//! The same transaction without SSH, sockets and routers: sessions over pipes in memory, at whose other ends a thread of its own
//! answers what a router answered before. The processor time of the client's thread is what rendering, XML and sessions cost.

use std::{sync::Arc, thread, time::Duration};

use bytes::BytesMut;
use netconf::{
    device::{Library, NetconfDevice, Options},
    frame::{self, Decoder, Framing},
    hello::Hello,
    message::Message,
    operation::{Datastore, Filter},
    rpc::{Rpc, RpcReply},
    session::{self, Session},
    ssh,
    xml::{Element, Limits},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    task::JoinSet,
    time::Instant,
};

use crate::{ROUNDS, cpu, edits, lab::Lab, transaction};

/// What a router said.
pub struct Recorded {
    hello: Hello,
    /// The content of `<data>` in its answer to what is read back.
    data: Vec<Element>,
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// Asks the first router. All of them hold the same.
pub fn record(lab: &Lab) -> Recorded {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let target = lab.target(&lab.doors[0]);
        let (session, _) = ssh::connect(&target, &session::Options::default(), soon()).await.unwrap();
        let filter = Filter::subtree(&edits::filter()).unwrap();
        let data = session.get_config(Datastore::Running, Some(filter), None, soon()).await.unwrap();
        Recorded { hello: session.info().hello.clone(), data: data.children }
    })
}

/// Processor seconds of the client's thread in each round, after one that is not measured.
pub fn run(lab: &Lab, recorded: Recorded, library: &Library, first: usize) -> Vec<f64> {
    let pipes = lab.doors.iter().map(|_| tokio::io::duplex(64 << 10));
    let (ours, theirs): (Vec<DuplexStream>, Vec<DuplexStream>) = pipes.unzip();
    let other = thread::spawn(move || answer_all(theirs, recorded));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seconds = runtime.block_on(async {
        let mut handles = Vec::new();
        for (door, stream) in lab.doors.iter().zip(ours) {
            let (session, _) = Session::open(stream, &session::Options::default(), soon()).await.unwrap();
            let device = NetconfDevice::new(door.name.clone(), lab.target(door), Options::default());
            handles.push(transaction::spawn(device.with_library(library.clone()).beginning_on(session)));
        }
        transaction::transact(&handles, first).await;
        let mut seconds = Vec::new();
        for round in first + 1..=first + ROUNDS {
            let before = cpu::thread();
            transaction::transact(&handles, round).await;
            seconds.push(cpu::thread() - before);
        }
        seconds
    });
    // The sessions end with it, and the answers with them.
    drop(runtime);
    other.join().unwrap();
    seconds
}

fn answer_all(streams: Vec<DuplexStream>, recorded: Recorded) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let recorded = Arc::new(recorded);
        let mut answering = JoinSet::new();
        for stream in streams {
            answering.spawn(answer(stream, Arc::clone(&recorded)));
        }
        answering.join_all().await;
    });
}

/// Answers one session until it ends.
async fn answer(mut stream: DuplexStream, recorded: Arc<Recorded>) {
    let mut framing = Framing::EndOfMessage;
    let mut decoder = Decoder::new(framing, 16 << 20);
    say(&mut stream, framing, &recorded.hello.to_xml()).await;
    loop {
        while let Some(text) = decoder.next_message().unwrap() {
            match Message::parse(&text, &Limits::default()).unwrap() {
                Message::Hello(theirs) => {
                    framing = recorded.hello.negotiate(&theirs).unwrap();
                    decoder.switch(framing);
                }
                Message::Rpc(rpc) => say(&mut stream, framing, &reply(&rpc, &recorded).to_xml()).await,
                other => panic!("a client says {other:?}"),
            }
        }
        let mut input = BytesMut::with_capacity(16 << 10);
        if stream.read_buf(&mut input).await.unwrap() == 0 {
            return;
        }
        decoder.feed(&input);
    }
}

fn reply(rpc: &Rpc, recorded: &Recorded) -> RpcReply {
    match &*rpc.operation.name.local {
        "get-config" => RpcReply::data(rpc, recorded.data.clone()),
        _ => RpcReply::ok(rpc),
    }
}

async fn say(stream: &mut DuplexStream, framing: Framing, text: &str) {
    let mut out = BytesMut::new();
    frame::encode(framing, text, &mut out).unwrap();
    stream.write_all(&out).await.unwrap();
}
