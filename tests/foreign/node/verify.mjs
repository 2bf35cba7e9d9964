// Verifies tokens with jose and its remote key set.
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { readFileSync } from "node:fs";

const answers = {};
for (const { name, token, jwks_uri, issuer, audience, algorithm, typ, required } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const keys = createRemoteJWKSet(new URL(jwks_uri));
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      typ,
      algorithms: [algorithm],
      requiredClaims: required,
    });
    answers[name] = { claims: payload };
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    answers[name] = { refused: error.message };
  }
}
console.log(JSON.stringify(answers));
