//! Prints the JSON Schema of the event; `make schema` writes it to docs/event.schema.json.

#[expect(clippy::print_stdout, reason = "printing is all that it does")]
fn main() {
    println!("{:#}", serde_json::Value::from(drill::event::schema()));
}
