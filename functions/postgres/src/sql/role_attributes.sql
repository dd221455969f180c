-- Attributes of the session's role that a reader doesn't need. BYPASSRLS is not among them: it only
-- lets the role see every row, which is what a count wants.
SELECT attribute
FROM pg_catalog.pg_roles AS r,
     LATERAL (VALUES (1, 'superuser', r.rolsuper),
                     (2, 'createrole', r.rolcreaterole),
                     (3, 'createdb', r.rolcreatedb),
                     (4, 'replication', r.rolreplication)) AS a (place, attribute, held)
WHERE r.rolname = current_user AND a.held
ORDER BY a.place
