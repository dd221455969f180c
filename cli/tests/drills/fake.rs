//! An AWS of one process: answers Step Functions, S3 and RDS from recorded bodies and remembers what
//! it was asked. The real SDK talks to it over HTTP.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// What is asked for, such as `DescribeExecution`, or the path and query of an object.
type Question = String;

/// Answers, one after the other; the last one stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(HashMap<Question, Vec<(u16, String)>>);

impl Answers {
    /// The next answer to a question.
    pub(crate) fn to(mut self, question: &str, status: u16, body: &str) -> Self {
        self.0.entry(question.to_owned()).or_default().push((status, body.to_owned()));
        self
    }
}

/// A running fake. It ends with the process.
pub(crate) struct Fake {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    answers: Answers,
    asked: Vec<(Question, String)>,
    /// The name of the execution that was started last, which stands for `{drill}` in answers.
    drill: String,
}

impl Fake {
    pub(crate) fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let drill = "courses-prod-20261121t030000z".to_owned();
        let state = Arc::new(Mutex::new(State { answers, asked: Vec::new(), drill }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A client that goes away in the middle is what Ctrl-C looks like from here.
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, state }
    }

    /// The bodies of what was asked with one question.
    pub(crate) fn asked(&self, question: &str) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.asked.iter().filter(|(asked, _)| asked == question).map(|(_, body)| body.clone()).collect()
    }
}

/// Answers every request of a connection.
fn serve(stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let (question, body) = request(&mut reader)?;
        let (status, text) = state.lock().unwrap().answer(&question, body);
        let head = format!(
            "HTTP/1.1 {status} Recorded\r\nx-amzn-requestid: recorded\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        stream.write_all((head + &text).as_bytes()).ok()?;
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<(Question, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut question = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "x-amz-target" => value.trim().rsplit('.').next()?.clone_into(&mut question),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    // RDS is asked in a form.
    if let Some(action) = body.strip_prefix("Action=").and_then(|rest| rest.split('&').next()) {
        action.clone_into(&mut question);
    }
    Some((question, body))
}

impl State {
    fn answer(&mut self, question: &str, body: String) -> (u16, String) {
        if question == "StartExecution" {
            let input: serde_json::Value = serde_json::from_str(&body).unwrap();
            input["name"].as_str().unwrap().clone_into(&mut self.drill);
        }
        // S3 questions name the object; the drill in them is the one of this fake.
        let known = question.replace(&self.drill, "{drill}");
        let key = if self.answers.0.contains_key(question) { question.to_owned() } else { known };
        self.asked.push((key.clone(), body));
        let (status, text) = match self.answers.0.get_mut(&key) {
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers[0].clone(),
            None => (404, "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>".to_owned()),
        };
        let time = self.drill.rsplit('-').next().unwrap_or_default();
        let scheduled_at = format!(
            "{}-{}-{}T{}:{}:{}Z",
            &time[..4],
            &time[4..6],
            &time[6..8],
            &time[9..11],
            &time[11..13],
            &time[13..15]
        );
        (status, text.replace("{drill}", &self.drill).replace("{scheduled_at}", &scheduled_at))
    }
}
