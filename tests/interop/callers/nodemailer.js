// nodemailer.js unix|windows: one mail through nodemailer's sendmail transport.
const nodemailer = require('/usr/share/nodejs/nodemailer');

nodemailer.createTransport({
	sendmail: true,
	newline: process.argv[2],
	path: '/usr/sbin/sendmail',
}).sendMail({
	from: 'node@example.com',
	to: 'you@example.net',
	cc: 'cc@example.net',
	bcc: 'hid@example.net',
	subject: 'Grüße',
	text: 'line1\n.\nline3\n',
}).catch((error) => {
	console.error(error);
	process.exitCode = 1;
});
