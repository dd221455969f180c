-- Settings of the server under which a check can't see damage.
SELECT s.name
FROM pg_catalog.pg_settings AS s
WHERE (s.name, s.setting) IN (('data_checksums', 'off'), ('zero_damaged_pages', 'on'), ('ignore_checksum_failure', 'on'))
ORDER BY s.name
