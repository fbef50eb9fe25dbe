// A made-up bank network: 120 routers over the country, some 300 lines, six classes of service. The same seed gives the
// same network.

export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const CORES = [
  ['bj', 39.9, 116.4],
  ['sh', 31.2, 121.5],
  ['gz', 23.1, 113.3],
  ['wh', 30.6, 114.3],
  ['xa', 34.3, 108.9],
  ['cd', 30.6, 104.1],
  ['sy', 41.8, 123.4],
  ['nj', 32.1, 118.8],
];

const PROVINCES = [
  ['haerbin', 45.8, 126.5],
  ['changchun', 43.9, 125.3],
  ['dalian', 38.9, 121.6],
  ['tianjin', 39.1, 117.2],
  ['shijiazhuang', 38.0, 114.5],
  ['taiyuan', 37.9, 112.5],
  ['huhehaote', 40.8, 111.7],
  ['jinan', 36.7, 117.0],
  ['qingdao', 36.1, 120.4],
  ['zhengzhou', 34.7, 113.6],
  ['hefei', 31.8, 117.2],
  ['hangzhou', 30.3, 120.2],
  ['ningbo', 29.9, 121.6],
  ['fuzhou', 26.1, 119.3],
  ['xiamen', 24.5, 118.1],
  ['nanchang', 28.7, 115.9],
  ['changsha', 28.2, 112.9],
  ['shenzhen', 22.5, 114.1],
  ['nanning', 22.8, 108.3],
  ['haikou', 20.0, 110.3],
  ['guiyang', 26.6, 106.7],
  ['kunming', 25.0, 102.7],
  ['chongqing', 29.6, 106.5],
  ['lanzhou', 36.1, 103.8],
  ['yinchuan', 38.5, 106.2],
  ['xining', 36.6, 101.8],
  ['wulumuqi', 43.8, 87.6],
  ['lasa', 29.7, 91.1],
];

const CLASSES = ['voice', 'payments', 'core-banking', 'video', 'office', 'backup'];
const QUEUES = ['ef', 'af4', 'af3', 'af2', 'af1', 'be'];

function distance(a, b) {
  const rad = Math.PI / 180;
  const x = (a.lon - b.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  const y = (a.lat - b.lat) * rad;
  return Math.hypot(x, y) * 6371;
}

function direction(bandwidth, km, roll) {
  const use = 0.06 + roll() ** 2 * 0.5;
  const planned = Math.round(km * 7 + 300);
  return {
    bandwidth,
    load: Math.round(bandwidth * use),
    delay: planned + Math.round(roll() * 200),
    plannedDelay: planned,
    jitter: Math.round(roll() * 300),
    loss: Math.round(roll() * 3000),
    score: 100,
    reasons: [],
    queues: QUEUES.map((name, i) => {
      const guarantee = Math.round(bandwidth * [0.1, 0.25, 0.2, 0.15, 0.1, 0.2][i]);
      return { name, load: Math.round(guarantee * Math.min(use * (0.5 + roll() * 0.8), 0.72)), guarantee, drops: 0 };
    }),
  };
}

function nodesOf(roll) {
  const nodes = [];
  const add = (id, role, site, lat, lon) => {
    const protocol = nodes.length % 2 === 0 ? 'netconf' : 'gnmi';
    nodes.push({ id, role, site, lat, lon, protocol, session: { state: 'up' }, policies: 0, differs: [], uncompared: null, exceptions: [], modules: 41, rollback: 'byDevice' });
  };
  add('hq-pe1', 'hq', 'beijing', 39.91, 116.39);
  add('hq-pe2', 'hq', 'beijing', 39.93, 116.42);
  add('dc-bj', 'dc', 'beijing-daxing', 39.7, 116.3);
  add('dc-sh', 'dc', 'shanghai-waigaoqiao', 31.35, 121.6);
  for (const [name, lat, lon] of CORES) {
    add(`core-${name}1`, 'core', name, lat + 0.25, lon - 0.25);
    add(`core-${name}2`, 'core', name, lat - 0.25, lon + 0.25);
  }
  for (const [name, lat, lon] of PROVINCES) add(`prov-${name}`, 'provincial', name, lat, lon);
  while (nodes.length < 120) {
    const home = PROVINCES[(nodes.length * 5) % PROVINCES.length];
    const turn = roll() * 2 * Math.PI;
    const far = 0.7 + roll() * 1.4;
    const n = nodes.filter((node) => node.id.startsWith(`br-${home[0]}`)).length + 1;
    add(`br-${home[0]}${n}`, 'branch', home[0], home[1] + Math.sin(turn) * far, home[2] + Math.cos(turn) * far);
  }
  return nodes;
}

function linksOf(nodes, roll) {
  const by = new Map(nodes.map((node) => [node.id, node]));
  const links = [];
  const add = (prefix, a, z, role, bandwidth) => {
    if (a === z) return;
    const km = distance(by.get(a), by.get(z));
    const [aToZ, zToA] = [direction(bandwidth, km, roll), direction(bandwidth, km, roll)];
    links.push({ id: `${prefix}:${a}--${z}`, a, z, role, up: true, drained: false, aToZ, zToA });
  };
  const cores = nodes.filter((node) => node.role === 'core');
  for (let i = 0; i < cores.length; i += 2) add('core', cores[i].id, cores[i + 1].id, 'core', 1e11);
  const ring = ['bj', 'sy', 'nj', 'sh', 'gz', 'wh', 'cd', 'xa'];
  ring.forEach((name, i) => {
    const next = ring[(i + 1) % ring.length];
    add('core', `core-${name}1`, `core-${next}1`, 'core', 4e10);
    add('core', `core-${name}2`, `core-${next}2`, 'core', 4e10);
  });
  for (const [a, z] of [['bj', 'wh'], ['bj', 'xa'], ['wh', 'nj'], ['gz', 'cd'], ['wh', 'xa'], ['bj', 'nj']]) {
    add('core', `core-${a}1`, `core-${z}2`, 'core', 4e10);
  }
  for (const id of ['hq-pe1', 'hq-pe2', 'dc-bj']) {
    add('core', id, 'core-bj1', 'core', 1e11);
    add('core', id, 'core-bj2', 'core', 1e11);
  }
  add('core', 'dc-sh', 'core-sh1', 'core', 1e11);
  add('core', 'dc-sh', 'core-sh2', 'core', 1e11);
  const near = (from, among) => [...among].sort((x, y) => distance(from, x) - distance(from, y));
  const provinces = nodes.filter((node) => node.role === 'provincial');
  for (const node of provinces) {
    const [one, , two] = near(node, cores);
    add('reg', node.id, one.id, 'regional', 1e10);
    add('reg', node.id, two.id, 'regional', 1e10);
  }
  for (const node of nodes.filter((node) => node.role === 'branch')) {
    const [one, two] = near(node, provinces);
    add('line1', one.id, node.id, 'leased-line', 1e8);
    add('line2', two.id, node.id, 'leased-line', 1e8);
    add('line3', near(node, cores)[0].id, node.id, 'leased-line', 5e7);
  }
  return links;
}

/** Least-delay path as hops. */
function path(links, from, to, avoid) {
  const best = new Map([[from, { cost: 0, hops: [] }]]);
  const open = new Set([from]);
  while (open.size > 0) {
    let here = null;
    for (const id of open) if (here === null || best.get(id).cost < best.get(here).cost) here = id;
    open.delete(here);
    if (here === to) return best.get(here).hops;
    for (const link of links) {
      if (avoid.has(link.id) || (link.a !== here && link.z !== here)) continue;
      const next = link.a === here ? link.z : link.a;
      const side = link.a === here ? 'a' : 'z';
      const cost = best.get(here).cost + link.aToZ.plannedDelay;
      if (!best.has(next) || cost < best.get(next).cost) {
        best.set(next, { cost, hops: [...best.get(here).hops, { link: link.id, from: side }] });
        open.add(next);
      }
    }
  }
  return [];
}

export function route(links, from, to, avoid = new Set()) {
  const hops = path(links, from, to, avoid);
  const backup = path(links, from, to, new Set([...avoid, ...hops.map((hop) => hop.link)]));
  const by = new Map(links.map((link) => [link.id, link]));
  const ends = hops.map((hop) => (hop.from === 'a' ? by.get(hop.link).z : by.get(hop.link).a));
  return {
    from,
    to,
    path: hops,
    backup,
    segments: ends.slice(-3).map((id) => `16${String(Math.abs(hash(id)) % 1000).padStart(3, '0')} (${id})`),
    reasons: ['least delay within 30 ms', 'avoids affinity mstp', `${hops.length} hops`],
    delay: hops.reduce((sum, hop) => sum + by.get(hop.link).aToZ.delay, 0),
    loss: 2000,
  };
}

function hash(text) {
  let value = 7;
  for (const c of text) value = (value * 31 + c.charCodeAt(0)) | 0;
  return value;
}

export function network(seed = 1) {
  const roll = random(seed);
  const nodes = nodesOf(roll);
  const links = linksOf(nodes, roll);
  const now = Date.now() * 1000;
  const branches = nodes.filter((node) => node.role === 'branch').slice(0, 40);
  const services = branches.flatMap((branch, i) =>
    CLASSES.map((name, j) => {
      const hub = ['hq-pe1', 'hq-pe2', 'dc-bj', 'dc-sh'][(i + j) % 4];
      const there = route(links, hub, branch.id);
      const back = {
        ...there,
        from: branch.id,
        to: hub,
        path: [...there.path].reverse().map((hop) => ({ link: hop.link, from: hop.from === 'a' ? 'z' : 'a' })),
        backup: [...there.backup].reverse().map((hop) => ({ link: hop.link, from: hop.from === 'a' ? 'z' : 'a' })),
      };
      return {
        id: `${name}/${hub}~${branch.id}`,
        intent: name,
        class: name,
        a: hub,
        z: branch.id,
        state: 'kept',
        since: now - 3_600_000_000,
        why: null,
        moved: false,
        refused: null,
        directions: [there, back],
      };
    }),
  );
  for (const service of services) {
    for (const end of [service.a, service.z]) nodes.find((node) => node.id === end).policies += 1;
  }
  return { nodes, links, services };
}
