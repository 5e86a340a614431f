-- $ID is the dialect's automatic integer key, $BLOB its type for bytes. Instants: microseconds since 1970, UTC.

CREATE TABLE organizations (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT,
    is_active SMALLINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE members (
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);

CREATE TABLE api_keys (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    last4 TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    rate INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE idempotency_keys (
    api_key_id BIGINT NOT NULL REFERENCES api_keys (id),
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    response $BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (api_key_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE images (
    id $ID,
    sha256 TEXT NOT NULL UNIQUE,
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    blurhash TEXT,
    data $BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE issuers (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    username TEXT NOT NULL UNIQUE,
    actor_id TEXT NOT NULL UNIQUE,
    actor_type TEXT NOT NULL,
    name TEXT NOT NULL,
    summary TEXT NOT NULL,
    url TEXT,
    email TEXT,
    colour TEXT NOT NULL,
    posting TEXT NOT NULL,
    image_id BIGINT NOT NULL REFERENCES images (id),
    image_generated SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX issuers_by_organization ON issuers (organization_id);

-- Private keys of issuers and, with issuer_id NULL, of the instance actor. private_key is encrypted.
CREATE TABLE signing_keys (
    id $ID,
    issuer_id BIGINT REFERENCES issuers (id),
    kind TEXT NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    public_key TEXT NOT NULL,
    private_key $BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (COALESCE(issuer_id, 0), kind) WHERE retired_at IS NULL;

CREATE TABLE badges (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    issuer_id BIGINT NOT NULL REFERENCES issuers (id),
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    badge_type TEXT NOT NULL,
    criteria TEXT NOT NULL,
    image_id BIGINT NOT NULL REFERENCES images (id),
    image_generated SMALLINT NOT NULL,
    image_alt TEXT,
    hashtags TEXT,
    post_hashtags SMALLINT NOT NULL,
    info_uri TEXT,
    is_certificate SMALLINT NOT NULL,
    expires_in_days INTEGER,
    is_active SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (organization_id, slug)
);
CREATE INDEX badges_by_issuer ON badges (issuer_id);

-- active_recipient names the recipient while a grant stands in the way of another one of the same badge.
CREATE TABLE grants (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    code TEXT NOT NULL UNIQUE,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    issuer_id BIGINT NOT NULL REFERENCES issuers (id),
    badge_id BIGINT NOT NULL REFERENCES badges (id),
    note_id TEXT NOT NULL UNIQUE,
    note_uri TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    visibility TEXT NOT NULL,
    active_recipient TEXT,
    name TEXT,
    profile TEXT,
    actor_id TEXT,
    handle TEXT,
    email TEXT,
    evidence TEXT,
    granted_by TEXT,
    issued_at BIGINT NOT NULL,
    accepted_at BIGINT,
    processed_at BIGINT,
    expires_at BIGINT,
    closed_at BIGINT,
    closed_reason TEXT,
    proof_kind TEXT,
    proof TEXT,
    fingerprint TEXT
);
CREATE UNIQUE INDEX grants_active ON grants (badge_id, active_recipient) WHERE active_recipient IS NOT NULL;
CREATE INDEX grants_by_issuer ON grants (issuer_id, status, processed_at);
CREATE INDEX grants_by_actor ON grants (actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX grants_by_recipient ON grants (active_recipient) WHERE active_recipient IS NOT NULL;

-- Signed or published bytes: note, assertion, credential. Never rebuilt.
CREATE TABLE documents (
    grant_id BIGINT NOT NULL REFERENCES grants (id),
    kind TEXT NOT NULL,
    body $BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (grant_id, kind)
);

-- Direct messages to recipients; a reply to one of them is found by its uri.
CREATE TABLE messages (
    id $ID,
    uri TEXT NOT NULL UNIQUE,
    grant_id BIGINT NOT NULL REFERENCES grants (id),
    kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    body $BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX messages_by_grant ON messages (grant_id);

CREATE TABLE remote_actors (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    actor_type TEXT NOT NULL,
    inbox TEXT NOT NULL,
    shared_inbox TEXT,
    username TEXT,
    handle TEXT,
    name TEXT,
    url TEXT,
    icon TEXT,
    fetched_at BIGINT NOT NULL,
    missing_since BIGINT
);
CREATE INDEX remote_actors_by_inbox ON remote_actors (inbox);
CREATE INDEX remote_actors_by_shared_inbox ON remote_actors (shared_inbox) WHERE shared_inbox IS NOT NULL;

-- Other names of an actor (handle, profile URL), as model.recipient.profile_alias makes them.
CREATE TABLE actor_aliases (
    alias TEXT PRIMARY KEY,
    actor_id TEXT NOT NULL
);

CREATE TABLE remote_keys (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    public_key TEXT NOT NULL,
    fetched_at BIGINT NOT NULL
);
CREATE INDEX remote_keys_by_owner ON remote_keys (owner);

-- delivery_inbox is the shared inbox where there is one. ended_at: unfollowed; still told of deletions.
CREATE TABLE followers (
    id $ID,
    issuer_id BIGINT NOT NULL REFERENCES issuers (id),
    actor_id TEXT NOT NULL,
    follow_id TEXT NOT NULL,
    delivery_inbox TEXT NOT NULL,
    is_shared SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    UNIQUE (issuer_id, actor_id)
);
CREATE INDEX followers_by_inbox ON followers (issuer_id, delivery_inbox);
CREATE INDEX followers_by_actor ON followers (actor_id);

CREATE TABLE blocks (
    id $ID,
    issuer_id BIGINT REFERENCES issuers (id),
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX blocks_once ON blocks (COALESCE(issuer_id, 0), kind, target);

CREATE TABLE inbox_log (
    id $ID,
    activity_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    activity_type TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    UNIQUE (activity_id, actor_id)
);
CREATE INDEX inbox_log_by_age ON inbox_log (received_at);

CREATE TABLE interactions (
    id $ID,
    grant_id BIGINT NOT NULL REFERENCES grants (id),
    kind TEXT NOT NULL,
    activity_id TEXT NOT NULL UNIQUE,
    object_id TEXT,
    actor_id TEXT NOT NULL,
    content TEXT,
    url TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX interactions_by_grant ON interactions (grant_id, kind);
CREATE INDEX interactions_by_actor ON interactions (actor_id);
CREATE INDEX interactions_by_object ON interactions (object_id) WHERE object_id IS NOT NULL;

-- Notes of others that may quote a grant's Note (FEP-044f). activity_id is the QuoteRequest's.
CREATE TABLE quotes (
    id $ID,
    uuid TEXT NOT NULL UNIQUE,
    grant_id BIGINT NOT NULL REFERENCES grants (id),
    note_uri TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (grant_id, note_uri)
);
CREATE INDEX quotes_by_actor ON quotes (actor_id);

CREATE TABLE reports (
    id $ID,
    actor_id TEXT NOT NULL,
    activity_id TEXT NOT NULL UNIQUE,
    objects TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What we send, once; body is unsigned bytes. issuer_id NULL: the instance actor.
CREATE TABLE activities (
    id $ID,
    uri TEXT NOT NULL UNIQUE,
    issuer_id BIGINT REFERENCES issuers (id),
    activity_type TEXT NOT NULL,
    object_uri TEXT NOT NULL,
    grant_id BIGINT REFERENCES grants (id),
    is_public SMALLINT NOT NULL,
    body $BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX activities_by_object ON activities (object_uri);

-- state: ready, failed (given up), void (must not be sent: what it would delete never went out).
CREATE TABLE deliveries (
    id $ID,
    activity_id BIGINT NOT NULL REFERENCES activities (id),
    inbox TEXT NOT NULL,
    host TEXT NOT NULL,
    ordering_key TEXT NOT NULL,
    priority SMALLINT NOT NULL,
    is_paced SMALLINT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    not_before BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (activity_id, inbox)
);
CREATE INDEX deliveries_by_host ON deliveries (host, state, priority, id);
CREATE INDEX deliveries_by_order ON deliveries (host, ordering_key, activity_id);
CREATE INDEX deliveries_by_state ON deliveries (state, created_at);

-- One row per destination: its turn in the queue, its lease (0: given back), its breaker, the signature scheme that it takes.
-- paced_until: the next instant at which one of its paced deliveries may go.
CREATE TABLE hosts (
    host TEXT PRIMARY KEY,
    next_at BIGINT,
    priority SMALLINT NOT NULL,
    lease_until BIGINT NOT NULL,
    lease_owner TEXT,
    failures INTEGER NOT NULL,
    failing_since BIGINT,
    open_until BIGINT,
    paced_until BIGINT NOT NULL,
    scheme TEXT,
    delivered BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    last_success_at BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX hosts_by_turn ON hosts (priority, next_at) WHERE next_at IS NOT NULL;

-- Work that a fact caused, committed together with it. attempt is the lease's token.
CREATE TABLE jobs (
    id $ID,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    unique_key TEXT UNIQUE,
    grant_id BIGINT REFERENCES grants (id),
    state TEXT NOT NULL,
    priority SMALLINT NOT NULL,
    attempt INTEGER NOT NULL,
    not_before BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX jobs_by_turn ON jobs (state, priority, not_before);
CREATE INDEX jobs_by_grant ON jobs (grant_id) WHERE grant_id IS NOT NULL;

-- A code sent by direct message to a profile, to prove that it is the recipient's. actor_id NULL: not sent yet.
CREATE TABLE profile_challenges (
    grant_id BIGINT PRIMARY KEY REFERENCES grants (id),
    profile TEXT NOT NULL,
    actor_id TEXT,
    handle TEXT,
    problem TEXT,
    tries INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    asks INTEGER NOT NULL,
    asks_since BIGINT NOT NULL
);

-- Addresses that want no reminders, as SHA-256 of the lower-case address.
CREATE TABLE mail_optouts (
    email_hash TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL
);
