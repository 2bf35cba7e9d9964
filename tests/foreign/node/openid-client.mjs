// openid-client: `take` and `refused` print what each well-known form and each way to send a secret bring, `call` calls an API.
import * as client from "openid-client";
import { readFileSync } from "node:fs";

const { issuer, client_id, client_secret, scope, resource, api, calls } = JSON.parse(readFileSync(0, "utf8"));

function discover(algorithm, authentication) {
  const options = { algorithm, execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(issuer), client_id, undefined, authentication(client_secret), options);
}

async function everyWay() {
  const answers = [];
  for (const algorithm of ["oauth2", "oidc"]) {
    for (const authentication of [client.ClientSecretBasic, client.ClientSecretPost]) {
      const server = await discover(algorithm, authentication);
      answers.push(await client.clientCredentialsGrant(server, { scope, resource }).catch(told));
    }
  }
  return answers;
}

// What answers 401 with a challenge is told as that challenge, anything else by the error of its body.
function told(error) {
  if (error instanceof client.WWWAuthenticateChallengeError) return { challenge: error.cause[0].scheme };
  if (error instanceof client.ResponseBodyError) return { error: error.error };
  throw error;
}

// It keeps no token, but says how long one still lives.
async function call() {
  const server = await discover("oauth2", client.ClientSecretBasic);
  const statuses = [];
  let tokens;
  for (let i = 0; i < calls; i++) {
    if (!tokens?.expiresIn()) tokens = await client.clientCredentialsGrant(server, { scope, resource });
    const answer = await client.fetchProtectedResource(server, tokens.access_token, new URL(api), "GET");
    statuses.push(answer.status);
    await answer.text();
  }
  return { statuses };
}

console.log(JSON.stringify(await (process.argv[2] === "call" ? call() : everyWay())));
