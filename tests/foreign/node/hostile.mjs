// Judges every token of the list with jose, typ checked, at the second at which the list was made.
import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { readFileSync } from "node:fs";

const list = JSON.parse(readFileSync(0, "utf8"));
const keys = createLocalJWKSet(list.jwks);
const answers = {};
for (const { name, token, typ, required } of list.tokens) {
  try {
    await jwtVerify(token, keys, {
      issuer: list.issuer,
      audience: list.audience,
      algorithms: list.algorithms,
      requiredClaims: required,
      clockTolerance: list.leeway,
      currentDate: new Date(list.now * 1000),
      ...(typ && { typ }),
    });
    answers[name] = "accepted";
  } catch (error) {
    const kind = error instanceof errors.JOSEError ? "refused" : `failed: ${error.name}`;
    answers[name] = `${kind}: ${error.message}`;
  }
}
console.log(JSON.stringify(answers));
