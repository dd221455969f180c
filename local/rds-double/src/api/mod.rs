//! The RDS query protocol in front of the control plane: form-encoded requests in, XML out.

mod answers;
mod dispatch;
mod instance_xml;
mod params;
mod requests;
mod snapshot_xml;
mod xml;

pub use answers::{error_answer, render};
pub use dispatch::{Answer, has_effect, is_known, perform};
pub use params::Params;
