//! Where the routers stand: cities of China with their coordinates, and the distances between them.

/// A city.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct City {
    pub name: &'static str,
    pub lat: f64,
    pub lon: f64,
}

const fn city(name: &'static str, lat: f64, lon: f64) -> City {
    City { name, lat, lon }
}

/// Cities with two core routers each, and how their routers are called.
pub const CORES: [(City, &str); 7] = [
    (city("beijing", 39.90, 116.40), "bj"),
    (city("shanghai", 31.23, 121.47), "sh"),
    (city("guangzhou", 23.13, 113.26), "gz"),
    (city("wuhan", 30.59, 114.31), "wh"),
    (city("chengdu", 30.57, 104.07), "cd"),
    (city("xian", 34.34, 108.94), "xa"),
    (city("shenyang", 41.80, 123.43), "sy"),
];

/// Cities with a provincial router.
pub const PROVINCES: [City; 40] = [
    city("tianjin", 39.13, 117.20),
    city("chongqing", 29.56, 106.55),
    city("shijiazhuang", 38.04, 114.51),
    city("taiyuan", 37.87, 112.55),
    city("hohhot", 40.84, 111.75),
    city("changchun", 43.82, 125.32),
    city("harbin", 45.80, 126.53),
    city("nanjing", 32.06, 118.80),
    city("hangzhou", 30.27, 120.15),
    city("hefei", 31.82, 117.23),
    city("fuzhou", 26.07, 119.30),
    city("nanchang", 28.68, 115.86),
    city("jinan", 36.65, 117.12),
    city("zhengzhou", 34.75, 113.62),
    city("changsha", 28.23, 112.94),
    city("nanning", 22.82, 108.37),
    city("haikou", 20.04, 110.34),
    city("guiyang", 26.65, 106.63),
    city("kunming", 25.04, 102.71),
    city("lhasa", 29.65, 91.14),
    city("lanzhou", 36.06, 103.83),
    city("xining", 36.62, 101.78),
    city("yinchuan", 38.49, 106.23),
    city("urumqi", 43.83, 87.62),
    city("shenzhen", 22.54, 114.06),
    city("dalian", 38.91, 121.61),
    city("qingdao", 36.07, 120.38),
    city("ningbo", 29.87, 121.54),
    city("xiamen", 24.48, 118.09),
    city("suzhou", 31.30, 120.58),
    city("wuxi", 31.49, 120.31),
    city("dongguan", 23.02, 113.75),
    city("foshan", 23.02, 113.12),
    city("wenzhou", 27.99, 120.70),
    city("yantai", 37.46, 121.45),
    city("tangshan", 39.63, 118.18),
    city("zhuhai", 22.27, 113.58),
    city("baotou", 40.66, 109.84),
    city("luoyang", 34.62, 112.45),
    city("xuzhou", 34.26, 117.19),
];

/// Cities that have a branch and no other router.
pub const BRANCHES_ALONE: [City; 20] = [
    city("nantong", 31.98, 120.89),
    city("changzhou", 31.81, 119.97),
    city("jiaxing", 30.75, 120.76),
    city("shaoxing", 30.00, 120.58),
    city("jinhua", 29.08, 119.65),
    city("quanzhou", 24.87, 118.68),
    city("weifang", 36.71, 119.16),
    city("linyi", 35.10, 118.36),
    city("zibo", 36.81, 118.05),
    city("baoding", 38.87, 115.46),
    city("handan", 36.63, 114.54),
    city("daqing", 46.59, 125.10),
    city("yichang", 30.69, 111.29),
    city("xiangyang", 32.01, 112.12),
    city("guilin", 25.27, 110.29),
    city("sanya", 18.25, 109.51),
    city("mianyang", 31.47, 104.68),
    city("wuhu", 31.35, 118.43),
    city("huizhou", 23.11, 114.42),
    city("shantou", 23.35, 116.68),
];

/// How many of the provincial cities, from the first, have a branch too.
const BRANCHES_IN_PROVINCES: usize = 34;

/// A branch stands a few kilometres from the routers of its city.
const APART: (f64, f64) = (0.04, -0.06);

/// All cities with a branch: the core cities but the capital, where headquarters stand; provincial cities; others.
pub fn branches() -> Vec<City> {
    let shifted = |city: City| City { lat: city.lat + APART.0, lon: city.lon + APART.1, ..city };
    let mut cities: Vec<City> = CORES[1..].iter().map(|(city, _)| shifted(*city)).collect();
    cities.extend(PROVINCES[..BRANCHES_IN_PROVINCES].iter().copied().map(shifted));
    cities.extend(BRANCHES_ALONE);
    cities.sort_by_key(|city| city.name);
    cities
}

/// Whole kilometres on the great circle.
pub fn kilometres(x: City, y: City) -> u64 {
    let (north, east) = ((y.lat - x.lat).to_radians(), (y.lon - x.lon).to_radians());
    let part = (north / 2.0).sin().powi(2)
        + x.lat.to_radians().cos() * y.lat.to_radians().cos() * (east / 2.0).sin().powi(2);
    (2.0 * 6371.0 * part.sqrt().asin()).round() as u64
}
