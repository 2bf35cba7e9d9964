-- What is registered, and what happened. The same tables as on SQLite, column by column.
-- Every column is NOT NULL unless the record has an Option there. Text sorts and compares bytewise.
-- `place` keeps the order in which rows were added to what they belong to.

CREATE TABLE revision (
    one   BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    value BIGINT NOT NULL
);

INSERT INTO revision (one, value) VALUES (1, 0);

CREATE TABLE change (
    revision BIGINT           NOT NULL PRIMARY KEY,
    realm_id TEXT COLLATE "C" NOT NULL,
    touched  TEXT COLLATE "C" NOT NULL CHECK (touched IN ('realm', 'client', 'grants')),
    subject  TEXT COLLATE "C" NOT NULL
);

CREATE TABLE meta (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BYTEA            NOT NULL
);

CREATE TABLE realm (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name           TEXT COLLATE "C" NOT NULL CONSTRAINT realm_name_unique UNIQUE,
    issuer         TEXT COLLATE "C" CONSTRAINT realm_issuer_unique UNIQUE,
    profile        TEXT COLLATE "C" NOT NULL,
    template       TEXT COLLATE "C",
    dialects       TEXT COLLATE "C" NOT NULL,
    algorithm      TEXT COLLATE "C",
    token_lifetime BIGINT,
    enabled        BOOLEAN          NOT NULL,
    created_at     BIGINT           NOT NULL,
    updated_at     BIGINT           NOT NULL,
    revision       BIGINT           NOT NULL
);

CREATE TABLE realm_host (
    realm_id TEXT COLLATE "C" NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    place    BIGINT           NOT NULL,
    host     TEXT COLLATE "C" NOT NULL CONSTRAINT realm_host_unique UNIQUE,
    PRIMARY KEY (realm_id, place)
);

CREATE TABLE api (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    realm_id       TEXT COLLATE "C" NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    place          BIGINT           NOT NULL,
    identifier     TEXT COLLATE "C" NOT NULL,
    builtin        TEXT COLLATE "C",
    name           TEXT COLLATE "C" NOT NULL,
    token_lifetime BIGINT,
    algorithm      TEXT COLLATE "C",
    profile        TEXT COLLATE "C",
    enabled        BOOLEAN          NOT NULL,
    created_at     BIGINT           NOT NULL,
    updated_at     BIGINT           NOT NULL,
    revision       BIGINT           NOT NULL,
    CONSTRAINT api_identifier_unique UNIQUE (realm_id, identifier),
    UNIQUE (realm_id, id)
);

CREATE TABLE scope (
    api_id      TEXT COLLATE "C" NOT NULL REFERENCES api (id) ON DELETE CASCADE,
    name        TEXT COLLATE "C" NOT NULL,
    place       BIGINT           NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    CONSTRAINT scope_name_unique PRIMARY KEY (api_id, name)
);

-- An API and its realm's clients cannot be mixed up across realms.
CREATE TABLE client (
    realm_id                   TEXT COLLATE "C" NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    client_id                  TEXT COLLATE "C" NOT NULL,
    id                         TEXT COLLATE "C" NOT NULL UNIQUE,
    name                       TEXT COLLATE "C" NOT NULL,
    description                TEXT COLLATE "C" NOT NULL,
    enabled                    BOOLEAN          NOT NULL,
    expires_at                 BIGINT,
    default_api                TEXT COLLATE "C",
    token_endpoint_auth_method TEXT COLLATE "C",
    allowed_cidrs              TEXT COLLATE "C" NOT NULL,
    token_lifetime             BIGINT,
    claims                     TEXT COLLATE "C" NOT NULL,
    created_at                 BIGINT           NOT NULL,
    updated_at                 BIGINT           NOT NULL,
    revision                   BIGINT           NOT NULL,
    CONSTRAINT client_id_unique PRIMARY KEY (realm_id, client_id),
    FOREIGN KEY (realm_id, default_api) REFERENCES api (realm_id, id)
);

CREATE INDEX client_default_api ON client (realm_id, default_api);

CREATE TABLE secret (
    realm_id     TEXT COLLATE "C" NOT NULL,
    client_id    TEXT COLLATE "C" NOT NULL,
    place        BIGINT           NOT NULL,
    id           TEXT COLLATE "C" NOT NULL UNIQUE,
    digest       BYTEA            NOT NULL CHECK (length(digest) = 32),
    pepper       TEXT COLLATE "C" NOT NULL,
    label        TEXT COLLATE "C",
    created_at   BIGINT           NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (realm_id, client_id, place),
    FOREIGN KEY (realm_id, client_id) REFERENCES client (realm_id, client_id) ON DELETE CASCADE
);

-- Each scope of a list stands between two spaces of its own, so that one can be taken out by a replacement.
CREATE TABLE client_grant (
    realm_id        TEXT COLLATE "C" NOT NULL,
    client_id       TEXT COLLATE "C" NOT NULL,
    api_id          TEXT COLLATE "C" NOT NULL,
    place           BIGINT           NOT NULL,
    default_scopes  TEXT COLLATE "C" NOT NULL,
    optional_scopes TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (realm_id, client_id, api_id),
    FOREIGN KEY (realm_id, client_id) REFERENCES client (realm_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, api_id) REFERENCES api (realm_id, id) ON DELETE CASCADE
);

CREATE INDEX client_grant_api ON client_grant (realm_id, api_id);

CREATE TABLE signing_key (
    kid             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    realm_id        TEXT COLLATE "C" NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    place           BIGINT           NOT NULL,
    algorithm       TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL CHECK (state IN ('announced', 'active', 'retired')),
    sealed          BYTEA            NOT NULL,
    sealed_by       TEXT COLLATE "C" NOT NULL,
    public_jwk      TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT           NOT NULL,
    changed_at      BIGINT           NOT NULL,
    published_until BIGINT,
    UNIQUE (realm_id, place)
);

-- The trail outlives the realm that it tells of: by name, without a reference.
CREATE TABLE audit (
    id         BIGINT           NOT NULL PRIMARY KEY,
    at         BIGINT           NOT NULL,
    event      TEXT COLLATE "C" NOT NULL,
    realm      TEXT COLLATE "C" NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    detail     TEXT COLLATE "C" NOT NULL
);

CREATE INDEX audit_realm ON audit (realm, id);
