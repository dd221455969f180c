-- One more day: until the night of the 21st.
INSERT INTO student (email, name, registered_at)
SELECT 'Student' || n || '@courses.example', 'Student ' || md5(n::text),
       timestamptz '2026-11-20 02:00Z' + (n - 2000) * interval '6 hours'
FROM generate_series(2001, 2004) AS n;;
INSERT INTO answer (student_id, course_id, question, answer, created_at)
SELECT n % 2000 + 1, n % 40 + 1, n / 2000 + 1, 'option ' || n || ' of a question that ' || repeat(md5(n::text), 4),
       timestamptz '2026-11-20 02:00Z' + (n - 20000) * interval '3 minutes'
FROM generate_series(20001, 20480) AS n;;
INSERT INTO essay (student_id, body, created_at)
SELECT n * 9, (SELECT string_agg(md5(n || ' ' || line), ' ') FROM generate_series(1, 150) AS line),
       timestamptz '2026-11-20 02:00Z' + (n - 200) * interval '5 hours'
FROM generate_series(201, 204) AS n;;
INSERT INTO payment (student_id, amount_cents, paid_at)
SELECT n, 9900 + n % 40 * 500, timestamptz '2026-09-01Z' + (n - 1) * interval '57 minutes'
FROM generate_series(2001, 2024) AS n;;
INSERT INTO note (text, written_at)
SELECT 'note ' || n, timestamptz '2026-11-20 02:00Z' + (n - 500) * interval '1 hour'
FROM generate_series(501, 524) AS n;;
VACUUM (FREEZE, ANALYZE);;
