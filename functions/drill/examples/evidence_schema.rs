//! Prints the JSON Schema of the evidence; `make schema` writes it to docs/evidence.schema.json.

#[expect(clippy::print_stdout, reason = "printing is all that it does")]
fn main() {
    println!("{:#}", serde_json::Value::from(drill::evidence::schema()));
}
