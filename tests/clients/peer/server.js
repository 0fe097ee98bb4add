// What a good Node team would write for the same screens: Fastify, Mercurius with graphql-jit, and prepared statements.
// `node server.js PORT`, with the database in DATABASE_URL; the person who asks is named by the header x-uid.
import { readFile } from "node:fs/promises";

import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const read = async (name, text, ...values) => (await pool.query({ name, text, values })).rows;
const first = async (...query) => (await read(...query))[0];
const money = (amount) => ({ amount, currency: "CNY" });

const PRODUCT = `p.id AS product_id, p.sku, p.title, p.kind, p.partner_id, p.amount_min, p.amount_max, p.term_months,
  p.annual_rate, pa.name AS partner_name`;
const OF_PRODUCT = "JOIN product p ON p.id = product_id JOIN partner pa ON pa.id = p.partner_id";

const person = async (id) => {
  const row = await first("person", "SELECT * FROM usr WHERE id = $1", id);
  return { key: row.id, id: row.id, maskedPhone: row.masked_phone, scoring: { state: row.state, message: row.message } };
};

const score = async ({ key }) => {
  const row = await first("score", "SELECT * FROM score WHERE user_id = $1", key);
  const { id, grade, points, simulated, factors } = row;
  return { id, grade, points, basePoints: row.base_points, asOf: row.as_of, modelVersion: row.model_version, simulated, factors };
};

const linkedAccounts = async ({ key }) => {
  const rows = await read("linked", "SELECT * FROM linked WHERE user_id = $1", key);
  return rows.map(({ id, provider, status }) => ({ id, provider: { key: provider }, status }));
};

const membership = async ({ key }) => {
  const row = await first(
    "member",
    `SELECT m.*, t.name, t.rank, n.name AS next_name, n.rank AS next_rank FROM member m
     JOIN tier t ON t.code = m.tier_code JOIN tier n ON n.code = m.next_code WHERE m.user_id = $1`,
    key,
  );
  const benefits = await read("benefits", "SELECT * FROM benefit WHERE tier_code = $1", row.tier_code);
  return {
    tier: { code: row.tier_code, name: row.name, rank: row.rank },
    since: row.since,
    validUntil: row.valid_until,
    next: {
      tier: { code: row.next_code, name: row.next_name, rank: row.next_rank },
      missing: { points: row.missing_points, activity: row.missing_activity, message: row.message },
    },
    benefits: benefits.map(({ resets_at, ...benefit }) => ({ ...benefit, resetsAt: resets_at })),
    planSubscription: null,
  };
};

const matches = async ({ key }, { first: count }) => {
  const rows = await read(
    "matches",
    `SELECT m.*, ${PRODUCT} FROM match m ${OF_PRODUCT} WHERE user_id = $1 ORDER BY position LIMIT $2`,
    key,
    count ?? 20,
  );
  return connection(rows, match);
};

const products = async (_, { first: count, kind }) => {
  const rows = await read(
    "products",
    `SELECT p.id AS position, ${PRODUCT} FROM product p JOIN partner pa ON pa.id = p.partner_id
     WHERE $2::text IS NULL OR p.kind = $2 ORDER BY p.id LIMIT $1`,
    count ?? 20,
    kind ?? null,
  );
  return connection(rows, product);
};

const feed = async (_, { first: count }, { uid }) => {
  const rows = await read(
    "feed",
    `SELECT a.*, ${PRODUCT} FROM application a ${OF_PRODUCT} WHERE a.partner_id = $1 ORDER BY a.position LIMIT $2`,
    uid,
    count ?? 50,
  );
  return connection(rows, application);
};

const reviewQueue = async (_, { first: count }) => {
  const rows = await read(
    "queue",
    `SELECT a.*, ${PRODUCT} FROM application a ${OF_PRODUCT} WHERE a.status = 'IN_REVIEW' ORDER BY a.promised_by, a.position LIMIT $1`,
    count ?? 20,
  );
  return connection(rows, application);
};

const connection = (rows, shown) => ({
  edges: rows.map((row) => ({ cursor: String(row.position), node: shown(row) })),
  pageInfo: { hasNextPage: true, endCursor: String(rows.at(-1)?.position) },
});

const product = (row) => ({
  id: `UHJvZHVjdDo${row.product_id}`,
  sku: row.sku,
  title: row.title,
  kind: row.kind,
  partner: { id: row.partner_id, name: row.partner_name },
  amountMin: money(row.amount_min),
  amountMax: money(row.amount_max),
  termMonths: row.term_months,
  annualRate: row.annual_rate,
});

const match = (row) => ({
  id: `TWF0Y2g6${row.user_id}:${row.position}`,
  oddsBand: row.odds_band,
  sponsored: false,
  reasons: row.reasons,
  monthlyCost: money(row.monthly),
  basis: { amount: money(row.amount), termMonths: row.term, totalCost: money(row.total), annualCost: row.annual },
  product: product(row),
});

const application = (row) => ({
  id: `QXBwbGljYXRpb246${row.position}`,
  status: row.status,
  amount: money(row.amount),
  termMonths: row.term,
  product: product(row),
  productTitle: row.title,
  grade: row.grade,
  promisedBy: row.promised_by,
  updatedAt: row.updated_at,
  decision: { outcome: row.outcome, reasons: row.reasons },
});

const app = Fastify();
app.register(mercurius, {
  schema: await readFile(new URL("schema.graphql", import.meta.url), "utf8"),
  resolvers: {
    Query: { viewer: (_, __, { uid }) => person(uid), products, applications: feed, reviewQueue },
    User: { score, linkedAccounts, membership, matches },
  },
  jit: 1,
  context: ({ headers }) => ({ uid: headers["x-uid"] ?? "1" }),
});
await app.listen({ port: Number(process.argv[2]) });
