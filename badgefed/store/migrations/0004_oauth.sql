-- This server as an OAuth client of servers whose people sign in with them: what their doors are and what was registered there.
-- client_secret is encrypted; unanswered counts the sign-ins sent there since the last one that came back.
CREATE TABLE oauth_apps (
    host TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    names_itself INTEGER NOT NULL,
    authorization_endpoint TEXT NOT NULL,
    token_endpoint TEXT NOT NULL,
    revocation_endpoint TEXT NOT NULL,
    userinfo_endpoint TEXT,
    account_endpoint TEXT NOT NULL,
    scope TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret $BLOB NOT NULL,
    unanswered INTEGER NOT NULL,
    registered_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX oauth_apps_by_use ON oauth_apps (used_at);

-- Sign-ins that are under way at another server, each once. verifier (PKCE) is encrypted; payload is JSON for the purpose.
CREATE TABLE oauth_sign_ins (
    state_hash TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    host TEXT NOT NULL,
    client_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    handle TEXT,
    verifier $BLOB NOT NULL,
    payload TEXT NOT NULL,
    is_repeat INTEGER NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_sign_ins_by_expiry ON oauth_sign_ins (expires_at);
