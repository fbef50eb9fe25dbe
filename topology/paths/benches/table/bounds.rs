//! Two additive bounds at once: how many labels, how long.

use model::{Delay, NodeIx, Price, intent::Minimise};
use paths::{PathRequest, Workspace, capacities, shortest};

use crate::{
    network::Builder,
    report::{Report, median, quantile, timed},
};

const NODES: usize = 10_000;

pub fn measure(report: &mut Report) {
    let mut builder = Builder::new(NODES);
    builder.mesh(NODES, 2 * NODES, 200..12_000, 10_000_000_000);
    let (_, graph) = builder.done();
    let free = capacities(&graph);
    let mut workspace = Workspace::new();
    let (mut times, mut labels) = (Vec::new(), Vec::new());
    let (mut exact, mut missed) = (0, 0);
    for round in 0..300_u32 {
        let ends = (NodeIx(round * 31 % 10_000), NodeIx((round * 31 + 4_321) % 10_000));
        let mut request = PathRequest::new(ends.0, ends.1);
        let Ok(fast) = shortest(&graph, &free, &request, &mut workspace) else { continue };
        request.minimise = Minimise::Price;
        let Ok(cheap) = shortest(&graph, &free, &request, &mut workspace) else { continue };
        // Half-way between the fastest and the cheapest path, in both.
        let between = |a: u64, b: u64| a.min(b) + a.abs_diff(b) / 2;
        let delay = between(fast.totals.delay.as_micros(), cheap.totals.delay.as_micros());
        request.bounds.delay = Some(Delay::from_micros(delay));
        request.bounds.price = Some(Price(between(fast.totals.price.0, cheap.totals.price.0)));
        request.minimise = Minimise::Te;
        let (time, found) = timed(|| shortest(&graph, &free, &request, &mut workspace));
        times.push(time);
        labels.push(workspace.labels());
        match found {
            Ok(found) => exact += usize::from(found.exact),
            Err(miss) => {
                exact += usize::from(miss.exact);
                missed += 1;
            }
        }
    }
    labels.sort_unstable();
    let count = times.len();
    let value = format!("{:.0?} median, {:.0?} p99", median(&mut times), quantile(&mut times, 0.99));
    report.say("delay and price bounded, least TE metric, 10,000 nodes", value);
    let value = format!(
        "{} median, {} p99",
        labels[count / 2],
        labels[(count * 99 / 100).min(count.saturating_sub(1))]
    );
    report.say("  labels", value);
    report.say("  exact", format!("{exact} of {count}, {missed} without a path"));
}
