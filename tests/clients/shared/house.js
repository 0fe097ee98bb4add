// A Longan of our own: started on a free port with a folder of its own, stopped without a trace.
import { once } from "node:events";
import { createServer } from "node:net";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { longan } from "./command.js";
import { SECONDS_MAX } from "./patience.js";
import { until } from "./polling.js";

// Time for the models to train at the first start, also on a machine that has other work.
const READY_SECONDS_MAX = 600;
const STOP_SECONDS_MAX = SECONDS_MAX;

export class House {
  constructor(folder, environment = {}) {
    this.folder = folder;
    this.environment = environment;
  }

  /** Returns when it is ready. */
  async start() {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.process = longan(this.folder, this.environment, "up", "--port", String(port), "--tied");
    this.said = "";
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on("data", (text) => (this.said += text));
    await until(`the house at ${this.url} is ready`, () => this.isReady(), { withinSeconds: READY_SECONDS_MAX });
  }

  async isReady() {
    if (this.process.exitCode !== null) throw new Error(`The house did not start:\n${this.said}`);
    try {
      return (await fetch(`${this.url}/readyz`)).ok;
    } catch {
      return false; // it does not listen yet
    }
  }

  async stop() {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "exit");
    const impatient = setTimeout(() => this.process.kill("SIGKILL"), STOP_SECONDS_MAX * 1000);
    this.process.kill("SIGTERM");
    await ended;
    clearTimeout(impatient);
  }

  /** The ends of its logs, for whoever must find out what went wrong. */
  async lastWords(lines = 15) {
    const told = [];
    for (const name of ["api", "worker", "relay", "sender"]) {
      const log = await readFile(join(this.folder, "log", `${name}.log`), "utf8").catch(() => "");
      told.push(`--- ${name}.log`, ...log.trimEnd().split("\n").slice(-lines));
    }
    return told.join("\n");
  }
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
