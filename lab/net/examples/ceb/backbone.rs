//! Headquarters, data centres, core and provincial routers, and the lines between them.
//!
//! The core has two planes of the same shape, and two lines on different cables between neighbours: equal costs, so that
//! shortest paths have choices. Provincial routers hang on both planes of the nearest core city.

use crate::places::{CORES, City, PROVINCES, kilometres};

/// A router.
#[derive(Clone, Debug)]
pub struct Router {
    pub name: String,
    pub role: &'static str,
    pub site: String,
    pub lat: f64,
    pub lon: f64,
}

/// A line. Its ends get their interfaces in the order of the lines.
#[derive(Clone, Debug)]
pub struct Line {
    pub name: String,
    pub a: String,
    pub z: String,
    pub role: &'static str,
    pub mbps: u64,
    pub delay_us: u64,
    pub jitter_us: u64,
    pub loss_ppb: u32,
    pub igp: u64,
    pub affinity: Vec<String>,
    pub srlg: Vec<String>,
    /// Whether a carrier promises anything for it.
    pub contract: bool,
    pub macsec: bool,
    pub price: u64,
}

/// Core cities that are neighbours, by their place in the list of core cities.
const NEIGHBOURS: [(usize, usize); 12] =
    [(0, 1), (0, 3), (0, 5), (0, 6), (1, 2), (1, 3), (1, 6), (2, 3), (2, 4), (3, 4), (3, 5), (4, 5)];

/// Light needs 5 us a kilometre, fibre goes 1.3 times the way, equipment takes 0.3 ms; in steps of 10 us.
pub fn delay_us(kilometres: u64) -> u64 {
    (kilometres * 65 / 10 + 300) / 10 * 10
}

/// Name, role, site, place, and the core city that it hangs on.
const CENTRES: [(&str, &str, &str, f64, f64, usize); 3] = [
    ("hq", "hq", "beijing", 39.92, 116.36, 0),
    ("dc1", "dc", "beijing-yizhuang", 39.79, 116.50, 0),
    ("dc2", "dc", "shanghai", 31.20, 121.60, 1),
];

pub fn core_name(city: usize, plane: u64) -> String {
    format!("core-{}{plane}", CORES[city].1)
}

/// The core city nearest to a place; ties go to the first.
pub fn home(place: City) -> usize {
    (0..CORES.len()).min_by_key(|city| kilometres(CORES[*city].0, place)).unwrap_or(0)
}

/// All routers but branches.
pub fn routers() -> Vec<Router> {
    let mut routers = Vec::new();
    for (name, role, site, lat, lon, _) in CENTRES {
        for number in 1..=2 {
            let lat = lat + 0.01 * f64::from(number - 1);
            routers.push(Router { name: format!("{name}-pe{number}"), role, site: site.into(), lat, lon });
        }
    }
    for (city, (place, _)) in CORES.iter().enumerate() {
        for plane in [1, 2] {
            let lon = place.lon + if plane == 1 { -0.02 } else { 0.02 };
            let name = core_name(city, plane);
            routers.push(Router {
                name,
                role: "core",
                site: format!("{}-core", place.name),
                lat: place.lat,
                lon,
            });
        }
    }
    for place in PROVINCES {
        let name = format!("pv-{}", place.name);
        let site = format!("{}-pop", place.name);
        routers.push(Router { name, role: "province", site, lat: place.lat, lon: place.lon });
    }
    routers
}

/// All lines but those to branches.
pub fn lines() -> Vec<Line> {
    let mut lines = trunks();
    for (name, _, _, _, _, city) in CENTRES {
        let pes = [1, 2].map(|number| format!("{name}-pe{number}"));
        for (pe, plane) in [(0, 1), (0, 2), (1, 1), (1, 2)] {
            let duct = format!("duct-{name}-{pe}{plane}");
            lines.push(in_town(&pes[pe], &core_name(city, plane), "uplink", 10, duct));
        }
        lines.push(in_town(&pes[0], &pes[1], "uplink", 10, format!("duct-{name}")));
    }
    lines.extend(provinces());
    lines
}

fn trunks() -> Vec<Line> {
    let mut lines = Vec::new();
    for (city, (_, short)) in CORES.iter().enumerate() {
        let (one, other) = (core_name(city, 1), core_name(city, 2));
        lines.push(in_town(&one, &other, "core", 5, format!("duct-{short}")));
    }
    for (x, y) in NEIGHBOURS {
        let far = kilometres(CORES[x].0, CORES[y].0);
        for plane in [1, 2] {
            for pair in [1, 2] {
                // Three cables carry the four lines of two cities: the planes share the middle one.
                let cable = plane + pair - 1;
                let (a, z) = (core_name(x, plane), core_name(y, plane));
                lines.push(Line {
                    name: format!("trunk{pair}:{a}--{z}"),
                    a,
                    z,
                    role: "core",
                    mbps: 10_000,
                    delay_us: delay_us(far + 20 * (cable - 1)),
                    jitter_us: 20,
                    loss_ppb: 0,
                    igp: 10 + far / 20,
                    affinity: vec!["core".into(), format!("plane{plane}")],
                    srlg: vec![format!("cable-{}-{}-{cable}", CORES[x].1, CORES[y].1)],
                    contract: false,
                    macsec: cable != 3,
                    price: 2_000 + far * 12,
                });
            }
        }
    }
    lines
}

fn in_town(a: &str, z: &str, role: &'static str, igp: u64, duct: String) -> Line {
    Line {
        name: format!("{a}--{z}"),
        a: a.into(),
        z: z.into(),
        role,
        mbps: 10_000,
        delay_us: 100,
        jitter_us: 10,
        loss_ppb: 0,
        igp,
        affinity: vec![role.into()],
        srlg: vec![duct],
        contract: false,
        macsec: true,
        price: 500,
    }
}

fn provinces() -> Vec<Line> {
    let mut lines = Vec::new();
    for place in PROVINCES {
        let city = home(place);
        let far = kilometres(CORES[city].0, place);
        for plane in [1, 2] {
            let (a, z) = (format!("pv-{}", place.name), core_name(city, plane));
            lines.push(Line {
                name: format!("{a}--{z}"),
                a,
                z,
                role: "province-line",
                mbps: 2_500,
                delay_us: delay_us(far + 15 * (plane - 1)),
                jitter_us: 50,
                loss_ppb: 1_000,
                igp: 50 + far / 20,
                affinity: vec!["province-line".into(), format!("plane{plane}")],
                srlg: vec![format!("cable-{}-{plane}", place.name)],
                contract: true,
                macsec: true,
                price: 1_000 + far * 6,
            });
        }
    }
    lines
}
