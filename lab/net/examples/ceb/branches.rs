//! Branches and their three leased lines.
//!
//! One line goes to the nearest core city, one to the nearest provincial router, one to the nearest provincial router of
//! another core city: the loss of any of them, or of a whole city, leaves the branch two or one. Carriers take turns, so that
//! no two lines of a branch have the same one.

use crate::{
    backbone::{Line, Router, core_name, delay_us, home},
    places::{CORES, City, PROVINCES, branches, kilometres},
};

/// Mbit/s of the three lines of a large, a middling and a small branch.
const SIZES: [[u64; 3]; 3] = [[622, 310, 155], [310, 200, 155], [200, 155, 100]];

/// What a carrier's way adds: hundredths of the distance, then microseconds.
const CARRIERS: [(&str, u64, u64); 3] = [("a", 0, 0), ("b", 8, 200), ("c", 15, 500)];

/// Jitter in microseconds and loss in 1e-9 of the three lines.
const QUALITY: [(u64, u32); 3] = [(200, 10_000), (300, 20_000), (500, 50_000)];

pub fn routers() -> Vec<Router> {
    branches()
        .into_iter()
        .map(|city| Router {
            name: format!("br-{}", city.name),
            role: "branch",
            site: format!("{}-branch", city.name),
            lat: city.lat,
            lon: city.lon,
        })
        .collect()
}

pub fn lines() -> Vec<Line> {
    branches().into_iter().enumerate().flat_map(|(count, city)| three(count, city)).collect()
}

fn three(count: usize, branch: City) -> Vec<Line> {
    let city = home(branch);
    let mut near: Vec<City> = PROVINCES.to_vec();
    near.sort_by_key(|place| (kilometres(*place, branch), place.name));
    let first = near[0];
    let second = near.iter().copied().find(|place| home(*place) != home(first)).unwrap_or(near[1]);
    let core = (core_name(city, 1 + count as u64 % 2), CORES[city].0);
    let province = |place: City| (format!("pv-{}", place.name), place);
    // Half of the branches have their best line to the core, half to a provincial router.
    let landings = if count.is_multiple_of(2) {
        [core, province(first), province(second)]
    } else {
        [province(first), core, province(second)]
    };
    landings
        .into_iter()
        .enumerate()
        .map(|(at, (router, place))| line(count, at, branch, router, place))
        .collect()
}

fn line(count: usize, at: usize, branch: City, router: String, place: City) -> Line {
    let (carrier, way, equipment) = CARRIERS[(count + at) % 3];
    let far = kilometres(place, branch);
    let size = if CORES.iter().any(|(city, _)| city.name == branch.name) { 0 } else { 1 + count % 2 };
    let mbps = SIZES[size][at];
    let number = at + 1;
    let mut srlg = vec![format!("ring-{carrier}-{}", CORES[home(branch)].1)];
    // Some buildings have one duct for two of their lines.
    if count % 5 == 4 && at > 0 {
        srlg.push(format!("duct-br-{}", branch.name));
    }
    let name = format!("br-{}", branch.name);
    Line {
        name: format!("line{number}:{router}--{name}"),
        a: router,
        z: name,
        role: "leased-line",
        mbps,
        delay_us: delay_us(far + far * way / 100) + equipment,
        jitter_us: QUALITY[at].0,
        loss_ppb: QUALITY[at].1,
        // Far above all of the backbone, so that no branch carries the traffic of others.
        igp: 900 + 100 * number as u64 + far / 20,
        affinity: vec![format!("line{number}"), format!("carrier-{carrier}")],
        srlg,
        contract: true,
        macsec: at < 2 || !count.is_multiple_of(3),
        price: mbps * (10 + far / 25),
    }
}
