-- What has to be signed with a key that is retired by now: the Update by which peers learn of the new one.
ALTER TABLE activities ADD COLUMN signing_key_id BIGINT REFERENCES signing_keys (id);

-- When the page at url was found to link back to the issuer with rel="me"; NULL: not since url is what it is.
ALTER TABLE issuers ADD COLUMN url_verified_at BIGINT;

-- How many grants a badge has, and whether it has any.
CREATE INDEX grants_by_badge ON grants (badge_id, status);
