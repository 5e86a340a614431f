-- Each verified domain has a job that looks at its proof every 30 days; domains that were verified before get theirs.
INSERT INTO jobs (kind, payload, unique_key, state, priority, attempt, not_before, created_at)
SELECT 'domain', '{"organization":' || id || ',"misses":0}', 'domain:' || id, 'ready', 3, 0,
    domain_verified_at + 2592000000000, domain_verified_at
FROM organizations WHERE domain_verified_at IS NOT NULL;
