//! The double as a service: one HTTP port for the API and for its control.

mod calls;
mod control;
mod faults;
mod http;
mod requests;
mod state;
mod wishes;

pub use http::serve;
pub use state::Double;
