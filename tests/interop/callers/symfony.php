<?php
/* symfony.php DSN: two mails over one transport of Symfony Mailer. */
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
require '/usr/share/php/Symfony/Component/Mime/autoload.php';

use Symfony\Component\Mailer\Mailer;
use Symfony\Component\Mailer\Transport;
use Symfony\Component\Mime\Email;

$mailer = new Mailer(Transport::fromDsn($argv[1]));
foreach (['one', 'two'] as $subject) {
	$mailer->send((new Email())
		->from('web@example.com')
		->returnPath('bounce@example.com')
		->to('you@example.net')
		->cc('cc@example.net')
		->bcc('hid@example.net')
		->subject($subject)
		->text("line1\n.\nline3\n..x\n"));
}
