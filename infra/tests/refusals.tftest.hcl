# What is refused before anything is made.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  vpc_id             = "vpc-0a1b2c3d"
  replica_subnet_ids = ["subnet-0a1b2c3d", "subnet-0d3c2b1a"]
  artifacts          = { bucket = "artifacts" }
  sources            = { courses-prod = { checks_file = "tests/checks/courses-prod.toml", postgres_version = 17, resource_id = "db-COURSES" } }
}

run "three_o_clock_in_helsinki" {
  command = plan
  variables {
    time_zone = "Europe/Helsinki"
  }
  expect_failures = [aws_scheduler_schedule.night]
}

run "two_o_clock_in_berlin" {
  command = plan
  variables {
    at        = "02:30"
    time_zone = "Europe/Berlin"
  }
  expect_failures = [aws_scheduler_schedule.night]
}

run "checks_of_another_source" {
  command = plan
  variables {
    sources = { courses-prod = { checks_file = "tests/checks/billing-prod.toml", postgres_version = 17, resource_id = "db-COURSES" } }
  }
  expect_failures = [aws_s3_object.configuration]
}

run "a_source_named_as_a_replica" {
  command = plan
  variables {
    sources = { drill-prod = { checks_file = "tests/checks/courses-prod.toml", postgres_version = 17, resource_id = "db-COURSES" } }
  }
  expect_failures = [var.sources]
}

run "no_source_at_all" {
  command = plan
  variables {
    sources = {}
  }
  expect_failures = [var.sources]
}

run "a_deployment_too_long_for_replicas_names" {
  command = plan
  variables {
    deployment = "seventeen-letters"
  }
  expect_failures = [var.deployment]
}

run "an_offset_for_a_zone" {
  command = plan
  variables {
    time_zone = "+01:00"
  }
  expect_failures = [var.time_zone]
}

run "one_subnet" {
  command = plan
  variables {
    replica_subnet_ids = ["subnet-0a1b2c3d"]
  }
  expect_failures = [var.replica_subnet_ids]
}

run "a_user_with_a_wildcard" {
  command = plan
  variables {
    database_user = "*"
  }
  expect_failures = [var.database_user]
}

run "tags_that_say_who_may_be_deleted" {
  command = plan
  variables {
    tags = { "restore-drill:deployment" = "main" }
  }
  expect_failures = [var.tags]
}

run "zips_from_two_places" {
  command = plan
  variables {
    artifacts = { bucket = "artifacts", folder = "target/lambda" }
  }
  expect_failures = [var.artifacts]
}

run "records_gone_before_the_watchdog_read_them" {
  command = plan
  variables {
    evidence_retention_days = 30
  }
  expect_failures = [var.evidence_retention_days]
}

run "variables_that_are_the_module_s_own" {
  command = plan
  variables {
    control_environment = { RESTORE_DRILL_BUCKET = "another" }
  }
  expect_failures = [var.control_environment]
}
