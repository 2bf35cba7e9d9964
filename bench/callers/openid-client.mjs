// openid-client, which keeps no token: its caller does, by what the library says of a token's life.
import * as client from "openid-client";
import { argv, env } from "node:process";

const [issuer, clientId, variable, resource, api, calls, workers, pace] = argv.slice(2);
const begun = performance.now();
const seconds = () => (performance.now() - begun) / 1000;
const told = { good: 0, refused: 0, failed: 0, error: null, error_after: null };
let server, tokens;

async function call() {
  server ??= await client.discovery(new URL(issuer), clientId, undefined, client.ClientSecretBasic(env[variable]), {
    algorithm: "oauth2",
    execute: [client.allowInsecureRequests],
  });
  if (!tokens?.expiresIn()) tokens = await client.clientCredentialsGrant(server, { resource });
  const answer = await client.fetchProtectedResource(server, tokens.access_token, new URL(api), "GET");
  await answer.text();
}

function tell(error) {
  if (!error) told.good++;
  // A 401 with a challenge is thrown.
  else if (error instanceof client.WWWAuthenticateChallengeError) told.refused++;
  else {
    told.failed++;
    told.error ??= `${error.name}: ${error.message}${error.cause ? ` (${error.cause.code ?? error.cause.message})` : ""}`;
    told.error_after ??= seconds();
  }
}

async function work() {
  for (let i = 0; i < calls / workers; i++) {
    await call().then(() => tell(), tell);
    if (Number(pace)) await new Promise((done) => setTimeout(done, Number(pace)));
  }
}

await Promise.all(Array.from({ length: Number(workers) }, work));
console.log(JSON.stringify({ ...told, seconds: seconds() }));
