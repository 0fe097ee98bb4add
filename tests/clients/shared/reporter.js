// One line a test; what went wrong below it, and once more by name at the end, where one looks first.
import { basename } from "node:path";
import { inspect } from "node:util";

/** Prints the events of `run()`; how many passed, and the faults of the others. */
export async function report(events) {
  const counts = { passed: 0, failed: [] };
  const noise = {};
  let file;
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") (noise[data.file] ??= []).push(data.message);
    if ((type !== "test:pass" && type !== "test:fail") || data.details.type === "suite") continue;
    if (data.file !== file) console.log(`  ${basename((file = data.file), ".test.js")}`);
    const took = `${(data.details.duration_ms / 1000).toFixed(1)} s`;
    if (type === "test:pass") {
      counts.passed += 1;
      console.log(`    ✔ ${data.name} (${took})`);
    } else {
      const { cause = data.details.error } = data.details.error;
      const fault = `    ✖ ${data.name} (${took})\n${indented(cause?.stack ? inspect(cause) : String(cause))}`;
      counts.failed.push(`  ${basename(file, ".test.js")}\n${fault}`);
      console.log(fault);
      if (noise[data.file]) console.log(indented(noise[data.file].splice(0).join("")));
    }
  }
  return counts;
}

function indented(text) {
  return text.trimEnd().replace(/^/gm, "      ");
}
