-- Everything until the night of the 20th of November, the same every time.
INSERT INTO course (slug, title, price_cents)
SELECT 'course-' || n, 'Course number ' || n, 9900 + n * 500 FROM generate_series(1, 40) AS n;;
INSERT INTO student (email, name, registered_at)
SELECT 'Student' || n || '@courses.example', 'Student ' || md5(n::text),
       timestamptz '2026-11-20 02:00Z' - (2000 - n) * interval '6 hours'
FROM generate_series(1, 2000) AS n;;
INSERT INTO answer (student_id, course_id, question, answer, created_at)
SELECT n % 2000 + 1, n % 40 + 1, n / 2000 + 1, 'option ' || n || ' of a question that ' || repeat(md5(n::text), 4),
       timestamptz '2026-11-20 02:00Z' - (20000 - n) * interval '3 minutes'
FROM generate_series(1, 20000) AS n;;
INSERT INTO essay (student_id, body, created_at)
SELECT n * 10, (SELECT string_agg(md5(n || ' ' || line), ' ') FROM generate_series(1, 150) AS line),
       timestamptz '2026-11-20 02:00Z' - (200 - n) * interval '5 hours'
FROM generate_series(1, 200) AS n;;
INSERT INTO payment (student_id, amount_cents, paid_at)
SELECT n, 9900 + n % 40 * 500, timestamptz '2026-09-01Z' + (n - 1) * interval '57 minutes'
FROM generate_series(1, 2000) AS n;;
INSERT INTO note (text, written_at)
SELECT 'note ' || n, timestamptz '2026-11-20 02:00Z' - (500 - n) * interval '1 hour'
FROM generate_series(1, 500) AS n;;
VACUUM (FREEZE, ANALYZE);;
