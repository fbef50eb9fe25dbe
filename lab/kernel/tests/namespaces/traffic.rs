//! Customers' packets from h1 to h3.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kernel::live::Namespace;
use model::steering::Dscp;
use tokio::{
    net::UdpSocket,
    process::Command,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::ground::Ground;

fn tos(dscp: &str) -> u32 {
    u32::from(dscp.parse::<Dscp>().unwrap().number()) << 2
}

/// So many packets there and back, all of which must come back.
pub async fn ping(ground: &Ground, address: &str, dscp: &str, count: u32) {
    let (tos, count) = (tos(dscp).to_string(), count.to_string());
    let arguments = ["-n", "-q", "-i", "0.01", "-W", "2", "-Q", &tos, "-c", &count, address];
    let arguments = arguments.map(ToOwned::to_owned);
    let ended = ground.h1.run(move |_| async move { Command::new("ping").args(arguments).output().await });
    let ended = ended.await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains(" 0% packet loss"), "{address} {dscp}: {said}");
}

/// A socket that belongs to a namespace, wherever it is used.
async fn socket(namespace: &Namespace, address: &'static str) -> UdpSocket {
    let bound =
        namespace.run(move |_| async move { std::net::UdpSocket::bind(address) }).await.unwrap().unwrap();
    bound.set_nonblocking(true).unwrap();
    UdpSocket::from_std(bound).unwrap()
}

/// Packets of one code point, and who receives them.
pub struct Stream {
    stop: Arc<AtomicBool>,
    sent: JoinHandle<u64>,
    received: JoinHandle<u64>,
}

/// How often a stream sends.
const TICK: Duration = Duration::from_millis(2);

/// After so long a silence nothing comes any more.
const SILENCE: Duration = Duration::from_millis(400);

impl Stream {
    /// Starts one: so many packets a second, of so many octets.
    pub async fn start(ground: &Ground, dscp: &str, a_second: u64, size: usize) -> Self {
        let receiver = socket(&ground.h3, "10.3.0.2:0").await;
        let sender = socket(&ground.h1, "10.1.0.2:0").await;
        sender.set_tos_v4(tos(dscp)).unwrap();
        sender.connect(receiver.local_addr().unwrap()).await.unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let sent = tokio::spawn(async move {
            let (packet, mut sent, mut ticks) = (vec![0_u8; size], 0_u64, 0_u64);
            let mut clock = interval(TICK);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !stopped.load(Ordering::Relaxed) {
                clock.tick().await;
                ticks += 1;
                while sent < ticks * a_second * 2 / 1_000 {
                    sender.send(&packet).await.unwrap();
                    sent += 1;
                }
            }
            sent
        });
        let stopped = stop.clone();
        let received = tokio::spawn(async move {
            let (mut packet, mut received) = (vec![0_u8; 2_048], 0);
            loop {
                match timeout(SILENCE, receiver.recv(&mut packet)).await {
                    Ok(came) => received += u64::from(came.unwrap() > 0),
                    Err(_) if stopped.load(Ordering::Relaxed) => return received,
                    Err(_) => {}
                }
            }
        });
        Self { stop, sent, received }
    }

    /// Ends it; tells how many packets were sent, and how many came.
    pub async fn stop(self) -> (u64, u64) {
        self.stop.store(true, Ordering::Relaxed);
        let sent = timeout(Duration::from_secs(5), self.sent).await.unwrap().unwrap();
        let received = timeout(Duration::from_secs(5), self.received).await.unwrap().unwrap();
        (sent, received)
    }
}

/// So many flows of one packet, each from a port of its own.
pub async fn flows(ground: &Ground, from: &'static str, to: &'static str, dscp: &str, count: u32) {
    let (from, to): (IpAddr, IpAddr) = (from.parse().unwrap(), to.parse().unwrap());
    let tos = tos(dscp);
    let sent = ground.h1.run(move |_| async move {
        for flow in 0..count {
            let socket = UdpSocket::bind((from, 0)).await?;
            match from {
                IpAddr::V4(_) => socket.set_tos_v4(tos)?,
                IpAddr::V6(_) => socket.set_tclass_v6(tos)?,
            }
            socket.send_to(b"one", (to, 9)).await?;
            // A queue has room for that many.
            if flow % 50 == 49 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        std::io::Result::Ok(())
    });
    sent.await.unwrap().unwrap();
}
