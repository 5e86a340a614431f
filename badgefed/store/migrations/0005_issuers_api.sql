-- verified_at: when the e-mail address was proved, or an operator made the issuer; NULL: it can have no badges yet.
ALTER TABLE issuers ADD COLUMN verified_at BIGINT;
ALTER TABLE issuers ADD COLUMN linkedin_organization_id TEXT;
UPDATE issuers SET verified_at = created_at;

-- What to propose to people who share an award.
ALTER TABLE badges ADD COLUMN share_text TEXT;

-- Addresses of issuers that are yet to be proved. Code and link are derived from the nonce and stored nowhere.
CREATE TABLE issuer_verifications (
    issuer_id BIGINT PRIMARY KEY REFERENCES issuers (id),
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    email TEXT NOT NULL,
    nonce TEXT NOT NULL,
    tries INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    asks INTEGER NOT NULL,
    asks_since BIGINT NOT NULL
);
CREATE INDEX issuer_verifications_by_organization ON issuer_verifications (organization_id, created_at);

-- Awards of a calendar month (YYYY-MM, UTC), counted while the organization's plan has a limit.
CREATE TABLE award_usage (
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    month TEXT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (organization_id, month)
);
