// The operations that existing clients send, by name and word for word.
import { readFileSync } from "node:fs";

const FOLDER = new URL("../../contract/", import.meta.url);

export const app = documentsIn("app.graphql");
export const partner = documentsIn("partner.graphql");
export const staff = documentsIn("console.graphql");

function documentsIn(file) {
  const text = readFileSync(new URL(file, FOLDER), "utf8");
  const found = text.split(/^(?=(?:query|mutation|subscription) )/m).slice(1);
  return Object.fromEntries(found.map((document) => [document.match(/^\w+ (\w+)/)[1], document]));
}
