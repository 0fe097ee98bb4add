// Lets the browser ask for a passkey, and sends what it signed with the form of the page. Without it the page says what to do instead.
const part = document.getElementById("passkey");
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function sign(options) {
  const allowCredentials = options.allowCredentials.map((each) => ({ ...each, id: bytes(each.id) }));
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials };
  const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
  const { authenticatorData, clientDataJSON, signature } = response;
  const signed = { authenticatorData, clientDataJSON, signature };
  const told = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, text(value)]));
  return JSON.stringify({ id, rawId: text(rawId), type, response: told });
}

if (part && window.PublicKeyCredential) {
  const form = part.querySelector("form");
  const failed = part.querySelector("[role=alert]");
  part.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      form.elements.passkey.value = await sign(JSON.parse(part.dataset.options));
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}
