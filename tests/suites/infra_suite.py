"""The Terraform module agrees with the code, the definition and what runs on the one machine."""

from __future__ import annotations

