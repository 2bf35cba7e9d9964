-- What is registered, and what happened. The same tables as on PostgreSQL, column by column.
-- Every table is STRICT and every column NOT NULL unless the record has an Option there.
-- `place` keeps the order in which rows were added to what they belong to.

CREATE TABLE revision (
    one   INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    value INTEGER NOT NULL
) STRICT;

INSERT INTO revision (one, value) VALUES (1, 0);

CREATE TABLE change (
    revision INTEGER NOT NULL PRIMARY KEY,
    realm_id TEXT    NOT NULL,
    touched  TEXT    NOT NULL CHECK (touched IN ('realm', 'client', 'grants')),
    subject  TEXT    NOT NULL
) STRICT;

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE realm (
    id             TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    issuer         TEXT             UNIQUE,
    profile        TEXT    NOT NULL,
    template       TEXT,
    dialects       TEXT    NOT NULL,
    algorithm      TEXT,
    token_lifetime INTEGER,
    enabled        INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    revision       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE realm_host (
    realm_id TEXT    NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    place    INTEGER NOT NULL,
    host     TEXT    NOT NULL UNIQUE,
    PRIMARY KEY (realm_id, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE api (
    id             TEXT    NOT NULL PRIMARY KEY,
    realm_id       TEXT    NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    place          INTEGER NOT NULL,
    identifier     TEXT    NOT NULL,
    builtin        TEXT,
    name           TEXT    NOT NULL,
    token_lifetime INTEGER,
    algorithm      TEXT,
    profile        TEXT,
    enabled        INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    UNIQUE (realm_id, identifier),
    UNIQUE (realm_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE scope (
    api_id      TEXT    NOT NULL REFERENCES api (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    place       INTEGER NOT NULL,
    description TEXT    NOT NULL,
    PRIMARY KEY (api_id, name)
) STRICT, WITHOUT ROWID;

-- Clustered by what pages are read by; an API and its realm's clients cannot be mixed up across realms.
CREATE TABLE client (
    realm_id                   TEXT    NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    client_id                  TEXT    NOT NULL,
    id                         TEXT    NOT NULL UNIQUE,
    name                       TEXT    NOT NULL,
    description                TEXT    NOT NULL,
    enabled                    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    expires_at                 INTEGER,
    default_api                TEXT,
    token_endpoint_auth_method TEXT,
    allowed_cidrs              TEXT    NOT NULL,
    token_lifetime             INTEGER,
    claims                     TEXT    NOT NULL,
    created_at                 INTEGER NOT NULL,
    updated_at                 INTEGER NOT NULL,
    revision                   INTEGER NOT NULL,
    PRIMARY KEY (realm_id, client_id),
    FOREIGN KEY (realm_id, default_api) REFERENCES api (realm_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_default_api ON client (realm_id, default_api);

CREATE TABLE secret (
    realm_id     TEXT    NOT NULL,
    client_id    TEXT    NOT NULL,
    place        INTEGER NOT NULL,
    id           TEXT    NOT NULL UNIQUE,
    digest       BLOB    NOT NULL CHECK (length(digest) = 32),
    pepper       TEXT    NOT NULL,
    label        TEXT,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    PRIMARY KEY (realm_id, client_id, place),
    FOREIGN KEY (realm_id, client_id) REFERENCES client (realm_id, client_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Each scope of a list stands between two spaces of its own, so that one can be taken out by a replacement.
CREATE TABLE client_grant (
    realm_id        TEXT    NOT NULL,
    client_id       TEXT    NOT NULL,
    api_id          TEXT    NOT NULL,
    place           INTEGER NOT NULL,
    default_scopes  TEXT    NOT NULL,
    optional_scopes TEXT    NOT NULL,
    PRIMARY KEY (realm_id, client_id, api_id),
    FOREIGN KEY (realm_id, client_id) REFERENCES client (realm_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, api_id) REFERENCES api (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX client_grant_api ON client_grant (realm_id, api_id);

CREATE TABLE signing_key (
    kid             TEXT    NOT NULL PRIMARY KEY,
    realm_id        TEXT    NOT NULL REFERENCES realm (id) ON DELETE CASCADE,
    place           INTEGER NOT NULL,
    algorithm       TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('announced', 'active', 'retired')),
    sealed          BLOB    NOT NULL,
    sealed_by       TEXT    NOT NULL,
    public_jwk      TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    published_until INTEGER,
    UNIQUE (realm_id, place)
) STRICT, WITHOUT ROWID;

-- The trail outlives the realm that it tells of: by name, without a reference.
CREATE TABLE audit (
    id         INTEGER NOT NULL PRIMARY KEY,
    at         INTEGER NOT NULL,
    event      TEXT    NOT NULL,
    realm      TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    detail     TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_realm ON audit (realm, id);
