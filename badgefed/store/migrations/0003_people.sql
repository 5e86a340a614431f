-- plan NULL: none. domain_verified_at: when the domain was proved to be the organization's.
ALTER TABLE organizations ADD COLUMN status TEXT NOT NULL DEFAULT 'active';
ALTER TABLE organizations ADD COLUMN plan TEXT;
ALTER TABLE organizations ADD COLUMN domain TEXT;
ALTER TABLE organizations ADD COLUMN domain_verified_at BIGINT;
CREATE INDEX members_by_user ON members (user_id);

ALTER TABLE users ADD COLUMN is_operator SMALLINT NOT NULL DEFAULT 0;

-- Fediverse profiles that a user signs in with.
CREATE TABLE user_identities (
    actor_id TEXT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    handle TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX user_identities_by_user ON user_identities (user_id);

CREATE TABLE sessions (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    token_hash TEXT NOT NULL UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users (id),
    method TEXT NOT NULL,
    device TEXT NOT NULL,
    network TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_age ON sessions (seen_at);

-- Links that work once. Their secrets are derived from the uuid and stored nowhere. user_id NULL: set-up.
CREATE TABLE account_links (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    email TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX account_links_by_user ON account_links (user_id, kind);
CREATE INDEX account_links_by_age ON account_links (expires_at);
CREATE UNIQUE INDEX account_links_set_up ON account_links (kind) WHERE kind = 'set-up' AND used_at IS NULL;

-- closed_at: accepted or withdrawn.
CREATE TABLE invitations (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE UNIQUE INDEX invitations_open ON invitations (organization_id, email) WHERE closed_at IS NULL;

-- Attempts that may be guesses. name is a hash of what they are counted for; nothing is allowed before open_at.
CREATE TABLE throttles (
    name TEXT PRIMARY KEY,
    attempts INTEGER NOT NULL,
    open_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX throttles_by_age ON throttles (updated_at);

-- Rows are added and read, never changed. Labels are what things were called then.
CREATE TABLE audit_log (
    id $ID,
    organization_id BIGINT REFERENCES organizations (id),
    author_kind TEXT NOT NULL,
    author_id BIGINT,
    author_label TEXT NOT NULL,
    network TEXT,
    action TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    target_label TEXT NOT NULL,
    details TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_log_by_organization ON audit_log (organization_id, id);

CREATE INDEX grants_by_organization ON grants (organization_id, id);
