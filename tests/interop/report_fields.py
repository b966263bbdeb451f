"""What Python's email package reads in a report of delivery.

    report_fields.py FILE [returned | text | header]

Prints the kind of the whole and of each part, with the fields for programs
numbered by their group (0 is the message, 1 the first recipient), and each defect
that the parser found. Or what came back of the message; the part for people;
the names of the report's own fields.
"""

import email
import email.policy
import sys


def groups(part):
    """The blocks of fields; those of the type that Python does not know, too."""
    if part.get_content_type() == "message/delivery-status":
        return part.get_payload()
    first = part.get_payload(0)
    rest = first.get_payload(decode=True)
    return [first] + [
        email.message_from_bytes(block, policy=email.policy.SMTPUTF8)
        for block in rest.replace(b"\r\n", b"\n").split(b"\n\n")
        if block.strip()
    ]


def show(report):
    print(report.get_content_type(), report.get_param("report-type"))
    for part in report.iter_parts():
        print(" ", part.get_content_type(), part["Content-Transfer-Encoding"])
        if part.get_content_type().endswith("delivery-status"):
            for number, group in enumerate(groups(part)):
                for name, value in group.items():
                    print("   ", number, f"{name}: {value}")
    for part in report.walk():
        for defect in part.defects:
            print("defect", part.get_content_type(), type(defect).__name__)


def show_returned(report):
    """The last part: the header that came back, and the body if there is one."""
    part = list(report.iter_parts())[-1]
    if part.get_content_type() in ("message/rfc822", "message/global"):
        message = part.get_payload(0)
        print(message["Subject"], message["To"], sep="|")
        sys.stdout.flush()
        sys.stdout.buffer.write(message.get_payload(decode=True))
        return
    if part.is_multipart():
        print(part.get_payload(0)["Subject"])
        return
    sys.stdout.buffer.write(part.get_payload(decode=True))


def main():
    with open(sys.argv[1], "rb") as file:
        # (message_from_binary_file would make LF of each CRLF.)
        report = email.message_from_bytes(file.read(), policy=email.policy.SMTPUTF8)
    sys.stdout.reconfigure(encoding="utf-8")
    what = sys.argv[2:]
    if what == ["returned"]:
        show_returned(report)
    elif what == ["text"]:
        print(report.get_payload(0).get_content(), end="")
    elif what == ["header"]:
        for name in report.keys():
            print(name)
    else:
        show(report)


main()
