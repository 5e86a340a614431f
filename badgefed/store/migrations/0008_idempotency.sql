-- caller: whose request it was, a key's or a person's in an organization. Both choose their Idempotency-Keys themselves.
CREATE TABLE idempotency_answers (
    caller TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    response $BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (caller, idempotency_key)
);
INSERT INTO idempotency_answers (caller, idempotency_key, request_hash, status, response, created_at)
    SELECT 'key:' || CAST(api_key_id AS TEXT), idempotency_key, request_hash, status, response, created_at
    FROM idempotency_keys;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_answers RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
