// Fills in the variables that begin with $, so that a ready query runs as it stands.
import { ask, newKey, token } from "./session.js";

const STAND_INS = {
  bestLoan: async () => {
    const document = `{ viewer { matches(kind: LOAN, first: 1) { edges { node {
      product { id } basis { amount { amount currency } termMonths } } } } } }`;
    const [match] = nodes((await viewer(document))?.matches);
    return match && { id: match.product.id, ...match.basis };
  },
  anyRental: async () => nodes((await ask("{ products(kind: RENTAL, first: 1) { edges { node { id } } } }")).products)[0],
  lastApplication: async () => nodes((await viewer("{ viewer { applications(first: 1) { edges { node { id } } } } }"))?.applications)[0],
};

const nodes = (connection) => (connection?.edges ?? []).map(({ node }) => node);
const viewer = async (document) => (await ask(document, {}, await token())).viewer;

export async function filled(variables) {
  const found = {};
  return walk(variables, async (name, path) => {
    if (name === "newKey") return newKey();
    found[name] ??= await STAND_INS[name]?.();
    return path.reduce((value, part) => value?.[part], found[name]);
  });
}

async function walk(value, fill) {
  if (Array.isArray(value)) return Promise.all(value.map((each) => walk(each, fill)));
  if (value && typeof value === "object") {
    const pairs = [];
    for (const [name, each] of Object.entries(value)) pairs.push([name, await walk(each, fill)]);
    return Object.fromEntries(pairs);
  }
  if (typeof value !== "string" || !value.startsWith("$")) return value;
  const [name, ...path] = value.slice(1).split(".");
  // What cannot be filled in goes as it stands, and Longan says what is wrong with it.
  return (await fill(name, path)) ?? value;
}
