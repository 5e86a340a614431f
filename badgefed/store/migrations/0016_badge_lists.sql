-- An organization's newest badges, page by page.
CREATE INDEX badges_by_organization ON badges (organization_id, id);
