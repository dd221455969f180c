//! The double as a service: one HTTP port for the API and for its control.

mod calls;
mod control;
mod faults;
mod http;
mod logins;
mod requests;
mod state;
mod wishes;

pub use http::serve;
pub use logins::serve_logins;
pub use state::Double;
