-- Attributes that a reader doesn't need: of the session's role, and of those that it can become by SET
-- ROLE (a member doesn't inherit attributes). BYPASSRLS is not among them: it only lets the role see
-- every row, which is what a count wants.
SELECT attribute, CASE WHEN r.rolname <> current_user THEN r.rolname::text END AS as_role
FROM pg_catalog.pg_roles AS r,
     LATERAL (VALUES (1, 'superuser', r.rolsuper),
                     (2, 'createrole', r.rolcreaterole),
                     (3, 'createdb', r.rolcreatedb),
                     (4, 'replication', r.rolreplication)) AS a (place, attribute, held)
WHERE a.held
  AND (r.rolname = current_user
       OR (pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')
           -- A superuser counts as a member of every role.
           AND NOT (SELECT me.rolsuper FROM pg_catalog.pg_roles AS me WHERE me.rolname = current_user)))
ORDER BY r.rolname <> current_user, r.rolname, a.place
