// GraphiQL, with the session of the bar above it.
import { showBar } from "./bar.js";
import { renewed, token } from "./session.js";
import { filled } from "./variables.js";

const bar = document.getElementById("bar");
const socket = new URL("/graphql", location.href);
socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";

async function signed() {
  const bearer = await token();
  return bearer ? { Authorization: `Bearer ${bearer}` } : {};
}

// What the header editor says comes first; otherwise whoever is signed in asks.
async function send(address, { headers, body, ...rest }) {
  const request = JSON.parse(body);
  const sent = { ...request, variables: await filled(request.variables) };
  const asked = async () => {
    const own = new Headers(headers);
    for (const [name, value] of Object.entries(await signed())) if (!own.has(name)) own.set(name, value);
    return fetch(address, { ...rest, headers: own, body: JSON.stringify(sent) });
  };
  const answer = await asked();
  // The clock of the house may have been moved: a token ends earlier than this browser thinks.
  return answer.status === 401 && (await renewed()) ? asked() : answer;
}

const waiting = graphqlWs.createClient({
  url: socket.href,
  connectionParams: async () => ({ ...(await signed()), locale: navigator.language }),
});
const fetchAsked = GraphiQL.createFetcher({ url: "/graphql", fetch: send, wsClient: withVariables(waiting) });
const narrow = matchMedia("(max-width: 700px)");
const fetcher = (params, options) => {
  // On a narrow screen the answer lies below what was asked.
  if (narrow.matches && params.operationName !== "IntrospectionQuery") document.querySelector(".graphiql-response")?.scrollIntoView();
  return fetchAsked(...ofItsTab(params, options));
};

// A tab that was just opened may still carry the operation of the one before; its own text says what it asks.
function ofItsTab(params, options) {
  if (new RegExp(`\\b${params.operationName}\\b`).test(params.query)) return [params, options];
  const operation = /^subscription\b/m.test(params.query) ? "subscription" : "query";
  const asked = { kind: "OperationDefinition", operation, selectionSet: { kind: "SelectionSet", selections: [] } };
  return [{ ...params, operationName: undefined }, { ...options, documentAST: { kind: "Document", definitions: [asked] } }];
}

function withVariables(client) {
  const subscribe = (payload, sink) => {
    let stop = () => {};
    let isOver = false;
    filled(payload.variables).then((variables) => {
      if (!isOver) stop = client.subscribe({ ...payload, variables }, sink);
    }, sink.error);
    return () => {
      isOver = true;
      stop();
    };
  };
  return { ...client, subscribe };
}

showBar(bar);
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: JSON.parse(bar.dataset.tabs),
    defaultEditorToolsVisibility: "variables",
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  }),
);
