#!/usr/bin/env bats
# Logging in at the smarthost: which mechanism is taken, what is shown, and
# what a server that lies can reach.

load ../support/common

# login SCRIPT [[smtp] lines...]: one message, with user and password set.
login() {
	smtpd "$1"
	printf '%s' "${SECRET-pencil}" >"$WORK/secret"
	chmod 600 "$WORK/secret"
	ini_smtp "user = ${LOGIN-joe@x.test}" "password_file = $WORK/secret" "${@:2}"
	run "$SENDMAIL" $OPTIONS a@x.test < <(printf 'Subject: s\n\nhi\n')
	[[ $output != *"${SECRET-pencil}"* ]] || fail "the secret in: $output"
}

# said REGEX: what the server noted of the login.
said() { has "$SMTP/dialog" "^[0-9]+ \* auth $1"; }

USERS='"users": {"joe@x.test": "pencil"}, "tokens": {"joe@x.test": "ya29.t0ken"}, "auth_required": true'

@test "each mechanism logs in when it is named" {
	local name
	for name in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
		login "{$USERS, \"auth\": [\"$name\", \"GSSAPI\"]}" "auth = ${name,,}"
		assert_status 0
		assert_equal 1 "$(messages)"
		said "$name user=joe@x.test .*accepted"
		stop_background
	done
	for name in XOAUTH2 OAUTHBEARER; do
		SECRET=ya29.t0ken login "{$USERS, \"auth\": [\"PLAIN\", \"$name\"]}" "auth = ${name,,}"
		assert_status 0
		said "$name user=joe@x.test .*accepted"
		stop_background
	done
}

@test "auth = auto takes the strongest that is offered" {
	local list name
	while read -r list name; do
		login "{$USERS, \"auth\": [\"${list//,/\",\"}\"]}"
		assert_status 0
		said "$name user"
		stop_background
	done <<-END
	LOGIN,PLAIN,CRAM-MD5,SCRAM-SHA-1,SCRAM-SHA-256,XOAUTH2 SCRAM-SHA-256
	PLAIN,CRAM-MD5,SCRAM-SHA-1 SCRAM-SHA-1
	PLAIN,CRAM-MD5 CRAM-MD5
	LOGIN,PLAIN PLAIN
	LOGIN LOGIN
	END
}

@test "over TLS the login is bound to the connection where the server can" {
	"$SUPPORT/certs" "$WORK/certs"
	local tls="\"tls\": \"starttls\", \"cert\": \"$WORK/certs/good.pem\", \"key\": \"$WORK/certs/good.key\""
	login "{$USERS, $tls, \"tls_max\": \"1.2\", \"auth\": [\"PLAIN\", \"SCRAM-SHA-256\", \"SCRAM-SHA-256-PLUS\"]}" \
		"tls = starttls" "tls_ca_file = $WORK/certs/ca.pem" "tls_name = localhost"
	assert_status 0
	said "SCRAM-SHA-256-PLUS user=joe@x.test gs2=p=tls-server-end-point proof=right accepted"
	stop_background
	login "{$USERS, $tls, \"auth\": [\"SCRAM-SHA-256\"]}" \
		"tls = starttls" "tls_ca_file = $WORK/certs/ca.pem" "tls_name = localhost"
	assert_status 0
	said "SCRAM-SHA-256 user=joe@x.test gs2=y proof=right accepted"
}

@test "a wrong password exits 77 with the server's words, and nothing is sent" {
	local name
	for name in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256; do
		SECRET=crayon login "{$USERS, \"auth\": [\"$name\"]}"
		assert_status 77
		assert_output_has "joe@x.test"
		assert_output_has "535 5.7.8 no such login"
		lacks "$SMTP/dialog" ' C (MAIL|RCPT|DATA)'
		stop_background
	done
}

@test "a refused token is explained by what the server said of it" {
	local name
	for name in XOAUTH2 OAUTHBEARER; do
		SECRET=stale login "{$USERS, \"auth\": [\"$name\"]}" "auth = ${name,,}"
		assert_status 77
		assert_output_has "535 5.7.8 no such login"
		assert_output_has '{"status":'
		said "$name user=joe@x.test token=stale refused"
		stop_background
	done
}

@test "a mechanism that is not offered is an error that names those that are" {
	login "{$USERS, \"auth\": [\"PLAIN\", \"LOGIN\"]}" "auth = scram-sha-256"
	assert_status 77
	assert_output_has "AUTH SCRAM-SHA-256, only PLAIN LOGIN"
	lacks "$SMTP/dialog" ' C (AUTH|MAIL)'
	stop_background
	login "{$USERS}"
	assert_status 77
	assert_output_has "offers no login"
	lacks "$SMTP/dialog" ' C MAIL'
}

@test "a server that does not know the password is not believed" {
	local forge
	for forge in signature nonce missing error; do
		login "{$USERS, \"auth\": [\"SCRAM-SHA-256\"], \"scram\": {\"forge\": \"$forge\"}}"
		[ "$status" -eq 76 ] || [ "$status" -eq 77 ] || fail "$forge: $status $output"
		lacks "$SMTP/dialog" ' C MAIL'
		assert_equal 0 "$(messages)"
		stop_background
	done
}

@test "iteration counts out of bounds are refused at once" {
	local count
	for count in 1 4095 2000001 999999999; do
		SECONDS=0
		login "{$USERS, \"auth\": [\"SCRAM-SHA-256\"], \"scram\": {\"iterations\": $count}}"
		assert_status 76
		assert_output_has "$count"
		[ "$SECONDS" -lt 5 ] || fail "took $SECONDS s"
		lacks "$SMTP/dialog" ' C MAIL'
		stop_background
	done
}

@test "the secret is in neither -v nor the log, encoded or not" {
	local name encoded
	for name in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256; do
		OPTIONS=-v login "{$USERS, \"auth\": [\"$name\"]}"
		assert_status 0
		assert_output_has "AUTH $name"
		while read -r encoded; do
			assert_output_lacks "$encoded"
		done < <(sed -n 's/^[0-9]* C \(AUTH [^ ]* \)\{0,1\}\([A-Za-z0-9+\/]*=*\)$/\2/p' "$SMTP/dialog" | grep -E '.{8}')
		stop_background
	done
}

@test "malformed challenges are cancelled, and the reason is told" {
	local bytes
	for bytes in '334 !!!!\r\n' '334 Zg=\r\n' '334\r\n' '334 \r\n'; do
		login "{$USERS, \"auth\": [\"CRAM-MD5\"], \"answers\": {\"auth\": {\"bytes\": \"$bytes\", \"then\": \"go on\"}}}"
		assert_status 76
		assert_output_has "challenge"
		has "$SMTP/dialog" ' C \*$'
		lacks "$SMTP/dialog" ' C MAIL'
		stop_background
	done
}

@test "a login that the server puts off is temporary" {
	login "{$USERS, \"auth\": [\"PLAIN\"], \"answers\": {\"auth_done\": \"454 4.7.0 try later\"}}"
	assert_status 69
	assert_output_has "454 4.7.0 try later"
	assert_output_has "temporary"
}

@test "names with commas, equals signs and other letters log in" {
	local user='j=o,e@x.test'
	LOGIN=$user SECRET='p=a,ß' login "{\"users\": {\"$user\": \"p=a,ß\"}, \"auth\": [\"SCRAM-SHA-256\"]}"
	assert_status 0
	said "SCRAM-SHA-256 user=j=o,e@x.test gs2=n proof=right accepted"
}
