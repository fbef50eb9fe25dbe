// A stand-in for the controller: serves a made-up picture, its events and the built dashboard with the controller's own
// security headers. For tests of the dashboard, and to look at it without a controller: `npm run mock`.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { network, random, route } from './network.mjs';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TOKEN = 'mock-token-mock-token-mock-token-mock-token';
export { TOKEN };

/** Starts the stand-in. Port 0 takes any free port. */
export async function start({ port = 0, seed = 1 } = {}) {
  const { nodes, links, services } = network(seed);
  const roll = random(seed + 1);
  const now = () => Date.now() * 1000;
  let number = 0;
  const streams = new Set();
  const posts = [];
  const state = {
    at: now(),
    revision: 7,
    intents: 3,
    mode: 'act',
    adopted: true,
    changing: false,
    counts: {},
    nodes,
    links,
    services,
    alarms: [],
    timeline: [],
    drained: [],
    findings: [],
  };

  const count = () => {
    const of = (name) => services.filter((service) => service.state === name).length;
    state.counts = {
      devices: nodes.length,
      read: nodes.filter((node) => node.session.state === 'up').length,
      inSync: nodes.filter((node) => node.session.state === 'up' && node.uncompared === null && node.differs.length === 0).length,
      intents: 6,
      services: services.length,
      policies: services.length * 2,
      kept: of('kept'),
      broken: of('broken'),
      unknown: of('unknown'),
    };
  };
  count();

  const send = (name, value) => {
    for (const stream of streams) stream.write(`event:${name}\ndata:${JSON.stringify(value)}\n\n`);
  };
  const happen = (kind, fields = {}) => {
    const event = { number: ++number, at: now(), kind, ...fields };
    state.timeline.push(event);
    send('event', event);
  };
  /** Publishes what moved. */
  const publish = ({ moved = [], whole = [], gone = [] } = {}) => {
    state.at = now();
    count();
    const { timeline, nodes: _n, links: _l, services: _s, ...header } = state;
    send('live', {
      ...header,
      resync: false,
      nodes: gone.map(({ id, session, policies, differs, uncompared, exceptions, modules, rollback }) => {
        return { id, session, policies, differs, uncompared, exceptions, modules, rollback };
      }),
      links: moved.map(({ id, up, drained, aToZ, zToA }) => ({ id, up, drained, aToZ, zToA })),
      promises: whole.map(({ id, state: kept, since, why, directions }) => ({
        id,
        state: kept,
        since,
        why,
        delay: directions.map((direction) => direction.delay),
        loss: directions.map((direction) => direction.loss),
      })),
      services: whole,
      findings: null,
    });
  };

  happen('started', { devices: nodes.length, adopted: true });
  for (const node of nodes) happen('device-up', { node: node.id });
  happen('in-sync', { devices: nodes.length, tookMs: 4210 });
  happen('intents-accepted', { revision: 3, intents: 6, services: services.length, who: 'netops' });
  happen('proposed', {
    why: 'new intents',
    headline: '480 policies on 44 routers',
    services: services.map((service) => service.id),
    devices: 44,
    compileMs: 41.2,
    planMs: 6.3,
    proveMs: 22.8,
    act: true,
  });
  happen('transaction-begun', { id: 1, phase: 'make', devices: 44 });
  happen('transaction-ended', {
    id: 1,
    ending: 'applied',
    unresolved: [],
    errors: [],
    commitMs: 412,
    readbackMs: 130,
    confirmMs: 95,
  });

  const serve = async (request, response) => {
    const path = new URL(request.url, 'http://mock').pathname;
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('x-content-type-options', 'nosniff');
    if (path === '/api/v1/state') {
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify(state));
    }
    if (path === '/api/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      response.write(': mock\n\n');
      streams.add(response);
      return request.on('close', () => streams.delete(response));
    }
    if (path.startsWith('/api/') && request.method === 'POST') return post(path, request, response);
    try {
      const name = path === '/' ? 'index.html' : normalize(path).replace(/^[/\\.]+/, '');
      const body = await readFile(join(DIST, name));
      response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  };

  const post = async (path, request, response) => {
    let text = '';
    for await (const part of request) text += part;
    response.setHeader('content-type', 'application/json');
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      response.writeHead(401);
      return response.end(JSON.stringify({ status: 401, detail: 'the token is not the one of this controller' }));
    }
    const body = JSON.parse(text);
    posts.push({ path, body, user: request.headers['x-trunkline-user'] });
    if (path === '/api/v1/mode') {
      state.mode = body.mode;
      happen('mode-changed', { mode: body.mode, who: request.headers['x-trunkline-user'] ?? 'operator' });
      publish();
    }
    response.end('null');
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));

  // Loads breathe a little every second.
  const breathing = setInterval(() => {
    const moved = links.filter(() => roll() < 0.3);
    for (const direction of moved.flatMap((link) => [link.aToZ, link.zToA])) {
      if (direction.load === null) continue;
      const factor = 0.97 + roll() * 0.06;
      direction.load = Math.round(Math.min(direction.load * factor, direction.bandwidth * 0.75));
      for (const queue of direction.queues) {
        if (queue.drops === 0) queue.load = Math.round(Math.min(queue.load * factor, queue.guarantee * 0.75));
      }
    }
    publish({ moved });
  }, 1000);

  const find = (id) => links.find((link) => link.id === id);
  return {
    state,
    posts,
    token: TOKEN,
    url: `http://127.0.0.1:${server.address().port}`,
    port: server.address().port,

    /** A line goes bad: alarm, broken promises. Gives the services that suffer. */
    degrade(id) {
      const link = find(id);
      for (const direction of [link.aToZ, link.zToA]) {
        direction.delay += 60_000;
        direction.loss = 20_000_000;
        direction.score = 22;
        direction.reasons = ['loss 2% is over 0.5%', 'delay 60 ms over the contract'];
        direction.queues[1].load = Math.round(direction.queues[1].guarantee * 1.2);
        direction.queues[1].drops = 381;
      }
      const hit = services.filter((service) => service.directions[0].path.some((hop) => hop.link === id));
      const names = hit.map((service) => service.id);
      state.alarms = [
        ...state.alarms,
        {
          alarm: 'line-degraded',
          subject: `${id}>`,
          severity: 'major',
          since: now(),
          why: 'loss 2% > 0.5%',
          services: names,
          riding: names,
        },
      ];
      happen('alarm-raised', {
        alarm: 'line-degraded',
        subject: `${id}>`,
        severity: 'major',
        why: 'loss 2% > 0.5%, delay 68 ms > 32 ms',
        services: names,
      });
      for (const service of hit) {
        Object.assign(service, { state: 'broken', since: now(), why: 'one-way delay 74 ms, promised 30 ms' });
        for (const direction of service.directions) direction.delay += 60_000;
        happen('promise-broken', { service: service.id, what: 'one-way delay 74 ms, promised 30 ms' });
      }
      publish({ moved: [link], whole: hit });
      return hit;
    },

    /** The controller moves services away from a line. */
    reroute(id, hit) {
      happen('proposed', {
        why: `line-degraded on ${id}`,
        headline: `${hit.length} services leave ${id}`,
        services: hit.map((service) => service.id),
        devices: 3,
        compileMs: 18.4,
        planMs: 2.2,
        proveMs: 9.1,
        act: true,
      });
      happen('transaction-begun', { id: 2, phase: 'make', devices: 3 });
      happen('transaction-ended', {
        id: 2,
        ending: 'applied',
        unresolved: [],
        errors: [],
        commitMs: 61,
        readbackMs: 24,
        confirmMs: 19,
      });
      happen('rerouted', {
        services: hit.map((service) => service.id),
        back: false,
        why: `line-degraded on ${id}`,
        breachToPlanMs: 31.7,
        breachToAckMs: 97.4,
      });
      for (const service of hit) {
        const there = route(links, service.a, service.z, new Set([id]));
        const back = { ...there, from: service.z, to: service.a };
        Object.assign(service, { state: 'kept', since: now(), why: null, moved: true, directions: [there, back] });
        happen('promise-kept', { service: service.id });
      }
      const gone = new Set(hit.map((service) => service.id));
      state.alarms = state.alarms.map((alarm) =>
        alarm.subject === `${id}>` ? { ...alarm, riding: alarm.riding.filter((name) => !gone.has(name)) } : alarm,
      );
      publish({ whole: hit });
    },

    cut(id) {
      find(id).up = false;
      publish({ moved: [find(id)] });
    },

    silence(id) {
      for (const direction of [find(id).aToZ, find(id).zToA]) {
        Object.assign(direction, { load: null, delay: null, loss: null, jitter: null, score: null });
        for (const queue of direction.queues) Object.assign(queue, { load: null, drops: null });
      }
      const unsure = services.filter((service) => service.directions[0].path.some((hop) => hop.link === id));
      for (const service of unsure) {
        Object.assign(service, { state: 'unknown', since: now(), why: `no telemetry from ${id}` });
        for (const direction of service.directions) Object.assign(direction, { delay: null, loss: null });
      }
      publish({ moved: [find(id)], whole: unsure });
    },

    lose(id) {
      const node = nodes.find((node) => node.id === id);
      node.session = { state: 'down', why: 'connection refused', since: now() };
      happen('device-down', { node: id, why: 'connection refused' });
      publish({ gone: [node] });
    },

    stray(id) {
      const node = nodes.find((node) => node.id === id);
      const missing = (object) => ({ object, deviation: 'missing', fields: [] });
      node.differs = [missing('policy color 1000 to fd00:0:1::'), missing('steering vrf production rule 10')];
      publish({ gone: [node] });
    },

    async stop() {
      clearInterval(breathing);
      for (const stream of streams) stream.destroy();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await start({ port: 8080 });
  console.log(`dashboard at ${mock.url}, token ${mock.token}`);
  const story = () => {
    const line = mock.state.services[1].directions[0].path.at(-1).link;
    const hit = mock.degrade(line);
    setTimeout(() => mock.reroute(line, hit), 4000);
  };
  setTimeout(story, 5000);
}
