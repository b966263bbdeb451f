# One mail through Email::Sender's transport Sendmail.
use strict;
use warnings;
use Email::Sender::Simple qw(sendmail);
use Email::Sender::Transport::Sendmail;
use Email::Simple;

my $mail = Email::Simple->create(
	header => [
		From    => 'perl@example.com',
		To      => 'you@example.net',
		Subject => 'perl',
	],
	body => "line1\n.\nline3\n",
);
sendmail($mail, {
	transport => Email::Sender::Transport::Sendmail->new(
		{ sendmail => '/usr/sbin/sendmail' }),
	from => 'bounce@example.com',
	to   => [ 'you@example.net', 'hid@example.net' ],
});
