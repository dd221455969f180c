-- One more day on the platform: some new enrolments, each with a submission of twenty answers.
WITH enrolled AS (
    INSERT INTO enrolments (user_id, course_id, state, enrolled_at)
    SELECT id, id % 40 + 1, 'finished', now() FROM users WHERE role = 'student' ORDER BY id LIMIT 62
    RETURNING id
), submitted AS (
    INSERT INTO submissions (homework_id, enrolment_id, score, submitted_at)
    SELECT id % 480 + 1, id, 80, now() FROM enrolled
    RETURNING id
)
INSERT INTO courses_answer (submission_id, question, answer, is_correct, created_at)
SELECT id, question, 'option ' || question, true, now()
FROM submitted, generate_series(1, 20) AS question;
