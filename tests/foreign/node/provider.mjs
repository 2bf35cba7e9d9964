// An authorization server that is not ours: oidc-provider, on loopback, for machines alone.
//
// Reads one line of JSON from standard input: the clients, the resources, and its certificate. Prints one line of JSON:
// its issuer, and the URL of its token endpoint with mutual TLS; and a line on standard error for each token that it gives.
// Ends when standard input closes.
import { generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createInterface } from "node:readline";

// oidc-provider calls it, and Node 20 has it not yet.
URL.parse ??= (url, base) => (URL.canParse(url, base) ? new URL(url, base) : null);
const { Provider, errors } = await import("oidc-provider");

const lines = createInterface({ input: process.stdin });
lines.on("close", () => process.exit(0));
const settings = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);

const listen = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));
const { key, cert, ca } = settings.tls;
const plain = createServer();
// Asks for a certificate and takes any, or none: what it is worth is judged with the client.
const tls = createTlsServer({ key, cert, ca, requestCert: true, rejectUnauthorized: false });
const issuer = `http://127.0.0.1:${await listen(plain)}`;
const mtls = `https://127.0.0.1:${await listen(tls)}/token`;

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const shown = (ctx) => ctx.socket.getPeerCertificate?.().raw;

const provider = new Provider(issuer, {
  clients: settings.clients,
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "provider-1", alg: "ES256", use: "sig" }] },
  scopes: [...new Set(Object.values(settings.resources).flatMap(({ scope }) => scope.split(" ")))],
  responseTypes: [],
  clientAuthMethods: [
    "client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth",
  ],
  enabledJWA: {
    clientAuthSigningAlgValues: ["RS256", "PS256", "ES256", "ES384", "EdDSA"],
    dPoPSigningAlgValues: ["PS256", "ES256", "ES384", "EdDSA"],
  },
  // By draft-ietf-oauth-rfc7523bis: the issuer is the sole audience, and the type is the explicit one.
  assertJwtClientAuthClaimsAndHeader(ctx, claims, header) {
    if (claims.aud !== ctx.oidc.issuer || header.typ !== "client-authentication+jwt") {
      throw new errors.InvalidClientAuth("aud must be the issuer alone, and typ client-authentication+jwt");
    }
  },
  discovery: { mtls_endpoint_aliases: { token_endpoint: mtls } },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: (ctx) => (shown(ctx) ? new X509Certificate(shown(ctx)) : undefined),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === "tls_client_auth_san_dns" && new X509Certificate(shown(ctx)).subjectAltName === `DNS:${expected}`,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo(ctx, resource) {
        const found = settings.resources[resource];
        if (!found) throw new errors.InvalidTarget();
        const jwt = { sign: { alg: "ES256", kid: "provider-1" } };
        return { scope: found.scope, audience: resource, accessTokenTTL: found.ttl, accessTokenFormat: "jwt", jwt };
      },
    },
  },
});
provider.on("server_error", (_, error) => console.error(error));
provider.on("grant.success", () => console.error("gave a token"));

for (const server of [plain, tls]) server.on("request", provider.callback());
console.log(JSON.stringify({ issuer, mtls_token_endpoint: mtls }));
