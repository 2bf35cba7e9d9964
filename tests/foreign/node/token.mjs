// oauth4webapi: `take` and `refused` print what each well-known form and each way to send a secret bring, `call` calls an API.
import * as oauth from "oauth4webapi";
import { readFileSync } from "node:fs";

const { issuer, client_id, client_secret, scope, resource, api, calls } = JSON.parse(readFileSync(0, "utf8"));
const insecure = { [oauth.allowInsecureRequests]: true };
const client = { client_id };

async function discover(algorithm) {
  const discovery = await oauth.discoveryRequest(new URL(issuer), { algorithm, ...insecure });
  return oauth.processDiscoveryResponse(new URL(issuer), discovery);
}

async function take(server, authentication) {
  const parameters = new URLSearchParams({ scope, resource });
  const response = await oauth.clientCredentialsGrantRequest(
    server, client, authentication(client_secret), parameters, insecure,
  );
  return oauth.processClientCredentialsResponse(server, client, response);
}

async function everyWay() {
  const answers = [];
  for (const algorithm of ["oauth2", "oidc"]) {
    const server = await discover(algorithm);
    for (const authentication of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
      answers.push(await take(server, authentication).catch(told));
    }
  }
  return answers;
}

// What answers 401 with a challenge is told as that challenge, anything else by the error of its body.
function told(error) {
  if (error instanceof oauth.WWWAuthenticateChallengeError) return { challenge: error.cause[0].scheme };
  if (error instanceof oauth.ResponseBodyError) return { error: error.error };
  throw error;
}

async function call() {
  const { access_token } = await take(await discover("oauth2"), oauth.ClientSecretBasic);
  const statuses = [];
  for (let i = 0; i < calls; i++) {
    const headers = new Headers();
    const answer = await oauth.protectedResourceRequest(access_token, "GET", new URL(api), headers, null, insecure);
    statuses.push(answer.status);
    await answer.text();
  }
  return { statuses };
}

console.log(JSON.stringify(await (process.argv[2] === "call" ? call() : everyWay())));
