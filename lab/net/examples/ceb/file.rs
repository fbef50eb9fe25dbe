//! The network as a containerlab file, one line of text for each router and each line.

use std::{collections::BTreeMap, fmt::Write as _};

use model::{Bandwidth, Delay, Jitter, Loss};

use crate::{
    backbone::{self, Line, Router},
    branches,
};

const HEAD: &str = "\
# The CEB case: a joint-stock bank's backbone of 120 routers. Headquarters, two data centres, a core of two planes in seven
# cities, 40 provincial routers, and 60 branches with three leased lines each. Written by lab/net/examples/ceb: change that.
name: ceb
topology:
  kinds:
    linux:
      image: trunkline-router
  defaults:
    kind: linux
    labels: {trunkline.msd: 8/8, trunkline.queues: \"8\", trunkline.dialect: openconfig}
";

/// The whole file.
pub fn text() -> String {
    let mut text = String::from(HEAD);
    text.push_str("  nodes:\n");
    let routers = backbone::routers().into_iter().chain(branches::routers());
    for (number, router) in (1..).zip(routers) {
        text.push_str(&node(number, &router));
    }
    text.push_str("  links:\n");
    let mut used: BTreeMap<String, u32> = BTreeMap::new();
    for line in backbone::lines().into_iter().chain(branches::lines()) {
        let mut end = |router: &String| {
            let interface = used.entry(router.clone()).or_default();
            *interface += 1;
            format!("\"{router}:eth{interface}\"")
        };
        let ends = [end(&line.a), end(&line.z)];
        text.push_str(&link(&line, &ends.join(", ")));
    }
    text
}

fn node(number: u32, router: &Router) -> String {
    format!(
        "    {}: {{labels: {{trunkline.role: {}, trunkline.site: {}, trunkline.lat: \"{:.2}\", trunkline.lon: \"{:.2}\", \
         trunkline.router-id: 10.0.0.{number}, trunkline.locator: \"fd00:0:{number:x}::/48\", trunkline.node-sid: \"{number}\"}}}}\n",
        router.name, router.role, router.site, router.lat, router.lon
    )
}

fn link(line: &Line, ends: &str) -> String {
    let delay = Delay::from_micros(line.delay_us);
    let mut text = format!(
        "    - endpoints: [{ends}]\n      vars: {{name: \"{}\", role: {}, bandwidth: {}, delay: {delay}, jitter: {}",
        line.name,
        line.role,
        Bandwidth::from_bps(line.mbps * 1_000_000),
        Jitter::from_micros(line.jitter_us),
    );
    let mut put = |word: &str, value: &str| {
        write!(text, ", {word}: {value}").expect("writing to a string cannot fail");
    };
    // Nothing that is promised over the line is left for somebody to guess.
    put("loss", &Loss::from_ppb(line.loss_ppb).to_string());
    put("igp", &line.igp.to_string());
    put("te", &(line.delay_us / 10).to_string());
    put("affinity", &format!("[{}]", line.affinity.join(", ")));
    put("srlg", &format!("[{}]", line.srlg.join(", ")));
    if line.contract {
        // A fifth above what the line needs and a millisecond, in whole milliseconds.
        let promised = Delay::from_micros((line.delay_us * 12 / 10 + 1_000).div_ceil(1_000) * 1_000);
        put("contract", &format!("{{delay: {promised}, jitter: 2ms, loss: 0.1%}}"));
    }
    if line.macsec {
        put("encryption", "macsec");
    }
    put("price", &line.price.to_string());
    text.push_str("}\n");
    text
}
