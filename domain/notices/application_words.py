"""What people are told of their applications and offers, in words."""

from datetime import timedelta

from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, Texted, declare
from infra.words import N_

APPLICATION = Link("applications", "Application")
ANSWERED = N_("There is an answer to your application. Open Longan to read it.")
MOVED = N_("There is news about your application. Open Longan to read it.")

APPLICATION_SENT = declare(
    NoticeKind(
        "application_sent",
        NoticeClass.SERVICE,
        N_("Your application is with {partner}"),
        N_("{product}: {partner} has your application and answers by {by_at}. You need not do anything."),
        topic="application",
        link=APPLICATION,
        push=False,
    )
)
APPLICATION_APPROVED = declare(
    NoticeKind(
        "application_approved",
        NoticeClass.SERVICE,
        N_("Your application was approved"),
        N_("{product}: an offer is ready for you. Read its terms, and accept it by {by_at} if you want it."),
        lock=ANSWERED,
        topic="application",
        link=APPLICATION,
        texted=Texted.INSTEAD,
    )
)
APPLICATION_DECLINED = declare(
    NoticeKind(
        "application_declined",
        NoticeClass.SERVICE,
        N_("Your application was declined"),
        N_(
            "{product}: this time the answer is no. The reasons stand with the application, and with them what may help."
        ),
        lock=ANSWERED,
        topic="application",
        link=APPLICATION,
    )
)
APPLICATION_IN_REVIEW = declare(
    NoticeKind(
        "application_in_review",
        NoticeClass.SERVICE,
        N_("A person is reading your application"),
        N_("{product}: somebody looks at your application and answers by {by_at}. You need not do anything."),
        lock=MOVED,
        topic="application",
        link=APPLICATION,
    )
)
APPLICATION_DELAYED = declare(
    NoticeKind(
        "application_delayed",
        NoticeClass.SERVICE,
        N_("The answer takes longer than we promised"),
        N_("{product}: the answer is late, and we are sorry. We are looking into it. You need not do anything."),
        lock=MOVED,
        topic="application",
        link=APPLICATION,
    )
)
APPLICATION_ACCEPTED = declare(
    NoticeKind(
        "application_accepted",
        NoticeClass.SERVICE,
        N_("You accepted the offer"),
        N_("{product}: your agreement is in force. Its terms stand with the application, to read again at any time."),
        topic="application",
        link=APPLICATION,
        push=False,
    )
)
APPLICATION_EXPIRED = declare(
    NoticeKind(
        "application_expired",
        NoticeClass.SERVICE,
        N_("Your offer has ended"),
        N_("{product}: the offer was not accepted in time. If you still want it, simply apply again."),
        lock=MOVED,
        topic="application",
        link=APPLICATION,
    )
)
APPLICATION_WITHDRAWN = declare(
    NoticeKind(
        "application_withdrawn",
        NoticeClass.SERVICE,
        N_("You took your application back"),
        N_("{product}: nothing more happens with it, and {partner} no longer sees what you shared for it."),
        topic="application",
        link=APPLICATION,
        push=False,
    )
)
OFFER_ENDS_SOON = declare(
    NoticeKind(
        "offer_ends_soon",
        NoticeClass.SERVICE,
        N_("Your offer ends soon"),
        N_("{product}: your offer ends at {by_at}. Accept it before then if you want it; otherwise do nothing."),
        lock=N_("Something in Longan waits for your answer, and soon ends. Open Longan to read it."),
        topic="application",
        link=APPLICATION,
        texted=Texted.INSTEAD,
        lasts=timedelta(days=1),
    )
)
