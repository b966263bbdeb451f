#!/usr/bin/env bats
# What servers answer at each step: outtray-smtp without TLS and login.

load agent

@test "each answer at each step has its verdict" {
	cases "$BATS_TEST_DIRNAME/answers.cases"
}
