-- Functions, procedures, aggregates: all but the body, which may hold what is nobody's business, and of which
-- there is the digest. Those of extensions come with the extension's version.
SELECT p.oid, pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
-- definition
SELECT page.name, line.place, line.line
FROM page
JOIN pg_catalog.pg_proc AS p ON p.oid = page.oid
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
CROSS JOIN LATERAL (VALUES
    (1, 'returns ' || coalesce(pg_catalog.pg_get_function_result(p.oid), 'nothing')),
    (2, 'language ' || l.lanname
        || CASE p.provolatile WHEN 'i' THEN ' immutable' WHEN 's' THEN ' stable' ELSE ' volatile' END
        || CASE WHEN p.prosecdef THEN ' security definer' ELSE '' END
        || CASE WHEN p.proisstrict THEN ' strict' ELSE '' END),
    (3, 'owner ' || pg_catalog.pg_get_userbyid(p.proowner)),
    (4, 'body with sha256 ' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
            p.prosrc || coalesce(p.probin, '') || coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), ''), 'UTF8')), 'hex'))
) AS line (place, line)
