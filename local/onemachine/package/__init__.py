"""`make package`: what users deploy without a Rust toolchain (docs/release.md)."""
