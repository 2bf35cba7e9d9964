// Discovers the server and takes a token with oauth4webapi: both well-known forms, both ways to send a secret.
import * as oauth from "oauth4webapi";
import { readFileSync } from "node:fs";

const { issuer, client_id, client_secret, scope, resource } = JSON.parse(readFileSync(0, "utf8"));
const insecure = { [oauth.allowInsecureRequests]: true };
const answers = [];
for (const algorithm of ["oauth2", "oidc"]) {
  const discovery = await oauth.discoveryRequest(new URL(issuer), { algorithm, ...insecure });
  const server = await oauth.processDiscoveryResponse(new URL(issuer), discovery);
  for (const authentication of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
    const client = { client_id };
    const parameters = new URLSearchParams({ scope, resource });
    const response = await oauth.clientCredentialsGrantRequest(
      server, client, authentication(client_secret), parameters, insecure,
    );
    answers.push(await oauth.processClientCredentialsResponse(server, client, response));
  }
}
console.log(JSON.stringify(answers));
