# PHP with a sendmail that is set up by php-container.env alone.
#
#   docker build -t web -f php-container.Dockerfile .
#   docker run --env-file php-container.env \
#       -v ./smtp_password:/run/secrets/smtp_password:ro web \
#       php -r 'var_dump(mail("root", "It works", "Hello\n"));'
#
# It runs as any user, with a read-only root and without new privileges.

FROM php:8.2-fpm
COPY outtray_*.deb /tmp/
RUN apt-get update \
 && apt-get install -y --no-install-recommends /tmp/outtray_*.deb \
 && rm -rf /tmp/outtray_*.deb /var/lib/apt/lists/*

# The official images were built without any sendmail, so it has to be named.
# -i: a line of one dot is part of the mail.
RUN echo 'sendmail_path = "/usr/sbin/sendmail -t -i"' \
    > /usr/local/etc/php/conf.d/sendmail.ini
