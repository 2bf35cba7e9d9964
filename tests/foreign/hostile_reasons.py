"""Why other verifiers judge some of the hostile and lenient tokens otherwise than we do: a clause, and whom it explains."""

REASONS = {
    "`typ` is not looked at": """
        typ-missing typ-jwt typ-jwt-lower-case typ-logout typ-dpop typ-client-authentication typ-token-introspection
        typ-security-event typ-status-list typ-authorization-request typ-resource-metadata typ-credential
        typ-actor-token typ-id-token typ-refresh-token typ-jose typ-with-space typ-with-parameter typ-with-suffix
        typ-shortened typ-of-another-tree typ-with-two-slashes typ-application-twice typ-with-space-inside
        typ-list-in-a-string typ-empty typ-null typ-number typ-list typ-object""",
    "the last of two members counts, and nobody notices the first": """
        alg-twice-alike typ-twice sub-twice exp-twice scope-twice client-id-twice member-twice-inside-a-claim
        member-twice-inside-a-list""",
    "a bound token is taken from whoever brings it: `cnf` is left to the caller": """
        bound-by-dpop-as-bearer bound-by-certificate-as-bearer bound-by-both-as-bearer bound-by-dpop-and-unknown
        bound-by-kid bound-by-jwk bound-by-unknown bound-by-nothing bound-jkt-number bound-jkt-null bound-jkt-empty""",
    "an ID, logout or event token of an issuer that writes `JWT` on all: its claims are left to the caller": """
        id-token-with-nonce id-token-with-at-hash nonce-null logout-token security-event
        id-token-without-claim-typ""",
    "the claim `typ` is Keycloak's own and unknown there": """
        claim-typ-id claim-typ-refresh claim-typ-offline claim-typ-logout claim-typ-registration claim-typ-empty
        claim-typ-null claim-typ-list claim-typ-number""",
    "the claim must be there, whatever it holds": """
        sub-empty sub-number sub-null sub-list sub-object client-id-empty client-id-number client-id-null
        client-id-list jti-empty jti-number jti-null jti-list""",
    "the claim is not one that a JWT library knows": """
        scope-list scope-null scope-number scope-object cnf-string cnf-null cnf-list""",
    "one audience that fits suffices, whatever stands beside it":
        "aud-list-with-number aud-list-with-null aud-list-with-empty",
    "a string or a boolean is taken for the number that it can be read as":
        "exp-in-a-string nbf-in-a-string nbf-true iat-in-a-string iat-true",
    "a date has no bounds: any number is one":
        "exp-1e300 exp-beyond-64-bits-signed exp-in-milliseconds nbf-negative iat-negative",
    "a number too large for a double becomes infinity": "exp-1e400",
    "`iat` is not compared with the present unless a greatest age is asked for": """
        iat-beyond-the-leeway iat-an-hour-ahead iat-1e300 iat-beyond-64-bits-signed iat-in-milliseconds
        iat-1e400""",
    "base64 is decoded loosely: padding, spaces and stray bits make many spellings of one token": """
        space-after line-break-after signature-padded payload-padded header-padded signature-with-stray-bits
        payload-with-stray-bits header-with-stray-bits""",
    "the JSON is read loosely: NaN, a byte order mark, other encodings, half a character": """
        header-with-byte-order-mark payload-with-byte-order-mark payload-in-utf16 payload-with-lone-surrogate
        payload-with-nan payload-with-infinity""",
    "depth is bounded by the parser's stack, if at all": """
        payload-one-level-too-deep payload-5000-levels-deep payload-1000-objects-deep header-500-levels-deep""",
    "length is left to whoever reads the header": "too-long",
    "a member that would change how the token is read is passed over":
        "b64-true b64-false-without-crit zip-in-the-header enc-in-the-header",
    "the older name `EdDSA` is the one on the list of algorithms; we take both for one": "eddsa-named-ed25519",
    "a key is found by its name alone; we also take the only key of the algorithm": "kid-missing-where-one-key-fits",
}

WHY = {name: reason for reason, names in REASONS.items() for name in names.split()}
assert len(WHY) == sum(len(names.split()) for names in REASONS.values()), "a token is explained twice"
