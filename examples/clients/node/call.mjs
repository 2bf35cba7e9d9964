// Calls an API with a token that is kept until shortly before its end: `node call.mjs URL…`, Node 20 or newer.
import { env, argv } from "node:process";

class Tokens {
  #endpoint;
  #form;
  #taking; // one request for all who wait
  #token;
  #until = 0;

  constructor(issuer, client_id, client_secret, wanted) {
    this.#endpoint = `${issuer.replace(/\/$/, "")}/oauth2/token`;
    this.#form = { grant_type: "client_credentials", client_id, client_secret, ...wanted };
  }

  async get() {
    if (performance.now() < this.#until) return this.#token;
    this.#taking ??= this.#take().finally(() => (this.#taking = undefined));
    return this.#taking;
  }

  // Drops this token, unless there is another by now.
  refused(token) {
    if (token === this.#token) this.#until = 0;
  }

  async #take() {
    const asked = performance.now();
    const answer = await fetch(this.#endpoint, {
      method: "POST",
      body: new URLSearchParams(this.#form),
      redirect: "error",
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
    const { access_token, expires_in = 0 } = await answer.json();
    // A fifth of its life is left to be on the way and to differ in clocks, half a minute at most.
    this.#until = asked + 1000 * (expires_in - Math.min(expires_in / 5, 30));
    return (this.#token = access_token);
  }
}

const tokens = new Tokens(env.COUNTERSIGN_ISSUER, env.COUNTERSIGN_CLIENT_ID, env.COUNTERSIGN_CLIENT_SECRET, {
  resource: env.COUNTERSIGN_RESOURCE,
  scope: env.COUNTERSIGN_SCOPE,
});

async function call(url, again = true) {
  const token = await tokens.get();
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) });
  if (answer.status !== 401 || !again) return answer;
  await answer.body?.cancel();
  tokens.refused(token); // revoked, or its keys are gone: once more with another
  return call(url, false);
}

// All at once: they share one token request.
for (const answer of await Promise.all(argv.slice(2).map((url) => call(url)))) {
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  console.log(await answer.text());
}
