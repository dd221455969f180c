-- The same rows every time, but for their dates: those end at the moment of loading, because
-- a drill looks at how old the newest row is. :submissions says how large the copy becomes.
INSERT INTO courses (id, slug, title, price_cents, published_at, retired_at)
SELECT n, 'course-' || n, 'Course number ' || n, 9900 + n * 500,
       now() - interval '3 years' + n * interval '20 days',
       CASE WHEN n % 10 = 0 THEN now() - interval '90 days' END
FROM generate_series(1, 40) AS n;

INSERT INTO users (id, email, name, role, registered_at)
SELECT n, 'user' || n || '@courses.example', 'User ' || md5(n::text),
       CASE WHEN n % 400 = 0 THEN 'staff' WHEN n % 50 = 0 THEN 'mentor' ELSE 'student' END,
       now() - interval '800 days' * (1 - n / (:submissions / 8::float8))
FROM generate_series(1, :submissions / 8) AS n;

INSERT INTO enrolments (id, user_id, course_id, state, enrolled_at)
SELECT n, (n - 1) / 2 + 1, n * 7 % 40 + 1,
       CASE n % 5 WHEN 0 THEN 'finished' WHEN 1 THEN 'cancelled' ELSE 'active' END,
       now() - interval '800 days' * (1 - n / (:submissions / 4::float8))
FROM generate_series(1, :submissions / 4) AS n;

INSERT INTO homeworks (id, course_id, number, title, due_days)
SELECT n, (n - 1) / 12 + 1, (n - 1) % 12 + 1, 'Homework ' || ((n - 1) % 12 + 1), 7
FROM generate_series(1, 480) AS n;

INSERT INTO submissions (id, homework_id, enrolment_id, score, submitted_at)
SELECT n, n * 13 % 480 + 1, (n - 1) / 4 + 1, CASE WHEN n % 9 > 0 THEN n * 37 % 10001 / 100.0 END,
       now() - interval '800 days' * (1 - n / :submissions::float8)
FROM generate_series(1, :submissions) AS n;

INSERT INTO courses_answer (id, submission_id, question, answer, is_correct, created_at)
SELECT n, (n - 1) / 20 + 1, (n - 1) % 20 + 1, 'option ' || n * 31 % 97, n % 3 > 0,
       now() - interval '800 days' * (1 - n / (:submissions * 20::float8))
FROM generate_series(1, :submissions * 20) AS n;

INSERT INTO email (id, user_id, kind, sent_at, bounced_at)
SELECT n, (n - 1) % (:submissions / 8) + 1, (ARRAY['welcome', 'receipt', 'reminder'])[n % 3 + 1],
       now() - interval '800 days' * (1 - n / :submissions::float8),
       CASE WHEN n % 200 = 0
            THEN now() - interval '800 days' * (1 - n / :submissions::float8) END
FROM generate_series(1, :submissions) AS n;

INSERT INTO payments (id, enrolment_id, reference, amount_cents, currency, paid_at, refunded_at)
SELECT n, n, 'pay_' || md5('payment' || n), 9900 + n % 40 * 500,
       (ARRAY['EUR', 'USD'])[n % 2 + 1],
       now() - interval '800 days' * (1 - n / (:submissions / 4::float8)) - interval '1 minute',
       CASE WHEN n % 25 = 0 THEN now() END
FROM generate_series(1, :submissions / 4) AS n;
