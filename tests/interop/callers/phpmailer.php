<?php
/* phpmailer.php isMail|isSendmail: one mail, and what send() returned. */
require '/usr/share/php/libphp-phpmailer/autoload.php';

$how = $argv[1];
$mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->$how();
$mail->CharSet = 'UTF-8';
$mail->XMailer = 'PHPMailer';
$mail->setFrom('web@example.com', 'Wéb');
$mail->addAddress('you@example.net', 'You');
$mail->addCC('cc@example.net');
$mail->addBCC('hid@example.net');
$mail->Subject = 'Grüße';
$mail->Body = "line1\n.\nline3";
var_dump($mail->send());
