//! Telemetry over gNMI: the product's own way from the wire into `Observed`, and beside it a bare client that decodes the same
//! stream and counts. Each has one thread for all it does, and the server another.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use assess::{Observed, Settings};
use gnmi::{
    Target,
    proto::{SubscribeRequest, g_nmi_client::GNmiClient, subscribe_response::Response},
    target::Limits,
    telemetry::watch,
    tls::ClientTls,
};
use model::{Bandwidth, InterfaceName, NodeId, Span};
use tokio::{sync::mpsc, time::timeout};
use tonic::{
    codegen::tokio_stream::{self, StreamExt as _},
    transport::{Certificate, ClientTlsConfig, Endpoint, Identity},
};

use crate::{
    cpu,
    notices::{self, Stream},
    papers::{DEVICE, Papers},
    pump::Pump,
};

/// Batches that may wait for the loop, as in the controller.
const WAITING: usize = 4_096;
/// Longer than a stream takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(300);

/// Leaf updates a second.
#[derive(Clone, Copy)]
pub struct Rate {
    /// Of time that went by.
    pub by_clock: f64,
    /// Of processor time.
    pub by_core: f64,
}

/// When counting began: with the first message.
struct Begun {
    clock: Instant,
    core: f64,
}

impl Begun {
    fn now() -> Self {
        Self { clock: Instant::now(), core: cpu::thread() }
    }

    fn rate(&self, updates: usize) -> Rate {
        let (clock, core) = (self.clock.elapsed().as_secs_f64(), cpu::thread() - self.core);
        Rate { by_clock: updates as f64 / clock, by_core: updates as f64 / core }
    }
}

/// Once with each.
pub fn run(papers: &Papers) -> (Rate, Rate) {
    let stream = Stream::before(engine::clock::now());
    let pump = Pump::start(stream.messages.clone(), papers);
    (alone(bare(&pump, papers, &stream)), alone(ours(&pump, papers, &stream)))
}

/// Runs it on this thread and no other.
fn alone<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(LIMIT, work).await.expect("the stream comes to its end") })
}

async fn bare(pump: &Pump, papers: &Papers, stream: &Stream) -> Rate {
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(&papers.authority_pem))
        .identity(Identity::from_pem(&papers.client.certificates_pem, &papers.client.key_pem))
        .domain_name(DEVICE);
    let endpoint = Endpoint::from_shared(format!("https://{}", pump.address)).unwrap();
    let channel = endpoint.tls_config(tls).unwrap().connect().await.unwrap();
    let asks = tokio_stream::once(SubscribeRequest::default()).chain(tokio_stream::pending());
    let mut client = GNmiClient::new(channel);
    let mut answers = client.subscribe(asks).await.unwrap().into_inner();
    let (mut count, mut begun) = (0, None);
    while count < stream.updates {
        let message = answers.message().await.unwrap().expect("the server goes on");
        begun.get_or_insert_with(Begun::now);
        if let Some(Response::Update(notification)) = &message.response {
            count += notification.update.len();
        }
        black_box(message);
    }
    begun.unwrap().rate(stream.updates - stream.first)
}

async fn ours(pump: &Pump, papers: &Papers, stream: &Stream) -> Rate {
    let target = Target {
        address: pump.address.to_string(),
        server_name: DEVICE.to_owned(),
        tls: ClientTls::new(papers.authority_pem.as_bytes(), Some(&papers.client)).unwrap(),
        credentials: None,
        limits: Limits::default(),
    };
    let node = NodeId::lit("r1");
    let (out, mut batches) = mpsc::channel(WAITING);
    let watching = tokio::spawn(watch(node.clone(), target, Duration::from_secs(1), out));
    let mut seen = Observed::new(Settings::default());
    let (mut samples, mut begun) = (0, None);
    while samples < stream.samples {
        let mut batch = batches.recv().await.expect("the watch goes on");
        begun.get_or_insert_with(Begun::now);
        // As the loop takes them: all that wait, at one moment.
        while let Ok(more) = batches.try_recv() {
            batch.extend(more);
        }
        let now = engine::clock::now();
        batch.iter().for_each(|sample| seen.take(sample, now));
        samples += batch.len();
    }
    let rate = begun.unwrap().rate(stream.updates - stream.first);
    watching.abort();
    assert_learned(&seen, &node);
    rate
}

/// What was sent is known now.
fn assert_learned(seen: &Observed, node: &NodeId) {
    let sent = Bandwidth::from_bps(notices::OCTETS * 8);
    for number in 0..notices::INTERFACES {
        let interface = InterfaceName::lit(&notices::interface(number));
        let reading = seen.reading(node, &interface, engine::clock::now()).unwrap();
        assert_eq!(reading.out(Span::from_secs(10)), Some(sent), "{interface}");
        assert!(reading.delay().is_some() && reading.queues().count() == 6, "{interface}");
    }
}
